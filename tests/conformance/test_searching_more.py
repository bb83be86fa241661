"""Sorting and searching in every real dtype, with NaN and both zeros, against array_api_strict and NumPy."""

from __future__ import annotations

from typing import Any

import array_api_strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unifw
from unifw.errors import ArgumentError, DTypeError, MixedBackendError, OperandError, ShapeError

from .conftest import NATIVE
from .oracle import Array, assert_same
from .strategies import axes_of, quick, shapes

SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64")
REAL = (*SIGNED, *UNSIGNED, *FLOATS, "bool")
sortable = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5)


def elements(dtype: str) -> st.SearchStrategy[Any]:
    """Few different values, the extreme ones of the dtype among them."""
    kind = np.dtype(dtype)
    if kind.kind == "b":
        return st.booleans()
    if kind.kind in "iu":
        return st.sampled_from([0, 1, 2, int(np.iinfo(kind).min), int(np.iinfo(kind).max), np.iinfo(kind).max - 1])
    return st.sampled_from([-2.5, -1.0, -0.0, 0.0, 0.5, np.inf, -np.inf, np.nan])


@st.composite
def rows(draw: Any, dtypes: tuple[str, ...] = REAL, shape: Any = sortable) -> Array:
    """Arrays with ties, extremes and special values."""
    dtype = draw(st.sampled_from(dtypes))
    return draw(hnp.arrays(dtype, shape, elements=elements(dtype)))


def rank(value: Any) -> tuple[bool, Any]:
    """NaN after all others."""
    return (True, 0) if value != value else (False, value)


def stable_positions(x: Array, axis: int, descending: bool) -> Array:
    """The positions of a stable sort, by Python's own."""

    def of_row(row: Array) -> Array:
        return np.asarray(sorted(range(len(row)), key=lambda i: rank(row[i]), reverse=descending), "int64")

    return np.apply_along_axis(of_row, axis, x) if x.size else np.zeros(x.shape, "int64")


@pytest.mark.parametrize("descending", [False, True])
@quick
@given(data=st.data(), stable=st.booleans())
def test_sort_and_argsort(backend: str, descending: bool, data: st.DataObject, stable: bool) -> None:
    x = data.draw(rows())
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    positions = stable_positions(x, axis, descending)
    got = unifw.argsort(unifw.asarray(x), axis=axis, descending=descending, stable=stable)
    assert_same(got, positions)
    got = unifw.sort(unifw.asarray(x), axis=axis, descending=descending, stable=stable)
    assert_same(got, np.take_along_axis(x, positions, axis), signed_zeros=backend != "toy")


@pytest.mark.parametrize("dtype", REAL)
def test_sort_of_many(backend: str, dtype: str) -> None:
    x = np.random.default_rng(0).integers(0, 100, (3, 700)).astype(dtype)
    assert_same(unifw.sort(unifw.asarray(x)), np.sort(x))
    assert_same(unifw.argsort(unifw.asarray(x), axis=0), np.argsort(x, axis=0, stable=True))


@quick
@given(data=st.data(), side=st.sampled_from(["left", "right"]))
def test_searchsorted(backend: str, data: st.DataObject, side: Any) -> None:
    row = data.draw(rows(shape=hnp.array_shapes(min_dims=1, max_dims=1, min_side=0, max_side=7)))
    values = data.draw(hnp.arrays(row.dtype, shapes, elements=elements(row.dtype.name)))
    ordered = np.sort(row)
    expected = np.asarray(np.searchsorted(ordered, values, side)).astype("int64")
    assert_same(unifw.searchsorted(unifw.asarray(ordered), unifw.asarray(values), side=side), expected)
    order = unifw.argsort(unifw.asarray(row))
    assert_same(unifw.searchsorted(unifw.asarray(row), unifw.asarray(values), side=side, sorter=order), expected)


def test_searchsorted_promotes(backend: str) -> None:
    row = unifw.asarray([1, 3, 5])
    assert_same(unifw.searchsorted(row, 4), np.int64(2))
    assert_same(unifw.searchsorted(row, 2.5), np.int64(1))
    assert_same(unifw.searchsorted(row, unifw.asarray([0.5, 9.0])), np.int64([0, 3]))
    assert_same(unifw.searchsorted(row, unifw.asarray([3], dtype="uint8"), side="right"), np.int64([2]))


def test_what_searchsorted_refuses(backend: str) -> None:
    with pytest.raises(ShapeError, match=r"searchsorted: got shape \(2, 2\) to search in; expected one axis"):
        unifw.searchsorted(unifw.ones((2, 2)), 1.0)
    with pytest.raises(ArgumentError, match="searchsorted: got side 'middle'"):
        unifw.searchsorted(unifw.ones(2), 1.0, side="middle")  # type: ignore[arg-type]
    with pytest.raises(DTypeError, match=r"searchsorted: got .* no order"):
        unifw.searchsorted(unifw.ones(2), 1j)  # type: ignore[arg-type]
    with pytest.raises(OperandError, match="searchsorted: got list"):
        unifw.searchsorted(unifw.ones(2), [1.0])  # type: ignore[arg-type]


@quick
@given(data=st.data(), keepdims=st.booleans())
def test_nonzero_and_count_nonzero(backend: str, data: st.DataObject, keepdims: bool) -> None:
    x = data.draw(rows(REAL, shapes))
    axis = data.draw(axes_of(x.ndim))
    expected = np.asarray(
        array_api_strict.count_nonzero(array_api_strict.asarray(x != 0), axis=axis, keepdims=keepdims)
    )
    assert_same(unifw.count_nonzero(unifw.asarray(x), axis=axis, keepdims=keepdims), expected)
    if x.ndim:
        got = unifw.nonzero(unifw.asarray(x))
        assert isinstance(got, tuple)
        for one, want in zip(got, np.nonzero(x), strict=True):
            assert_same(one, want)


def test_nonzero_of_complex_numbers_and_of_one_element(backend: str) -> None:
    x = np.asarray([0, 1j, 2, 0j], "complex64")
    assert_same(unifw.nonzero(unifw.asarray(x))[0], np.int64([1, 2]))
    assert_same(unifw.count_nonzero(unifw.asarray(x)), np.int64(2))
    with pytest.raises(ShapeError, match="nonzero: got a tensor without axes"):
        unifw.nonzero(unifw.asarray(1.0))


@pytest.mark.parametrize("backend", NATIVE, indirect=True)
def test_one_backend_at_a_time(backend: str) -> None:
    with unifw.using_backend("toy"):
        other = unifw.ones(2)
    with pytest.raises(MixedBackendError, match="searchsorted: got tensors of the backends"):
        unifw.searchsorted(unifw.ones(2), other)
