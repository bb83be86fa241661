"""Reductions and searches against NumPy: every kind of axis, kept axes, empty and 0-d tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unifw
from unifw.errors import ShapeError

from .oracle import assert_same
from .strategies import EVERY, FLOATS, INTEGERS, arrays, axes_of, filled_shapes, quick, shapes

WIDE = {"int32": "int64", "bool": "int64"}  # sums of small integers are taken in 64 bits


@st.composite
def whole_numbers(draw: Any, dtypes: tuple[str, ...], shape: Any = shapes, limit: int = 100) -> Any:
    """Arrays of whole numbers, whose sums are exact in each dtype and order."""
    dtype = draw(st.sampled_from(dtypes))
    whole = st.booleans() if dtype == "bool" else st.integers(-limit, limit)
    return draw(hnp.arrays("int64", shape, elements=whole)).astype(dtype)


@pytest.mark.parametrize("name", ["sum", "prod"])
@quick
@given(data=st.data(), keepdims=st.booleans())
def test_sum_and_prod(backend: str, name: str, data: st.DataObject, keepdims: bool) -> None:
    x = data.draw(whole_numbers(EVERY, limit=100 if name == "sum" else 1))
    axis = data.draw(axes_of(x.ndim))
    expected = getattr(np, name)(x, axis=axis, keepdims=keepdims, dtype=WIDE.get(x.dtype.name, x.dtype))
    got = getattr(unifw, name)(unifw.asarray(x), axis=axis, keepdims=keepdims)
    assert_same(got, expected, signed_zeros=False)


@pytest.mark.parametrize("name", ["max", "min"])
@quick
@given(data=st.data(), keepdims=st.booleans())
def test_max_and_min(backend: str, name: str, data: st.DataObject, keepdims: bool) -> None:
    x = data.draw(arrays((*FLOATS, *INTEGERS), filled_shapes | st.just(())))
    axis = data.draw(axes_of(x.ndim))
    expected = getattr(np, name)(x, axis=axis, keepdims=keepdims)
    got = getattr(unifw, name)(unifw.asarray(x), axis=axis, keepdims=keepdims)
    assert_same(got, expected, signed_zeros=False)


@pytest.mark.parametrize("name", ["any", "all"])
@quick
@given(data=st.data(), keepdims=st.booleans())
def test_any_and_all(backend: str, name: str, data: st.DataObject, keepdims: bool) -> None:
    x = data.draw(whole_numbers(EVERY, limit=1))
    axis = data.draw(axes_of(x.ndim))
    got = getattr(unifw, name)(unifw.asarray(x), axis=axis, keepdims=keepdims)
    assert_same(got, getattr(np, name)(x, axis=axis, keepdims=keepdims))


@quick
@given(data=st.data(), keepdims=st.booleans())
def test_mean(backend: str, data: st.DataObject, keepdims: bool) -> None:
    x = data.draw(whole_numbers((*FLOATS, *INTEGERS), filled_shapes | st.just(())))
    axis = data.draw(axes_of(x.ndim))
    exact = np.mean(x, axis=axis, keepdims=keepdims, dtype="float64")
    got = unifw.mean(unifw.asarray(x), axis=axis, keepdims=keepdims)
    assert_same(got, exact.astype(x.dtype if x.dtype.kind == "f" else "float32"), ulps=2)


@pytest.mark.parametrize("name", ["var", "std"])
@quick
@given(data=st.data(), keepdims=st.booleans(), correction=st.sampled_from([0, 1, 0.5, 0.0]))
def test_var_and_std(backend: str, name: str, data: st.DataObject, keepdims: bool, correction: float) -> None:
    shape = hnp.array_shapes(min_dims=1, max_dims=3, min_side=2, max_side=4)
    x = data.draw(whole_numbers((*FLOATS, *INTEGERS), shape))
    axis = data.draw(axes_of(x.ndim).filter(lambda axis: axis != ()))
    exact = getattr(np, name)(x, axis=axis, ddof=correction, keepdims=keepdims, dtype="float64")
    got = getattr(unifw, name)(unifw.asarray(x), axis=axis, correction=correction, keepdims=keepdims)
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype("float32")
    assert got.dtype is unifw.dtypes.as_dtype(dtype)
    epsilon = np.finfo(dtype).eps
    np.testing.assert_allclose(got.numpy(), exact, rtol=8 * epsilon, atol=100 * epsilon)


def test_sums_of_floats_are_as_exact_as_pairwise_ones(backend: str) -> None:
    x = np.random.default_rng(0).standard_normal(10_000).astype("float32")
    bound = 16 * np.finfo("float32").eps * np.abs(x).sum(dtype="float64")
    assert abs(unifw.sum(unifw.asarray(x)).item() - x.sum(dtype="float64")) <= bound


@pytest.mark.parametrize("name", ["sum", "prod", "max", "min", "mean", "std", "var", "any", "all"])
def test_axes_in_a_list_and_of_other_integers(backend: str, name: str) -> None:
    x = np.arange(12.0, dtype="float64").reshape(2, 3, 2)
    for axes, meant in [
        ([0], 0), ([2, 0], (0, 2)), ([], ()), (np.int64(1), 1), ((np.int8(1), 0), (0, 1)), ((unifw.asarray(-1),), -1),
    ]:  # fmt: skip
        got, want = getattr(unifw, name)(unifw.asarray(x), axis=axes), getattr(np, name)(x, axis=meant)
        assert_same(got, want, ulps=0 if name in ("any", "all") else 8)


def test_integer_sums_are_exact_and_wide(backend: str) -> None:
    assert_same(unifw.sum(unifw.asarray(np.int64([2**53, 1, 1]))), np.int64(2**53 + 2))
    assert_same(unifw.sum(unifw.asarray(np.int32([2**31 - 1, 1]))), np.int64(2**31))
    assert_same(unifw.prod(unifw.asarray(np.int32([2**31 - 1, 2]))), np.int64(2**32 - 2))
    assert_same(unifw.max(unifw.asarray(np.int64([2**53, 2**53 + 1]))), np.int64(2**53 + 1))


@pytest.mark.parametrize("axis", [0, 1, None, (0, 1), -1])
def test_empty_reductions(backend: str, axis: Any) -> None:
    x, empty = unifw.zeros((0, 3)), np.zeros((0, 3), "float32")
    assert_same(unifw.sum(x, axis=axis), empty.sum(axis))
    assert_same(unifw.prod(x, axis=axis), empty.prod(axis))
    assert_same(unifw.any(x, axis=axis), empty.any(axis))
    assert_same(unifw.all(x, axis=axis), empty.all(axis))
    shape = empty.sum(axis).shape
    for name in ("mean", "var", "std"):
        assert_same(getattr(unifw, name)(x, axis=axis), np.full(shape, np.nan, "float32"))


@pytest.mark.parametrize("name", ["max", "min"])
def test_extremes_of_nothing_are_an_error(backend: str, name: str) -> None:
    for axis in (0, None, (0, 1), -2):
        with pytest.raises(ShapeError, match=f"{name}: .* expected at least one element"):
            getattr(unifw, name)(unifw.zeros((0, 3)), axis=axis)
    assert_same(getattr(unifw, name)(unifw.zeros((0, 3)), axis=1), np.zeros(0, "float32"))


def test_variance_without_degrees_of_freedom_is_nan(backend: str) -> None:
    assert_same(unifw.var(unifw.asarray([3.0]), correction=1), np.float32(np.nan))
    assert_same(unifw.var(unifw.asarray([3.0, 5.0]), correction=2), np.float32(np.nan))
    assert_same(unifw.std(unifw.asarray([[3.0, 5.0]]), axis=1, correction=2.5), np.float32([np.nan]))
    assert_same(unifw.var(unifw.asarray([3.0])), np.float32(0))
    assert_same(unifw.var(unifw.asarray([1.0, 3.0]), axis=()), np.float32([0, 0]))


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@quick
@given(data=st.data(), keepdims=st.booleans())
def test_argmax_and_argmin_find_the_first(backend: str, name: str, data: st.DataObject, keepdims: bool) -> None:
    x = data.draw(whole_numbers((*FLOATS, *INTEGERS), filled_shapes | st.just(()), limit=2))
    axis = data.draw(st.none() | st.integers(-x.ndim, x.ndim - 1) if x.ndim else st.none())
    got = getattr(unifw, name)(unifw.asarray(x), axis=axis, keepdims=keepdims)
    assert_same(got, getattr(np, name)(x, axis=axis, keepdims=keepdims).astype("int64"))


@pytest.mark.parametrize("length", [7, 64, 1000])
def test_argmax_finds_the_first_of_many(backend: str, length: int) -> None:
    for dtype in (*FLOATS, *INTEGERS):
        x = np.tile(np.asarray([0, 1, 2, 1, 2, 0], dtype), length)
        assert_same(unifw.argmax(unifw.asarray(x)), np.int64(2))
        assert_same(unifw.argmin(unifw.asarray(x)), np.int64(0))
        assert_same(unifw.argmax(unifw.asarray(np.stack([x, -x])), axis=1), np.int64([2, 0]))
