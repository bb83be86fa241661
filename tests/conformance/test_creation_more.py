"""The rest of the creation functions, in every dtype and on a device, against NumPy."""

from __future__ import annotations

from typing import Any

import array_api_strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unifw
from unifw.errors import ArgumentError, DTypeError, NumberRangeError, OperandError, ShapeError

from .oracle import assert_same
from .strategies import EVERY, arrays, quick

DTYPES = [dtype.name for dtype in unifw.dtypes.ALL if dtype.name != "bfloat16"]
NUMERIC = [name for name in DTYPES if name != "bool"]
strict = array_api_strict


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(backend: str, dtype: str) -> None:
    assert_same(unifw.full((2,), 1, dtype=dtype), np.ones(2, dtype))
    assert_same(unifw.eye(3, 2, k=-1, dtype=dtype), np.eye(3, 2, -1, dtype))
    assert_same(unifw.arange(1, dtype=dtype), np.zeros(1, dtype))
    assert unifw.empty((2, 0), dtype=dtype).shape == (2, 0)
    made = unifw.asarray(np.ones((2, 3), dtype))
    for function in (unifw.empty_like, unifw.zeros_like, unifw.ones_like):
        like = function(made, device="cpu")
        assert (like.shape, like.dtype.name, like.device, like.backend.name) == ((2, 3), dtype, "cpu", backend)
    assert_same(unifw.full_like(made, 1, device="cpu"), np.ones((2, 3), dtype))


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (2 - 3j, "complex64"), (2 - 3j, "complex128"), (0.1, "complex128"), (2**63, "uint64"), (2**63, "float32"),
        (255, "uint8"), (-128, "int8"), (2**31, "uint32"), (-(2**63), "int64"), (float("nan"), "float16"),
        (True, "float64"),
    ],
)  # fmt: skip
def test_full_and_asarray_of_extreme_values(backend: str, value: Any, dtype: str) -> None:
    assert_same(unifw.full((2,), value, dtype=dtype), np.full(2, value, dtype))
    assert_same(unifw.full((2,), value, dtype=dtype, device="cpu"), np.full(2, value, dtype))
    assert_same(unifw.asarray(value, dtype=dtype), np.asarray(value, dtype))
    assert_same(unifw.asarray([[value]], dtype=dtype), np.asarray([[value]], dtype))


@quick
@given(start=st.integers(-9, 9), stop=st.integers(-9, 9), step=st.integers(-4, 4).filter(bool), data=st.data())
def test_arange_of_integers(backend: str, start: int, stop: int, step: int, data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from([d for d in NUMERIC if not (d[0] == "u" and min(start, stop) < 0)]))
    assert_same(unifw.arange(start, stop, step, dtype=dtype), np.arange(start, stop, step).astype(dtype))


@quick
@given(
    start=st.floats(-9, 9, width=16), stop=st.floats(-9, 9, width=16), step=st.floats(0.125, 3, width=16),
    sign=st.sampled_from([1, -1]), dtype=st.sampled_from(["float32", "float64"]),
)  # fmt: skip
def test_arange_of_fractions(backend: str, start: float, stop: float, step: float, sign: int, dtype: str) -> None:
    expected = start + step * sign * np.arange(len(np.arange(start, stop, sign * step)))
    assert_same(unifw.arange(start, stop, sign * step, dtype=dtype), expected.astype(dtype), signed_zeros=False)


def test_arange_beyond_the_kernels(backend: str) -> None:
    assert_same(unifw.arange(2**63, 2**63 + 3, dtype="uint64"), np.uint64([2**63, 2**63 + 1, 2**63 + 2]))
    assert_same(unifw.arange(2**62 + 1, 2**62 + 3), np.int64([2**62 + 1, 2**62 + 2]))
    assert_same(unifw.arange(np.int64(3), np.int64(0)), np.zeros(0, "int64"))
    assert_same(unifw.arange(0, 1, 0.1), np.float32(np.arange(10) * 0.1))


@quick
@given(
    start=st.floats(-1e6, 1e6), stop=st.floats(-1e6, 1e6), num=st.integers(2, 9), endpoint=st.booleans(),
    dtype=st.sampled_from(["float16", "float32", "float64", "complex64", "complex128"]),
)  # fmt: skip
def test_linspace(backend: str, start: float, stop: float, num: int, endpoint: bool, dtype: str) -> None:
    with np.errstate(over="ignore"):
        expected = np.linspace(start, stop, num, endpoint=endpoint).astype(dtype)
        ends = np.asarray([start, stop], dtype)
    got = unifw.linspace(start, stop, num, endpoint=endpoint, dtype=dtype)
    assert_same(got, expected, signed_zeros=False)
    assert_same(got[0], ends[0])
    if endpoint:
        assert_same(got[-1], ends[1])


def test_linspace_of_integers_that_hold_its_ends(backend: str) -> None:
    assert unifw.linspace(0, 255, 2, dtype=unifw.uint8).tolist() == [0, 255]
    assert unifw.linspace(0, 256, 4, dtype=unifw.uint8, endpoint=False).tolist() == [0, 64, 128, 192]
    assert unifw.linspace(0, 300, 0, dtype=unifw.uint8).shape == (0,)
    for start, stop, dtype in ((0, 256, "uint8"), (-1, 5, "uint8"), (0, -129, "int8"), (0, 2**64, "uint64")):
        with pytest.raises(NumberRangeError, match=f"^linspace: got .* for {dtype}; expected"):
            unifw.linspace(start, stop, 5, dtype=dtype)


def test_linspace_of_complex_and_far_limits(backend: str) -> None:
    assert_same(unifw.linspace(0, 1 + 2j, 3), np.complex64([0, 0.5 + 1j, 1 + 2j]))
    top = float(np.finfo("float64").max)
    assert_same(unifw.linspace(-top, top, 3, dtype="float64"), np.float64([-top, 0, top]))


@quick
@given(x=arrays(EVERY), k=st.integers(-5, 5), data=st.data())
def test_triangles(backend: str, x: Any, k: int, data: st.DataObject) -> None:
    x = x.reshape((1,) * (2 - x.ndim) + x.shape) if x.ndim < 2 else x
    assert_same(unifw.tril(unifw.asarray(x), k=k), np.where(np.tri(*x.shape[-2:], k, bool), x, x.dtype.type(0)))
    assert_same(unifw.triu(unifw.asarray(x), k=k), np.where(np.tri(*x.shape[-2:], k - 1, bool), x.dtype.type(0), x))


@pytest.mark.parametrize("dtype", DTYPES)
def test_triangles_in_every_dtype(backend: str, dtype: str) -> None:
    x = np.ones((2, 3, 3), dtype)
    assert_same(unifw.tril(unifw.asarray(x)), np.tril(x))
    assert_same(unifw.triu(unifw.asarray(x), k=1), np.triu(x, 1))


@quick
@given(sizes=st.lists(st.integers(0, 3), max_size=4), indexing=st.sampled_from(["xy", "ij"]))
def test_meshgrid(backend: str, sizes: list[int], indexing: Any) -> None:
    xs = [10 * i + np.arange(size) for i, size in enumerate(sizes)]
    got = unifw.meshgrid(*map(unifw.asarray, xs), indexing=indexing)
    assert isinstance(got, tuple)
    for one, expected in zip(got, np.meshgrid(*xs, indexing=indexing), strict=True):
        assert_same(one, expected)


def test_asarray_of_scalars_and_lists_of_tensors(backend: str) -> None:
    for scalar in (np.float64(0.1), np.int8(3), np.bool_(True), np.complex128(1j), np.uint16(7)):
        assert_same(unifw.asarray(scalar), np.asarray(scalar))
    assert_same(unifw.asarray(1j), np.complex64(1j))
    assert_same(unifw.asarray([1j, 2]), np.complex64([1j, 2]))
    double, single = unifw.asarray(np.float64([0.1])), unifw.asarray([1, 2])
    assert_same(unifw.asarray([double, [3]]), np.float64([[0.1], [3]]))
    assert_same(unifw.asarray([single, [3.5, True]]), np.float32([[1, 2], [3.5, 1]]))
    assert_same(unifw.asarray((double[0], 2), dtype="float32"), np.float32([0.1, 2]))
    assert_same(unifw.asarray([1e300, -1e300]), np.float32([np.inf, -np.inf]))


def test_gradients_pass_through_lists_of_tensors(backend: str) -> None:
    if unifw.get_backend().autodiff is None:  # the plugin has no gradients
        return
    got = unifw.grad(lambda x: unifw.sum(unifw.asarray([[x[0], 2.0], [x[1], x[1]]])))(unifw.zeros(2))
    assert_same(got, np.float32([1, 2]))
    got = unifw.grad(lambda x: unifw.sum(unifw.tril(x) * 2))(unifw.ones((2, 2)))
    assert_same(got, np.float32([[2, 0], [2, 2]]))


def test_asarray_copy(backend: str) -> None:
    x = unifw.ones(2)
    assert unifw.asarray(x, copy=False, dtype="float32", device="cpu") is x
    native = unifw.asarray(x.native, copy=False) if backend != "toy" else x  # the plugin's own tensors are NumPy's
    assert native.native is x.native
    for copy in (True, None):
        made = unifw.asarray(x, copy=copy)
        made[0] = 5
        assert_same(x, np.ones(2, "float32"))


ERRORS: dict[str, tuple[type[Exception], str, Any]] = {
    "complex full": (DTypeError, "full: got 1j for float32", lambda: unifw.full(2, 1j, dtype="float32")),
    "full out of range": (ArgumentError, "got -1 for uint8", lambda: unifw.full(2, -1, dtype="uint8")),
    "full of a list": (OperandError, "full: got list", lambda: unifw.full(2, [1])),
    "arange of inf": (ArgumentError, "arange: got inf", lambda: unifw.arange(float("inf"))),
    "arange of a list": (OperandError, "arange: got list", lambda: unifw.arange([1])),
    "complex linspace": (DTypeError, "complex limits", lambda: unifw.linspace(0, 1j, 2, dtype="float32")),
    "tril of a vector": (ShapeError, r"tril: got shape \(2,\)", lambda: unifw.tril(unifw.zeros(2))),
    "meshgrid of a matrix": (ShapeError, "meshgrid: got Tensor", lambda: unifw.meshgrid(unifw.zeros((2, 2)))),
    "meshgrid of dtypes": (DTypeError, "got dtypes", lambda: unifw.meshgrid(unifw.ones(2), unifw.arange(2))),
    "meshgrid's word": (ArgumentError, "got indexing 'yx'", lambda: unifw.meshgrid(unifw.zeros(2), indexing="yx")),  # type: ignore[arg-type]
    "uneven lists of tensors": (ShapeError, "uneven lengths", lambda: unifw.asarray([unifw.zeros(2), [1]])),
    "text among tensors": (OperandError, "asarray: got str", lambda: unifw.asarray([unifw.zeros(2), "a"])),
}  # fmt: skip


@pytest.mark.parametrize("case", ERRORS)
def test_errors(backend: str, case: str) -> None:
    kind, message, call = ERRORS[case]
    with pytest.raises(kind, match=message):
        call()
