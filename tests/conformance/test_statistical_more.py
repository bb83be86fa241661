"""Reductions and running totals in every dtype, against array_api_strict and NumPy."""

from __future__ import annotations

from typing import Any

import array_api_strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unifw
from unifw.errors import ArgumentError, AxisError, DTypeError, ShapeError

from .conftest import BACKENDS
from .oracle import Array, assert_same
from .strategies import axes_of, filled_shapes, quick, shapes

SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
WHOLE = SIGNED + UNSIGNED
FLOATS = ("float16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
REAL = (*WHOLE, *FLOATS, "bool")
HALVES = [unifw.float16, unifw.bfloat16]


@st.composite
def small(draw: Any, dtypes: tuple[str, ...], shape: Any = shapes, limit: int = 3) -> Array:
    """Arrays of small whole numbers, not negative in unsigned dtypes: their sums are exact."""
    dtype = draw(st.sampled_from(dtypes))
    low = 0 if dtype in (*UNSIGNED, "bool") else -limit
    values = draw(hnp.arrays("int64", shape, elements=st.integers(low, 1 if dtype == "bool" else limit)))
    if dtype in COMPLEX:
        values = values + 1j * draw(hnp.arrays("int64", values.shape, elements=st.integers(-limit, limit)))
    return values.astype(dtype)


def strict(name: str, x: Array, **options: Any) -> Array:
    """What array_api_strict's function gives."""
    if "dtype" in options:
        options["dtype"] = getattr(array_api_strict, options["dtype"])
    return np.asarray(getattr(array_api_strict, name)(array_api_strict.asarray(x), **options))


def accumulator(x: Array) -> str:
    """The standard's dtype of a sum, of booleans too."""
    return {"i": "int64", "b": "int64", "u": "uint64"}.get(x.dtype.kind, x.dtype.name)


@pytest.mark.parametrize("name", ["sum", "prod"])
@quick
@given(data=st.data(), keepdims=st.booleans())
def test_sum_and_prod_of_every_dtype(backend: str, name: str, data: st.DataObject, keepdims: bool) -> None:
    x = data.draw(small((*REAL, *COMPLEX), limit=3 if name == "sum" else 1))
    axis = data.draw(axes_of(x.ndim))
    expected = getattr(np, name)(x, axis=axis, keepdims=keepdims, dtype=accumulator(x))
    got = getattr(unifw, name)(unifw.asarray(x), axis=axis, keepdims=keepdims)
    assert_same(got, expected, signed_zeros=False)


@pytest.mark.parametrize("name", ["sum", "prod"])
@pytest.mark.parametrize("dtype", [*WHOLE, *FLOATS[1:], *COMPLEX])
def test_sum_and_prod_in_a_dtype(backend: str, name: str, dtype: str) -> None:
    for own in (*WHOLE, "float32"):
        x = np.asarray([[1, 2, 3], [5, 7, 5]], own)
        got = getattr(unifw, name)(unifw.asarray(x), axis=1, dtype=dtype)
        assert_same(got, getattr(np, name)(x, axis=1, dtype=dtype))


@pytest.mark.parametrize("name", ["sum", "cumulative_sum"])
def test_narrow_integers_wrap_around(backend: str, name: str) -> None:
    for dtype, values in {"int8": [100, 100], "uint8": [200, 100], "uint32": [2**32 - 1, 2]}.items():
        x = np.asarray(values, dtype)
        want = np.sum(x, dtype=dtype) if name == "sum" else np.cumsum(x, dtype=dtype)
        assert_same(getattr(unifw, name)(unifw.asarray(x), dtype=dtype), want)


def test_wide_unsigned_sums_are_exact(backend: str) -> None:
    big = np.asarray([2**63, 2**63 - 1], "uint64")
    assert_same(unifw.sum(unifw.asarray(big)), np.sum(big))
    assert_same(unifw.cumulative_sum(unifw.asarray(big)), np.cumsum(big))
    assert_same(unifw.max(unifw.asarray(big)), np.max(big))
    assert_same(unifw.min(unifw.asarray(big)), np.min(big))
    assert_same(unifw.prod(unifw.asarray(np.uint64([2**32, 2**31 + 1]))), np.uint64(2**32 * (2**31 + 1)))


@pytest.mark.parametrize("name", ["sum", "prod", "cumulative_sum"])
def test_dtypes_that_hold_no_sum_are_an_error(backend: str, name: str) -> None:
    with pytest.raises(DTypeError, match=rf"{name}: got dtype=bool for elements of dtype int64"):
        getattr(unifw, name)(unifw.asarray([1, 2]), dtype="bool")
    with pytest.raises(DTypeError, match=rf"{name}: got dtype=float32 for elements of dtype complex64"):
        getattr(unifw, name)(unifw.asarray([1j]), dtype="float32")


@pytest.mark.parametrize("name", ["max", "min"])
@quick
@given(data=st.data(), keepdims=st.booleans())
def test_extremes_of_every_dtype(backend: str, name: str, data: st.DataObject, keepdims: bool) -> None:
    x = data.draw(small(REAL, filled_shapes | st.just(())))
    axis = data.draw(axes_of(x.ndim))
    expected = getattr(np, name)(x, axis=axis, keepdims=keepdims)
    got = getattr(unifw, name)(unifw.asarray(x), axis=axis, keepdims=keepdims)
    assert_same(got, expected, signed_zeros=False)


@pytest.mark.parametrize(
    ("backend", "name"),
    [
        (backend, name)
        for backend in BACKENDS
        for name in ("max", "min", "argmax", "argmin", "sort", "argsort")
        if not (backend == "toy" and name in ("max", "min"))  # its kernel orders them, which costs nothing to leave
    ],
    indirect=["backend"],
)
def test_complex_numbers_have_no_order(backend: str, name: str) -> None:
    with pytest.raises(DTypeError, match=rf"{name}: got .* expected real numbers, as complex ones have no order"):
        getattr(unifw, name)(unifw.asarray([1j, 2.0]))


@pytest.mark.parametrize("length", [2, 9, 100])
@pytest.mark.parametrize("dtype", FLOATS)
def test_nan_wins_every_search(backend: str, dtype: str, length: int) -> None:
    for place in {0, length // 2, length - 1}:
        x = np.linspace(-1, 1, length).astype(dtype)
        x[place] = np.nan
        x[-1] = np.nan
        for value in (x, np.stack([x, x], 1)):
            tensor = unifw.asarray(value)
            assert np.isnan(unifw.max(tensor, axis=0).numpy()).all()
            assert np.isnan(unifw.min(tensor, axis=0).numpy()).all()
            assert_same(unifw.argmax(tensor, axis=0), np.argmax(value, axis=0))
            assert_same(unifw.argmin(tensor, axis=0), np.argmin(value, axis=0))


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@quick
@given(data=st.data(), keepdims=st.booleans())
def test_positions_of_extremes_of_every_dtype(backend: str, name: str, data: st.DataObject, keepdims: bool) -> None:
    x = data.draw(small(REAL, filled_shapes | st.just(()), limit=1))
    axis = data.draw(st.none() | st.integers(-x.ndim, x.ndim - 1) if x.ndim else st.none())
    got = getattr(unifw, name)(unifw.asarray(x), axis=axis, keepdims=keepdims)
    assert_same(got, np.asarray(getattr(np, name)(x, axis=axis, keepdims=keepdims)).astype("int64"))


def test_the_two_zeros_are_equal_in_a_search(backend: str) -> None:
    assert_same(unifw.argmax(unifw.asarray([-0.0, 0.0])), np.int64(0))
    assert_same(unifw.argmin(unifw.asarray([0.0, -0.0])), np.int64(0))


@pytest.mark.parametrize("name", ["any", "all"])
@quick
@given(data=st.data(), keepdims=st.booleans())
def test_any_and_all_of_every_dtype(backend: str, name: str, data: st.DataObject, keepdims: bool) -> None:
    x = data.draw(small((*REAL, *COMPLEX), limit=1))
    axis = data.draw(axes_of(x.ndim))
    got = getattr(unifw, name)(unifw.asarray(x), axis=axis, keepdims=keepdims)
    assert_same(got, getattr(np, name)(x, axis=axis, keepdims=keepdims))


def test_nan_is_true_and_negative_zero_is_not(backend: str) -> None:
    for dtype in (*FLOATS, *COMPLEX):
        x = unifw.asarray(np.asarray([np.nan, -0.0], dtype))
        assert_same(unifw.any(x), np.True_)
        assert_same(unifw.all(x), np.False_)
        assert_same(unifw.any(x[1:]), np.False_)


@pytest.mark.parametrize("name", ["mean", "var", "std"])
@quick
@given(data=st.data(), keepdims=st.booleans())
def test_moments_of_half_and_complex_numbers(backend: str, name: str, data: st.DataObject, keepdims: bool) -> None:
    x = data.draw(small(("float16", *COMPLEX, "uint8", "uint64", "bool"), filled_shapes))
    axis = data.draw(axes_of(x.ndim))
    wide = x.astype("complex128" if x.dtype.kind == "c" else "float64")
    exact = np.asarray(getattr(np, name)(wide, axis=axis, keepdims=keepdims))
    own = x.dtype if x.dtype.kind in "fc" else np.dtype("float32")
    dtype = own if name == "mean" or own.kind == "f" else np.dtype("float32" if own == "complex64" else "float64")
    got = getattr(unifw, name)(unifw.asarray(x), axis=axis, keepdims=keepdims)
    assert got.dtype is unifw.dtypes.as_dtype(dtype)
    assert got.shape == exact.shape
    epsilon = np.finfo(dtype).eps
    np.testing.assert_allclose(got.numpy(), exact, rtol=8 * epsilon, atol=8 * epsilon)


@pytest.mark.parametrize("dtype", HALVES, ids=str)
@pytest.mark.parametrize("axis", [0, 1])
def test_sums_of_half_floats_are_taken_in_32_bits(backends: list[str], dtype: Any, axis: int) -> None:
    for name in [name for name in backends if name != "toy"]:
        with unifw.using_backend(name):
            x = unifw.ones((4096, 2) if axis == 0 else (2, 4096), dtype=dtype)
            assert unifw.sum(x, axis=axis).tolist() == [4096.0, 4096.0]
            assert unifw.mean(x, axis=axis).tolist() == [1.0, 1.0]
            assert unifw.var(x * 3, axis=axis).tolist() == [0.0, 0.0]
            assert unifw.cumulative_sum(x, axis=axis)[-1, -1].item() == 4096.0 if axis else True
            assert unifw.max(x, axis=axis).dtype is unifw.sum(x, axis=axis).dtype is dtype


@pytest.mark.parametrize("name", ["cumulative_sum", "cumulative_prod"])
@quick
@given(data=st.data(), initial=st.booleans())
def test_running_totals(backend: str, name: str, data: st.DataObject, initial: bool) -> None:
    shape = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)
    x = data.draw(small((*WHOLE, "float32", "float64", *COMPLEX), shape, limit=2))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1) | (st.none() if x.ndim == 1 else st.just(0)))
    expected = strict(name, x, axis=axis, include_initial=initial)
    got = getattr(unifw, name)(unifw.asarray(x), axis=axis, include_initial=initial)
    assert_same(got, expected, signed_zeros=False)


@pytest.mark.parametrize("dtype", [*WHOLE, *FLOATS[1:]])
def test_running_totals_in_a_dtype(backend: str, dtype: str) -> None:
    x = np.asarray([[1, 2], [3, 4]], "int32")
    for name in ("cumulative_sum", "cumulative_prod"):
        assert_same(
            getattr(unifw, name)(unifw.asarray(x), axis=1, dtype=dtype, include_initial=True),
            strict(name, x, axis=1, dtype=dtype, include_initial=True),
        )


def test_running_totals_of_booleans_and_errors(backend: str) -> None:
    assert_same(unifw.cumulative_sum(unifw.asarray([True, True, False])), np.int64([1, 2, 2]))
    assert unifw.cumsum is unifw.cumulative_sum
    with pytest.raises(AxisError, match="cumulative_sum: got axis None for 2 axes"):
        unifw.cumulative_sum(unifw.ones((2, 2)))
    with pytest.raises(AxisError, match="cumulative_prod: got axis 2 for 2 axes"):
        unifw.cumulative_prod(unifw.ones((2, 2)), axis=2)


@quick
@given(data=st.data(), n=st.integers(0, 3))
def test_diff(backend: str, data: st.DataObject, n: int) -> None:
    shape = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)
    x = data.draw(small(("int8", "int64", "uint8", "float32", "complex64"), shape))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    ends = {name: data.draw(st.none() | st.just(x)) for name in ("prepend", "append")}
    given_ends = {name: value for name, value in ends.items() if value is not None}
    got = unifw.diff(unifw.asarray(x), axis=axis, n=n, **{k: unifw.asarray(v) for k, v in given_ends.items()})
    if n == 0 and given_ends:  # NumPy leaves the ends away then
        parts = [part for part in (ends["prepend"], x, ends["append"]) if part is not None]
        assert_same(got, np.concatenate(parts, axis))
    else:
        assert_same(got, np.diff(x, n=n, axis=axis, **given_ends), signed_zeros=False)


def test_what_diff_refuses(backend: str) -> None:
    with pytest.raises(DTypeError, match=r"diff: got dtype bool; .* Write x\[1:\] != x\[:-1\]"):
        unifw.diff(unifw.asarray([True, False]))
    with pytest.raises(ArgumentError, match="diff: got n=-1"):
        unifw.diff(unifw.asarray([1, 2]), n=-1)
    with pytest.raises(ShapeError, match="concat: got shapes"):
        unifw.diff(unifw.ones((2, 2)), prepend=unifw.ones((3, 1)))
