"""Indexing and item assignment against NumPy, with value semantics."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unifw

from .oracle import assert_same
from .strategies import EVERY, arrays, filled_shapes, quick

SHAPE = (4, 3, 2)
KEYS: dict[str, Any] = {
    "integer": 1,
    "negative integer": -1,
    "integers": (0, -1, 1),
    "NumPy integer": np.int64(2),
    "slice": slice(1, 3),
    "negative step": slice(None, None, -1),
    "negative step of two": (slice(3, 0, -2), slice(None, None, -1)),
    "empty slice": slice(2, 2),
    "empty slice backwards": slice(0, 3, -1),
    "slice beyond the end": slice(1, 100),
    "ellipsis": ...,
    "ellipsis and integer": (..., 0),
    "integer, ellipsis and slice": (1, ..., slice(None, None, -1)),
    "new axis": None,
    "new axes": (None, 0, None, ..., None),
    "nothing": (),
    "array": np.asarray([2, 0, -1]),
    "array of two axes": np.asarray([[2, 0], [-1, 1]]),
    "32-bit array": np.asarray([1, 0], "int32"),
    "0-d array": np.asarray(1),
    "empty array": np.zeros(0, "int64"),
    "two arrays": (np.asarray([0, 3]), np.asarray([1, -1])),
    "arrays that broadcast": (np.asarray([[0], [3]]), np.asarray([1, 2, 0])),
    "array and slice": (np.asarray([0, 3]), slice(None, None, 2)),
    "slice and array": (slice(1, None), np.asarray([2, 0])),
    "backwards slice and array": (slice(None, None, -1), np.asarray([2, 0])),
    "integer and array": (1, np.asarray([2, 0])),
    "array, slice and array": (np.asarray([0, 3]), slice(None), np.asarray([1, 0])),
    "ellipsis and array": (..., np.asarray([1, 0])),
    "new axis and array": (None, np.asarray([1, 0])),
    "mask": np.arange(24).reshape(SHAPE) % 3 == 0,
    "mask of rows": np.asarray([True, False, True, False]),
    "mask of nothing": np.zeros(SHAPE, bool),
    "mask and slice": (np.asarray([True, False, True, False]), slice(0, 2)),
    "slice and mask": (slice(None), np.asarray([True, False, True])),
    "mask of two axes": np.arange(12).reshape(4, 3) % 2 == 0,
    "mask and backwards slice": (np.arange(12).reshape(4, 3) % 2 == 0, slice(None, None, -1)),
}


def tensors_in(key: Any) -> Any:
    """The same key with tensors in place of NumPy arrays."""
    if isinstance(key, tuple):
        return tuple(map(tensors_in, key))
    return unifw.asarray(key) if isinstance(key, np.ndarray) else key


@st.composite
def numbered(draw: Any, shape: Any = filled_shapes) -> Any:
    """Different numbers in one of the dtypes."""
    size = draw(shape)
    return np.arange(np.prod(size, dtype=int)).reshape(size).astype(draw(st.sampled_from(["float32", "int64"])))


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
@pytest.mark.parametrize("dtype", ["float32", "int64", "bool"])
def test_getitem_of_known_keys(backend: str, key: Any, dtype: str) -> None:
    x = (np.arange(24) % 5).reshape(SHAPE).astype(dtype)
    assert_same(unifw.asarray(x)[tensors_in(key)], x[key])


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_setitem_of_known_keys(backend: str, key: Any) -> None:
    start = np.arange(24, dtype="float32").reshape(SHAPE)
    for of_key in (lambda part: np.float32(-1), lambda part: -1 - np.arange(part.size, dtype="float32")):
        value = of_key(start[key])
        value = value.reshape(start[key].shape) if value.ndim else value
        expected, x = start.copy(), unifw.asarray(start)
        kept, view = unifw.asarray(x), x[...]
        expected[key] = value
        x[tensors_in(key)] = unifw.asarray(value) if value.ndim else value.item()
        assert_same(x, expected)
        assert_same(kept, start)
        assert_same(view, start)


@quick
@given(x=numbered(), data=st.data())
def test_getitem_of_basic_keys(backend: str, x: Any, data: st.DataObject) -> None:
    key = data.draw(hnp.basic_indices(x.shape, allow_newaxis=True))
    tensor = unifw.asarray(x)
    assert_same(tensor[key], x[key])
    assert_same(tensor, x)


@quick
@given(x=numbered(), data=st.data(), dtype=st.sampled_from(["int32", "int64"]))
def test_getitem_of_arrays(backend: str, x: Any, data: st.DataObject, dtype: str) -> None:
    key = data.draw(hnp.integer_array_indices(x.shape, dtype=np.dtype(dtype)))
    assert_same(unifw.asarray(x)[tensors_in(key)], x[key])


@quick
@given(x=arrays(EVERY), data=st.data())
def test_getitem_of_masks(backend: str, x: Any, data: st.DataObject) -> None:
    mask = data.draw(hnp.arrays(bool, x.shape[: data.draw(st.integers(0, x.ndim))]))
    assert_same(unifw.asarray(x)[unifw.asarray(mask)], x[mask])


@quick
@given(x=numbered(), data=st.data())
def test_setitem_of_basic_keys(backend: str, x: Any, data: st.DataObject) -> None:
    key = data.draw(hnp.basic_indices(x.shape))
    value = -1 - np.arange(x[key].size).reshape(x[key].shape).astype(x.dtype)
    tensor, expected = unifw.asarray(x), x.copy()
    expected[key] = value
    tensor[key] = unifw.asarray(value)
    assert_same(tensor, expected)


@quick
@given(x=arrays(EVERY), data=st.data())
def test_setitem_of_masks(backend: str, x: Any, data: st.DataObject) -> None:
    mask = data.draw(hnp.arrays(bool, x.shape))
    tensor, expected = unifw.asarray(x), np.where(mask, x.dtype.type(1), x)
    tensor[unifw.asarray(mask)] = x.dtype.type(1).item()
    assert_same(tensor, expected)


def test_setitem_broadcasts(backend: str) -> None:
    x, expected = unifw.zeros(SHAPE), np.zeros(SHAPE, "float32")
    x[1:] = unifw.asarray([[1.0], [2.0], [3.0]])
    expected[1:] = np.float32([[1], [2], [3]])
    x[..., 0] = unifw.asarray(7.0)
    expected[..., 0] = 7
    assert_same(x, expected)


def test_setitem_keeps_the_dtype(backend: str) -> None:
    x = unifw.zeros(3, dtype="float64")
    x[0] = unifw.asarray(np.float32(1.5))
    x[1] = unifw.asarray(2)
    x[2] = True
    assert_same(x, np.float64([1.5, 2, 1]))


def test_setitem_to_an_integer_tensor_is_exact(backend: str) -> None:
    x = unifw.zeros(3, dtype="int64")
    x[0] = 2**53 + 1
    x[1:] = unifw.asarray([2**62 + 1, -1])
    assert_same(x, np.int64([2**53 + 1, 2**62 + 1, -1]))


def test_a_tensor_assigned_to_itself_reversed(backend: str) -> None:
    x = unifw.asarray([1, 2, 3, 4])
    x[::-1] = x
    assert_same(x, np.int64([4, 3, 2, 1]))


def test_setitem_into_what_a_slice_gave_leaves_the_source(backend: str) -> None:
    x = unifw.asarray([[1, 2], [3, 4]])
    row = x[0]
    row[0] = 9
    assert_same(row, np.int64([9, 2]))
    assert_same(x, np.int64([[1, 2], [3, 4]]))


def test_a_failed_assignment_changes_nothing(backend: str) -> None:
    x = unifw.asarray([1.0, 2.0, 3.0])
    with pytest.raises(unifw.UnifwError):
        x[:2] = unifw.ones(3)
    assert_same(x, np.float32([1, 2, 3]))
