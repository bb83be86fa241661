"""Sorting, distinct values and taking by position, against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unifw

from .oracle import Array, assert_same
from .strategies import EVERY, NUMBERS, arrays, filled_shapes, quick

sortable = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=5)


def stable_positions(x: Array, axis: int, descending: bool) -> Array:
    """The positions of a stable sort, by Python's own."""

    def of_row(row: Array) -> Array:
        return np.asarray(sorted(range(len(row)), key=lambda i: row[i], reverse=descending), "int64")

    return np.apply_along_axis(of_row, axis, x) if x.size else np.zeros(x.shape, "int64")


@pytest.mark.parametrize("descending", [False, True])
@quick
@given(data=st.data())
def test_sort_and_argsort(backend: str, descending: bool, data: st.DataObject) -> None:
    x = data.draw(arrays(NUMBERS, sortable, low=-2, high=2)) + 0  # without negative zeros
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    positions = stable_positions(x, axis, descending)
    got = unifw.argsort(unifw.asarray(x), axis=axis, descending=descending)
    assert_same(got, positions)
    expected = np.take_along_axis(x, positions, axis)
    assert_same(unifw.sort(unifw.asarray(x), axis=axis, descending=descending), expected)


def test_sorting_is_along_the_last_axis_and_rising_unless_told(backend: str) -> None:
    x = np.asarray([[3, 1, 2], [6, 5, 4]])
    assert_same(unifw.sort(unifw.asarray(x)), np.sort(x))
    assert_same(unifw.argsort(unifw.asarray(x)), np.argsort(x))


@pytest.mark.parametrize("descending", [False, True])
def test_large_integers_are_sorted_exactly(backend: str, descending: bool) -> None:
    x = np.asarray([2**53 + 1, 2**53, -(2**63), 2**63 - 1, 0], "int64")
    expected = np.sort(x)[::-1] if descending else np.sort(x)
    assert_same(unifw.sort(unifw.asarray(x), descending=descending), expected)
    positions = unifw.argsort(unifw.asarray(x), descending=descending)
    assert_same(unifw.take(unifw.asarray(x), positions), expected)


@pytest.mark.parametrize("length", [50, 1000])
@pytest.mark.parametrize("descending", [False, True])
def test_argsort_keeps_equal_elements_in_order(backend: str, length: int, descending: bool) -> None:
    x = np.random.default_rng(0).integers(0, 4, length).astype("float32")
    got = unifw.argsort(unifw.asarray(x), descending=descending)
    assert_same(got, stable_positions(x, 0, descending))


@quick
@given(x=arrays(EVERY, low=-3, high=3))
def test_unique_values(backend: str, x: Any) -> None:
    assert_same(unifw.unique_values(unifw.asarray(x + 0 if x.dtype != "bool" else x)), np.unique(x), signed_zeros=False)


def test_each_nan_is_distinct(backend: str) -> None:
    got = unifw.unique_values(unifw.asarray([2.0, np.nan, 1.0, np.nan]))
    assert_same(got, np.float32([1, 2, np.nan, np.nan]))


@quick
@given(x=arrays(EVERY, filled_shapes), data=st.data())
def test_take(backend: str, x: Any, data: st.DataObject) -> None:
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    size = x.shape[axis]
    dtype = data.draw(st.sampled_from(["int32", "int64"]))
    indices = data.draw(
        hnp.arrays(dtype, hnp.array_shapes(max_dims=1, min_side=0), elements=st.integers(-size, size - 1))
    )
    assert_same(unifw.take(unifw.asarray(x), unifw.asarray(indices), axis=axis), np.take(x, indices, axis))


def test_take_from_one_axis_needs_no_axis(backend: str) -> None:
    assert_same(unifw.take(unifw.asarray([10, 20, 30]), unifw.asarray([-1, 0, -3])), np.int64([30, 10, 10]))
