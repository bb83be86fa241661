"""Indexing with every mixture of arrays, masks, slices and integers; gradients; assignment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import unifw
from unifw.errors import DTypeError, NumberRangeError

from .oracle import assert_same
from .strategies import quick

SHAPE = (4, 3, 2)
DTYPES = [dtype.name for dtype in unifw.dtypes.ALL if dtype.name != "bfloat16"]
I = np.asarray  # noqa: E741
MASK = np.asarray([True, False, True, False])
KEYS: dict[str, Any] = {
    "True": True,
    "False": False,
    "0-d mask": I(True),
    "0-d mask of nothing": I(False),
    "0-d mask and integer": (0, I(True)),
    "slice and 0-d mask": (slice(None), I(True)),
    "slice, 0-d mask and array": (slice(None), I(True), I([0, 2])),
    "0-d mask, None and array": (I(True), None, I([0, 2])),
    "0-d mask of nothing and array": (I(False), I([1])),
    "integer, slice and array": (0, slice(None), I([1, 0, 1])),
    "array, slice and integer": (I([1, 0, 1]), slice(None), 0),
    "array, empty ellipsis and array": (slice(None), I([0, 1]), ..., I([1, 0])),
    "mask, slice and array": (MASK, slice(None), I([1, 0])),
    "mask and array": (MASK, I([1, 0])),
    "array and mask": (I([3, 0]), I([True, False, True])),
    "two masks": (MASK, I([True, False, True])),
    "mask, None and array": (MASK, None, I([0, 2])),
    "mask of two axes and integer": (np.arange(12).reshape(4, 3) % 5 == 0, 1),
    "ellipsis and mask": (..., I([True, False])),
    "None and mask": (None, MASK),
    "slice backwards, array and None": (slice(None, None, -2), None, I([[0, -1]]), slice(None, None, -1)),
    "three arrays": (I([[0], [3]]), I([1, -1]), I(1)),
    "array of uint8": I([2, 0], "uint8"),
    "0-d arrays": (I(1), slice(None), I(-1)),
    "list": [2, 0],
    "list of booleans": [True, False, False, True],
    "empty list": [],
    "list in a tuple": (slice(None), [0, 2]),
    "empty array and slice": (np.zeros((0, 2), int), slice(1, None)),
}


def tensors_in(key: Any) -> Any:
    """The same key with tensors in place of NumPy arrays."""
    if isinstance(key, tuple):
        return tuple(map(tensors_in, key))
    return unifw.asarray(key) if isinstance(key, np.ndarray) else key


@st.composite
def mixed_keys(draw: Any) -> Any:
    """An index into SHAPE of arrays that broadcast, masks, slices, integers, None and an ellipsis."""
    count, parts, used = draw(st.integers(0, 3)), [], 0
    while used < 3:
        kind = draw(st.sampled_from(["array", "mask", "slice", "integer", "none", "all"]))
        size = SHAPE[used]
        if kind == "array":
            values = st.lists(st.integers(-size, size - 1), min_size=count, max_size=count)
            parts.append(I(draw(values), int))
        elif kind == "mask":
            chosen = draw(st.permutations(range(size)))[: min(count, size)]
            parts.append(np.isin(np.arange(size), chosen) if count <= size else I([0] * count))
        elif kind == "slice":
            parts.append(draw(st.slices(size)))
        elif kind == "integer":
            parts.append(draw(st.integers(-size, size - 1)))
        elif kind == "none":
            parts.append(None)
        used += kind not in ("none", "all")
        if kind == "all":
            break
    if draw(st.booleans()):
        parts.insert(len(parts), ...)
    return tuple(parts)


@pytest.mark.parametrize("key", KEYS.values(), ids=KEYS.keys())
def test_getitem_and_setitem_of_known_keys(backend: str, key: Any) -> None:
    x = np.arange(24, dtype="float32").reshape(SHAPE)
    tensor = unifw.asarray(x)
    assert_same(tensor[tensors_in(key)], x[key])
    for value in (np.float32(-1), -1 - np.arange(x[key].size, dtype="float32").reshape(x[key].shape)):
        changed, expected = unifw.asarray(x), x.copy()
        expected[key] = value
        changed[tensors_in(key)] = unifw.asarray(value)
        assert_same(changed, expected)
    assert_same(tensor, x)


@quick
@given(key=mixed_keys(), dtype=st.sampled_from(DTYPES))
def test_mixed_keys(backend: str, key: Any, dtype: str) -> None:
    x = np.arange(24).reshape(SHAPE).astype(dtype)
    assert_same(unifw.asarray(x)[tensors_in(key)], x[key])
    expected, tensor = x.copy(), unifw.asarray(x)
    expected[key] = x.dtype.type(1)
    tensor[tensors_in(key)] = unifw.asarray(x.dtype.type(1))
    assert_same(tensor, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_masks_and_slices_in_every_dtype(backend: str, dtype: str) -> None:
    x = (np.arange(6) % 2).astype(dtype)
    mask, tensor = np.arange(6) % 3 == 0, unifw.asarray(x)
    tensor[unifw.asarray(mask)] = True
    tensor[4:] = unifw.asarray(x[:1])
    tensor[unifw.asarray([3, -1])] = unifw.asarray(x[:2])
    expected = x.copy()
    expected[mask], expected[4:], expected[[3, -1]] = True, x[:1], x[:2]
    assert_same(tensor, expected)
    assert_same(tensor[unifw.asarray(mask)], expected[mask])


def test_assigned_values_broadcast(backend: str) -> None:
    index = unifw.asarray([2, 0])
    for key, own in (
        ((slice(None), index), (slice(None), [2, 0])),
        ((0, slice(None), index[:1]), (0, slice(None), [2])),
    ):
        for shape in ((), (1,), (2,), (2, 1), (1, 1, 1, 2)) if own[0] != 0 else ((1, 1), (1,), (3,)):
            value = np.arange(1, 1 + int(np.prod(shape)), dtype="float32").reshape(shape)
            x, expected = unifw.zeros((4, 3, 2) if own[0] != 0 else (2, 3, 3)), np.zeros((4, 3, 2), "float32")
            expected = expected if own[0] != 0 else np.zeros((2, 3, 3), "float32")
            expected[own] = value
            x[key] = unifw.asarray(value)
            assert_same(x, expected)


GRADIENTS: dict[str, Any] = {
    **{name: KEYS[name] for name in ("0-d mask", "mask, slice and array", "three arrays", "two masks", "list")},
    "array": I([2, 0, -1]),
    "mask": np.arange(24).reshape(SHAPE) % 3 == 0,
    "slice backwards": slice(None, None, -1),
}


@pytest.mark.parametrize("key", GRADIENTS.values(), ids=GRADIENTS.keys())
def test_gradients_of_getitem_and_setitem(backend: str, key: Any) -> None:
    if unifw.get_backend().autodiff is None:  # the plugin has no gradients
        return
    x, own = np.arange(24.0).reshape(SHAPE), tensors_in(key)
    expected = np.zeros(SHAPE)
    np.add.at(expected, key, 2 * x[key])
    assert_same(unifw.grad(lambda t: unifw.sum(t[own] * t[own]))(unifw.asarray(x)), expected)

    def changed(t: Any, v: Any) -> Any:
        t = unifw.asarray(t)
        t[own] = v
        return unifw.sum(t * t)

    expected = 2 * x
    expected[key] = 0
    of_t = unifw.grad(changed)(unifw.asarray(x), unifw.asarray(np.float64(3)))
    assert_same(of_t, expected)
    selected = int(np.sum(_marks(key)))
    of_v = unifw.grad(lambda v: changed(unifw.asarray(x), v))(unifw.asarray(np.float64(3)))
    assert_same(of_v, np.float64(6 * selected))


def test_gradients_add_up_where_an_element_is_picked_twice(backend: str) -> None:
    if unifw.get_backend().autodiff is None:
        return
    index = unifw.asarray([2, 0, 2, -1])
    got = unifw.grad(lambda x: unifw.sum(x[index]))(unifw.zeros(4))
    assert_same(got, np.float32([1, 0, 2, 1]))


def _marks(key: Any) -> Any:
    """Ones where a key selects."""
    marks = np.zeros(SHAPE)
    marks[key] = 1
    return marks


def test_an_assigned_value_keeps_the_kind_of_the_dtype(backend: str) -> None:
    for dtype, value in (("int64", 1.5), ("bool", 2), ("float32", 1j)):
        x = unifw.zeros(3, dtype=dtype)
        for wrong in (value, unifw.asarray(value)):
            with pytest.raises(DTypeError, match="index assignment: got a value of"):
                x[0] = wrong
        assert_same(x, np.zeros(3, dtype))
    small = unifw.zeros(3, dtype="uint8")
    with pytest.raises(NumberRangeError, match="got 256 for uint8; expected 0 to 255"):
        small[0] = 256
    small[1:] = unifw.asarray([7])
    assert_same(small, np.uint8([0, 7, 7]))


@pytest.mark.parametrize("key", [[0.5], np.float32([1]), "tensor"])
def test_an_index_of_floats(backend: str, key: Any) -> None:
    with pytest.raises(DTypeError, match="expected integers or booleans"):
        unifw.zeros(3)[unifw.ones(1) if isinstance(key, str) else key]


AXES = st.integers(-3, 2)


@quick
@given(axis=AXES, dtype=st.sampled_from(DTYPES), kind=st.sampled_from(["int32", "int64", "uint8"]), data=st.data())
def test_take_along_axis(backend: str, axis: int, dtype: str, kind: str, data: st.DataObject) -> None:
    x = np.arange(24).reshape(SHAPE).astype(dtype)
    shape = [data.draw(st.sampled_from([1, size])) for size in SHAPE]
    shape[axis] = data.draw(st.integers(0, 4))
    low = 0 if kind == "uint8" else -SHAPE[axis]
    flat = data.draw(
        st.lists(st.integers(low, SHAPE[axis] - 1), min_size=int(np.prod(shape)), max_size=int(np.prod(shape)))
    )
    indices = I(flat, kind).reshape(shape)
    got = unifw.take_along_axis(unifw.asarray(x), unifw.asarray(indices), axis=axis)
    assert_same(got, np.take_along_axis(x, indices.astype("int64"), axis))


def test_take_along_axis_out_of_range(backend: str) -> None:
    for index in (3, -4):
        with pytest.raises(unifw.errors.OutOfRangeError, match="take_along_axis: got an index outside -3 to 2"):
            unifw.take_along_axis(unifw.zeros(3), unifw.asarray([index]))
