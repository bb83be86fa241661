"""Creation functions against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unifw
from unifw.dtypes import as_dtype

from .oracle import assert_same
from .strategies import EVERY, FLOATS, NUMBERS, arrays, quick, shapes


@quick
@given(x=arrays(EVERY))
def test_asarray_of_numpy(backend: str, x: Any) -> None:
    assert_same(unifw.asarray(x), x)
    assert_same(unifw.asarray(x[..., ::-1] if x.ndim else x), x[..., ::-1] if x.ndim else x)
    assert_same(unifw.asarray(x.T), x.T)
    assert unifw.asarray(x).backend.name == backend


@quick
@given(x=arrays(NUMBERS), dtype=st.sampled_from(EVERY))
def test_asarray_in_a_dtype(backend: str, x: Any, dtype: str) -> None:
    assert_same(unifw.asarray(x, dtype=dtype), x.astype(dtype))
    assert_same(unifw.asarray(unifw.asarray(x), dtype=as_dtype(dtype)), x.astype(dtype))


@pytest.mark.parametrize(
    ("values", "dtype"),
    [
        (True, "bool"), (3, "int64"), (2.5, "float32"), ([], "float32"), ([[], []], "float32"), ([1, 2], "int64"),
        ([1, 2.5], "float32"), ([[True], [False]], "bool"), (((1, 2), (3, 4)), "int64"), ([2**53 + 1], "int64"),
        ([0.1], "float32"), ([True, 2], "int64"),
    ],
)  # fmt: skip
def test_asarray_of_python_values(backend: str, values: Any, dtype: str) -> None:
    assert_same(unifw.asarray(values), np.asarray(values, dtype))


def test_asarray_of_lists_of_tensors(backend: str) -> None:
    x = unifw.asarray([1.0, 2.0])
    assert_same(unifw.asarray([x, [3.0, x[0]]]), np.float32([[1, 2], [3, 1]]))


@pytest.mark.parametrize("size", [1, 64, 4096])
def test_a_tensor_has_memory_of_its_own(backend: str, size: int) -> None:
    memory = np.zeros(size + 64, "float32")
    start = -memory.ctypes.data % 64 // 4  # aligned memory is what a framework may share
    values = memory[start : start + size]
    x = unifw.asarray(values)
    values[...] = 1
    assert_same(x, np.zeros(size, "float32"))
    x.numpy()[...] = 2
    np.asarray(x)[...] = 2
    assert_same(x, np.zeros(size, "float32"))


def test_asarray_without_a_copy(backend: str) -> None:
    x = unifw.ones(2)
    assert unifw.asarray(x, copy=False) is x
    assert unifw.asarray(x) is not x
    for values, dtype in (([1.0], None), (np.ones(2), None), (x, "float64")):
        with pytest.raises(ValueError, match="copy=False"):
            unifw.asarray(values, dtype=dtype, copy=False)


@quick
@given(shape=shapes, dtype=st.sampled_from(EVERY))
def test_zeros_and_ones(backend: str, shape: tuple[int, ...], dtype: str) -> None:
    assert_same(unifw.zeros(shape, dtype=dtype), np.zeros(shape, dtype))
    assert_same(unifw.ones(shape, dtype=as_dtype(dtype)), np.ones(shape, dtype))
    like = unifw.zeros(shape)
    assert_same(unifw.zeros_like(like, dtype=dtype), np.zeros(shape, dtype))
    assert_same(unifw.ones_like(unifw.zeros(shape, dtype=dtype)), np.ones(shape, dtype))
    assert_same(unifw.full_like(like, 1, dtype=dtype), np.ones(shape, dtype))


def test_a_shape_may_be_an_integer(backend: str) -> None:
    assert_same(unifw.zeros(3), np.zeros(3, "float32"))
    assert_same(unifw.full(2, 7), np.full(2, 7, "int64"))


@pytest.mark.parametrize(
    ("value", "dtype"),
    [(True, "bool"), (7, "int64"), (2**62 + 1, "int64"), (0.1, "float32"), (np.inf, "float32"), (-0.0, "float32")],
)
def test_full(backend: str, value: float, dtype: str) -> None:
    assert_same(unifw.full((2, 0), value), np.full((2, 0), value, dtype))
    assert_same(unifw.full((), value), np.full((), value, dtype))
    assert_same(unifw.full((2, 3), value), np.full((2, 3), value, dtype))
    assert_same(unifw.full_like(unifw.zeros((2,), dtype=dtype), value), np.full(2, value, dtype))


def test_full_in_a_dtype(backend: str) -> None:
    assert_same(unifw.full(2, 7, dtype="float64"), np.full(2, 7.0))
    assert_same(unifw.full(2, 0.1, dtype=unifw.float64), np.full(2, 0.1))
    assert_same(unifw.full(2, 1, dtype=bool), np.full(2, True))


STEPS = st.integers(-4, 4).filter(bool)


@quick
@given(start=st.integers(-20, 20), stop=st.integers(-20, 20), step=STEPS)
def test_arange(backend: str, start: int, stop: int, step: int) -> None:
    expected = np.arange(start, stop, step)
    assert_same(unifw.arange(start, stop, step), expected)
    assert_same(unifw.arange(start, stop, step, dtype="float64"), expected.astype("float64"))
    assert_same(unifw.arange(start / 4, stop / 4, step / 4), (expected / 4).astype("float32"))
    assert_same(unifw.arange(start), np.arange(start))


@pytest.mark.parametrize("arguments", [(2**53 + 1, 2**53 + 4), (2**60, 2**60 + 10**3, 250), (0, -3), (5.0,), (0, 1, 2)])
def test_arange_of_known_ranges(backend: str, arguments: tuple[float, ...]) -> None:
    dtype = "float32" if float in map(type, arguments) else "int64"
    assert_same(unifw.arange(*arguments), np.arange(*arguments).astype(dtype))


@pytest.mark.parametrize("dtype", FLOATS)
def test_arange_of_fractions_has_the_standards_length(backend: str, dtype: str) -> None:
    for start, stop, step in ((0.0, 1.0, 0.1), (0.0, 1.0, 1 / 3), (1.0, 0.0, -0.3), (0.0, 0.5, 1.0)):
        got, expected = unifw.arange(start, stop, step, dtype=dtype), np.arange(start, stop, step)
        assert (got.shape, got.dtype) == (expected.shape, as_dtype(dtype))
        np.testing.assert_allclose(got.numpy(), expected, rtol=0, atol=4 * np.finfo(dtype).eps)


@pytest.mark.parametrize("endpoint", [True, False])
@pytest.mark.parametrize("num", [0, 1, 2, 7])
def test_linspace(backend: str, num: int, endpoint: bool) -> None:
    expected = np.linspace(-1, 2.5, num, endpoint=endpoint)
    assert_same(unifw.linspace(-1, 2.5, num, endpoint=endpoint), expected.astype("float32"))
    assert_same(unifw.linspace(-1, 2.5, num, endpoint=endpoint, dtype="float64"), expected)


@quick
@given(
    rows=st.integers(0, 4), columns=st.none() | st.integers(0, 4), k=st.integers(-5, 5), dtype=st.sampled_from(EVERY)
)
def test_eye(backend: str, rows: int, columns: int | None, k: int, dtype: str) -> None:
    assert_same(unifw.eye(rows, columns, k=k, dtype=dtype), np.eye(rows, columns, k, dtype))


def test_new_tensors_take_a_device(backend: str) -> None:
    made = [unifw.zeros(2, device="cpu"), unifw.asarray([1.0], device="cpu"), unifw.arange(3, device="cpu")]
    made += [unifw.linspace(0, 1, 2, device="cpu"), unifw.eye(2, device="cpu"), unifw.full(2, 1.0, device="cpu")]
    assert [x.device for x in made] == ["cpu"] * len(made)
