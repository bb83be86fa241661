"""The rest of the manipulation functions against NumPy, and promotion against array_api_strict's table."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unifw
from unifw.errors import ArgumentError, AxisError, CopyError, DTypeError, OperandError, ShapeError

from .oracle import assert_same, common_dtype
from .strategies import EVERY, arrays, filled_shapes, quick, shapes

DTYPES = [dtype.name for dtype in unifw.dtypes.ALL if dtype.name != "bfloat16"]
numbered = shapes.flatmap(lambda shape: st.just(np.arange(np.prod(shape, dtype=int)).reshape(shape)))
filled = filled_shapes.flatmap(lambda shape: st.just(np.arange(np.prod(shape, dtype=int)).reshape(shape)))


@quick
@given(x=numbered, data=st.data())
def test_moveaxis(backend: str, x: Any, data: st.DataObject) -> None:
    count = data.draw(st.integers(0, x.ndim))
    source, to = (
        tuple(
            axis - data.draw(st.sampled_from([0, x.ndim])) for axis in data.draw(st.permutations(range(x.ndim)))[:count]
        )
        for _ in range(2)
    )
    assert_same(unifw.moveaxis(unifw.asarray(x), source, to), np.moveaxis(x, source, to))
    if count:
        assert_same(unifw.moveaxis(unifw.asarray(x), source[0], to[0]), np.moveaxis(x, source[0], to[0]))


@quick
@given(shapes=hnp.mutually_broadcastable_shapes(num_shapes=3, min_dims=0, max_dims=3, min_side=0, max_side=3))
def test_broadcasting(backend: str, shapes: Any) -> None:
    assert unifw.broadcast_shapes(*shapes.input_shapes) == shapes.result_shape
    xs = [np.arange(np.prod(shape, dtype=int)).reshape(shape) for shape in shapes.input_shapes]
    got = unifw.broadcast_arrays(*map(unifw.asarray, xs))
    assert isinstance(got, tuple)
    for one, expected in zip(got, np.broadcast_arrays(*xs), strict=True):
        assert_same(one, expected)


@quick
@given(x=numbered, data=st.data())
def test_expand_dims_of_several_axes(backend: str, x: Any, data: st.DataObject) -> None:
    ndim = x.ndim + data.draw(st.integers(0, 2))
    axes = data.draw(st.permutations(range(ndim)))[: ndim - x.ndim]
    axis = tuple(one - data.draw(st.sampled_from([0, ndim])) for one in axes)
    assert_same(unifw.expand_dims(unifw.asarray(x), axis=axis), np.expand_dims(x, axis))


@quick
@given(x=arrays(EVERY), count=st.integers(0, 3), data=st.data())
def test_repeat(backend: str, x: Any, count: int, data: st.DataObject) -> None:
    tensor = unifw.asarray(x)
    axis = data.draw(st.none() | st.integers(-x.ndim, x.ndim - 1)) if x.ndim else None
    assert_same(unifw.repeat(tensor, count, axis=axis), np.repeat(x, count, axis))
    assert_same(unifw.repeat(tensor, unifw.asarray([count]), axis=axis), np.repeat(x, [count], axis))
    assert_same(unifw.repeat(tensor, unifw.asarray(count), axis=axis), np.repeat(x, count, axis))
    size = x.size if axis is None else x.shape[axis]
    counts = np.asarray(data.draw(st.lists(st.integers(0, 3), min_size=size, max_size=size)), "int32")
    assert_same(unifw.repeat(tensor, unifw.asarray(counts), axis=axis), np.repeat(x, counts, axis))


@quick
@given(x=arrays(EVERY), counts=st.lists(st.integers(0, 3), max_size=4).map(tuple))
def test_tile(backend: str, x: Any, counts: tuple[int, ...]) -> None:
    assert_same(unifw.tile(unifw.asarray(x), counts), np.tile(x, counts))


def test_tile_along_many_axes_in_every_dtype(backend: str) -> None:
    for dtype in ("bool", "int8", "uint16", "uint32", "uint64", "float16", "complex64"):
        x = np.ones((2, 1), dtype)
        assert_same(unifw.tile(unifw.asarray(x), (1, 2, 3, 1, 2)), np.tile(x, (1, 2, 3, 1, 2)))


@quick
@given(x=numbered, data=st.data())
def test_roll(backend: str, x: Any, data: st.DataObject) -> None:
    shifts = st.integers(-7, 7)
    tensor, shift = unifw.asarray(x), data.draw(shifts)
    assert_same(unifw.roll(tensor, shift), np.roll(x, shift))
    if x.ndim:
        axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
        assert_same(unifw.roll(tensor, shift, axis=axis), np.roll(x, shift, axis))
        assert_same(unifw.roll(tensor, (shift, 2), axis=(axis, 0)), np.roll(x, (shift, 2), (axis, 0)))
        assert_same(unifw.roll(tensor, shift, axis=(axis, 0)), np.roll(x, shift, (axis, 0)))


@pytest.mark.parametrize("shift", [2**40, -(2**40), 2**31, 2**31 - 1])
def test_roll_by_more_than_32_bits_hold(backend: str, shift: int) -> None:
    x = np.arange(15).reshape(5, 3)
    assert_same(unifw.roll(unifw.asarray(x), shift), np.roll(x, shift))
    assert_same(unifw.roll(unifw.asarray(x), (shift, 1), axis=(0, 1)), np.roll(x, (shift, 1), axis=(0, 1)))


def test_shapes_of_tensors_and_of_one_number(backend: str) -> None:
    x, two = unifw.arange(6), unifw.asarray(2)
    assert unifw.reshape(x, (two, 3)).shape == unifw.broadcast_to(x[:3], [two, 3]).shape == unifw.ones((two, 3)).shape
    assert unifw.zeros(two).shape == unifw.broadcast_to(two, 2).shape == (2,)
    two += 1  # a shape is what the tensor was
    assert unifw.reshape(x, (two, 2)).shape == (3, 2)


@quick
@given(x=filled, data=st.data())
def test_unstack(backend: str, x: Any, data: st.DataObject) -> None:
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    got = unifw.unstack(unifw.asarray(x), axis=axis)
    assert isinstance(got, tuple)
    for one, expected in zip(got, np.moveaxis(x, axis, 0), strict=True):
        assert_same(one, expected)


@pytest.mark.parametrize("dtype", DTYPES)
def test_every_dtype(backend: str, dtype: str) -> None:
    x = (np.arange(6) % 2).reshape(2, 3).astype(dtype)
    tensor = unifw.asarray(x)
    assert_same(unifw.roll(tensor, 1, axis=1), np.roll(x, 1, 1))
    assert_same(unifw.tile(tensor, (2, 1)), np.tile(x, (2, 1)))
    assert_same(unifw.repeat(tensor, unifw.asarray([2, 0]), axis=0), np.repeat(x, [2, 0], 0))
    assert_same(unifw.concat([tensor, tensor], axis=1), np.concatenate([x, x], 1))
    assert_same(unifw.stack([tensor, tensor], axis=-1), np.stack([x, x], -1))
    assert_same(unifw.flip(tensor), np.flip(x))
    assert_same(unifw.broadcast_to(tensor, (2, 2, 3)), np.broadcast_to(x, (2, 2, 3)))


@pytest.mark.parametrize("first", EVERY)
@pytest.mark.parametrize("second", EVERY)
def test_joining_promotes(backend: str, first: str, second: str) -> None:
    x, y, common = np.ones(2, first), np.zeros(2, second), common_dtype(first, second)
    for names in ((first, second), (second, first)):
        tensors = [unifw.ones(2, dtype=names[0]), unifw.zeros(2, dtype=names[1])]
        assert_same(unifw.concat(tensors), np.concatenate([x, y]).astype(common))
        assert_same(unifw.stack(tensors), np.stack([x, y]).astype(common))
    assert_same(unifw.concat([unifw.asarray(np.uint8([1])), unifw.asarray(np.int8([-1]))]), np.int16([1, -1]))


def test_reshape_copy(backend: str) -> None:
    x = unifw.reshape(unifw.arange(6), (2, 3))
    for copy in (True, False, None):
        flat = unifw.reshape(x, (6,), copy=copy)
        assert_same(flat, np.arange(6))
        flat[0] = 9
        assert_same(x, np.arange(6).reshape(2, 3))
    try:
        assert_same(unifw.reshape(x.mT, (6,), copy=False), np.int64([0, 3, 1, 4, 2, 5]))
    except CopyError as error:  # a backend whose transpose is a view
        assert isinstance(error, ValueError)  # noqa: PT017
        assert "copy=False" in str(error)  # noqa: PT017


def test_gradients(backend: str) -> None:
    if unifw.get_backend().autodiff is None:  # the plugin has no gradients
        return
    weights = unifw.asarray(np.arange(6.0))
    cases = {
        "repeat": (lambda x: unifw.repeat(x, 2), [1, 5, 9]),
        "repeat of each": (lambda x: unifw.repeat(x, unifw.asarray([1, 0, 5])), [0, 0, 15]),
        "tile": (lambda x: unifw.tile(x, (2,)), [3, 5, 7]),
        "roll": (lambda x: unifw.roll(unifw.tile(x, (2,)), 1), [5, 7, 3]),
        "unstack": (lambda x: unifw.concat([unifw.stack(unifw.unstack(x)), x]), [3, 5, 7]),
        "along": (lambda x: unifw.take_along_axis(x, unifw.asarray([0, 0, -1, 1, 1, 1])), [1, 12, 2]),
    }
    for name, (function, expected) in cases.items():
        got = unifw.grad(lambda x, function=function: unifw.sum(function(x) * weights))(unifw.asarray(np.zeros(3)))
        np.testing.assert_array_equal(got.numpy(), np.float64(expected), name)


def z(*shape: int) -> Any:
    """A tensor of zeros."""
    return unifw.zeros(shape)


ERRORS: dict[str, tuple[type[Exception], str, Any]] = {
    "moveaxis": (AxisError, "moveaxis: got axis 2", lambda: unifw.moveaxis(z(2, 3), 0, 2)),
    "moveaxis of unequal": (AxisError, "got 2 axes for 1 positions", lambda: unifw.moveaxis(z(2, 3), (0, 1), (0,))),
    "moveaxis of NumPy": (OperandError, "moveaxis: got ndarray", lambda: unifw.moveaxis(np.zeros((2, 3)), 0, 1)),  # type: ignore[arg-type]
    "broadcast_shapes": (ShapeError, r"got \(2,\) and \(3,\)", lambda: unifw.broadcast_shapes((2,), (3,))),
    "broadcast_arrays": (ShapeError, r"got \(2,\) and \(3,\)", lambda: unifw.broadcast_arrays(z(2), z(3))),
    "expand_dims": (AxisError, "names one twice", lambda: unifw.expand_dims(z(2), axis=(0, 0))),
    "repeat": (ArgumentError, "repeat: got -1 repetitions", lambda: unifw.repeat(z(2), -1)),
    "repeat of a fraction": (OperandError, "repeat: got float 1.5", lambda: unifw.repeat(z(2), 1.5)),  # type: ignore[arg-type]
    "repeat by floats": (DTypeError, "repeats of dtype float32", lambda: unifw.repeat(z(2), z(2))),
    "repeat of too many": (ShapeError, r"repeats of shape \(3,\)", lambda: unifw.repeat(z(2), unifw.arange(3))),
    "tile": (ArgumentError, "tile: got -1 repetitions", lambda: unifw.tile(z(2), (-1,))),
    "roll": (AxisError, "roll: got axis 1", lambda: unifw.roll(z(2), 1, axis=1)),
    "roll of unequal": (ShapeError, "got 3 shifts for 1 axes", lambda: unifw.roll(z(2), (1, 2, 3), axis=0)),
    "unstack": (AxisError, "unstack: got axis 1", lambda: unifw.unstack(z(2), axis=1)),
    "concat of a tensor": (ShapeError, "concat: got one", lambda: unifw.concat(z(2))),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("case", ERRORS)
def test_errors(backend: str, case: str) -> None:
    kind, message, call = ERRORS[case]
    with pytest.raises(kind, match=message):
        call()
