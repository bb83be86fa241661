"""Distinct elements of every dtype, against NumPy; each NaN is distinct."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unifw
from unifw.errors import OperandError

from .oracle import Array, assert_same
from .strategies import quick, shapes

DTYPES = (
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float16", "float32", "float64", "complex64", "complex128",
)  # fmt: skip


@st.composite
def few_values(draw: Any, dtypes: tuple[str, ...] = DTYPES, shape: Any = shapes) -> Array:
    """Arrays of a few different values, NaN among them where there is one."""
    dtype = draw(st.sampled_from(dtypes))
    kind = np.dtype(dtype).kind
    values: list[Any] = [0, 1] if kind == "b" else [0, 1, 5, 100]
    values += [-1.5, np.nan, np.inf] if kind in "fc" else []
    values += [1j, 1 + 1j, -1j, complex(1, np.nan)] if kind == "c" else []
    return draw(hnp.arrays(dtype, shape, elements=st.sampled_from(values)))


def same_values(got: unifw.Tensor, want: Array) -> None:
    """The same values up to the parts of complex numbers that are NaN, which NumPy orders in another way."""
    if want.dtype.kind != "c" or not np.isnan(want).any():
        assert_same(got, want, signed_zeros=False)
    else:
        known = got.numpy()
        assert known.shape == want.shape
        np.testing.assert_array_equal(np.sort(known[~np.isnan(known)]), want[~np.isnan(want)])


@quick
@given(x=few_values())
def test_unique_functions(backend: str, x: Array) -> None:
    values, counts = np.unique(x, return_counts=True, equal_nan=False)
    everything = unifw.unique_all(unifw.asarray(x))
    assert everything._fields == ("values", "indices", "inverse_indices", "counts")
    same_values(everything.values, values)
    same_values(unifw.unique_values(unifw.asarray(x)), values)
    counted, inverse = unifw.unique_counts(unifw.asarray(x)), unifw.unique_inverse(unifw.asarray(x))
    assert (counted._fields, inverse._fields) == (("values", "counts"), ("values", "inverse_indices"))
    same_values(counted.values, values)
    same_values(inverse.values, values)
    if x.dtype.kind != "c":
        assert_same(counted.counts, counts)
    assert_same(everything.counts, counted.counts.numpy())
    assert_same(everything.inverse_indices, inverse.inverse_indices.numpy())
    positions, found = everything.indices.numpy(), everything.values.numpy()
    np.testing.assert_array_equal(x.reshape(-1)[positions], found)
    np.testing.assert_array_equal(found[everything.inverse_indices.numpy()], x)
    assert everything.indices.dtype is everything.inverse_indices.dtype is everything.counts.dtype is unifw.int64


def test_indices_are_those_of_the_first_occurrence(backend: str) -> None:
    x = np.asarray([[3, 1, 3], [2, 1, 3]])
    assert_same(unifw.unique_all(unifw.asarray(x)).indices, np.unique(x, return_index=True)[1])


def test_each_nan_is_distinct(backend: str) -> None:
    values, indices, inverse, counts = unifw.unique_all(unifw.asarray([np.nan, 1.0, np.nan, -0.0, 0.0]))
    assert_same(values, np.float32([0, 1, np.nan, np.nan]), signed_zeros=False)
    assert_same(indices, np.int64([3, 1, 0, 2]))
    assert_same(inverse, np.int64([2, 1, 3, 0, 0]))
    assert_same(counts, np.int64([2, 1, 1, 1]))


@quick
@given(data=st.data(), invert=st.booleans())
def test_isin(backend: str, data: st.DataObject, invert: bool) -> None:
    x = data.draw(few_values())
    others = data.draw(few_values((x.dtype.name,)))
    got = unifw.isin(unifw.asarray(x), unifw.asarray(others), invert=invert)
    expected = (x[..., None] == others.reshape(-1)).any(-1)
    assert_same(got, expected ^ invert)


def test_isin_of_numbers(backend: str) -> None:
    x = unifw.asarray([[1, 2], [3, 4]])
    assert_same(unifw.isin(x, 3), np.asarray([[False, False], [True, False]]))
    assert_same(unifw.isin(3, x), np.True_)
    assert_same(unifw.isin(7, x, invert=True), np.True_)
    assert_same(unifw.isin(x, unifw.asarray([1.0, 2.5])), np.asarray([[True, False], [False, False]]))
    with pytest.raises(OperandError, match="isin: got list"):
        unifw.isin(x, [1])  # type: ignore[arg-type]
