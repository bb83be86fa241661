"""Indexing `tf.Tensor` as the standard does: with arrays and masks, and assignment as a new tensor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache, reduce
from operator import index as as_index
from typing import Any

import numpy as np
import tensorflow as tf

from unifw.backends.tensorflow.manipulation import broadcast_to
from unifw.backends.tensorflow.native import cast, integers, is_traced, op, static_shape, thread
from unifw.backends.tensorflow.native import shape as _shape
from unifw.backends.tensorflow.promotion import constant
from unifw.backends.tensorflow.rules import ruled
from unifw.errors import MOST_AXES
from unifw.keys import Index, Mask, Split, fits, split

raw = tf.raw_ops


def getitem(x: tf.Tensor, key: Any) -> tf.Tensor:
    if thread.is_eager and type(key) in _BASIC:
        try:
            return _kept_slice(*_flat(key))(x)
        except Exception:
            pass  # what follows finds out why, or knows another way
    return _getitem(x, key)


_BASIC = {int, slice, tuple, type(None), type(Ellipsis)}


def _flat(key: Any) -> tuple[Any, ...]:
    """An index as what can be looked up: each slice as the word `slice` and its three numbers."""
    flat: list[Any] = []
    for part in key if type(key) is tuple else (key,):
        if type(part) is slice:
            flat += (slice, part.start, part.stop, part.step)
        else:
            flat.append(part)
    return tuple(flat)


@lru_cache(maxsize=1024, typed=True)
def _kept_slice(*flat: Any) -> Callable[[tf.Tensor], tf.Tensor]:
    """The operation that an index of integers, slices, `...` and None stands for."""
    return _strided("StridedSlice", flat)


@lru_cache(maxsize=1024, typed=True)
def _kept_update(*flat: Any) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
    """The operation that replaces what such an index picks."""
    return _strided("TensorStridedSliceUpdate", flat)


def _strided(name: str, flat: tuple[Any, ...]) -> Callable[..., tf.Tensor]:
    numbers, masks = _numbers(flat)
    begin, end, steps = map(integers, numbers)
    operation = op(name, **masks)
    return lambda x, *value: operation(x, begin, end, steps, *value)


def _numbers(flat: tuple[Any, ...]) -> tuple[list[tuple[int, ...]], dict[str, int]]:
    """An index as StridedSlice has it: where its parts begin and end, their steps, and in masks a bit for each part."""
    rows: list[tuple[int, ...]] = []
    masks = dict.fromkeys(_MASKS, 0)
    parts = iter(flat)
    for place, part in enumerate(iter(lambda: next(parts, _END), _END)):
        if part is slice:
            row, marks = _row(next(parts), next(parts), next(parts))
        elif type(part) is int:
            row, marks = (part, part + 1, 1), ("shrink_axis_mask",)
        else:
            row, marks = (0, 0, 1), (_OF_NEW_AXES[part],)
        rows.append(row)
        for mark in marks:
            masks[mark] |= 1 << place
    return [tuple(column) for column in zip(*rows, strict=True)] or [(), (), ()], masks


_END = object()
_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "new_axis_mask", "shrink_axis_mask")
_OF_NEW_AXES: dict[Any, str] = {None: "new_axis_mask", Ellipsis: "ellipsis_mask"}


def _row(start: Any, stop: Any, step: Any) -> tuple[tuple[int, int, int], tuple[str, ...]]:
    marks = [mark for mark, value in (("begin_mask", start), ("end_mask", stop)) if value is None]
    numbers = (start or 0, stop or 0, 1 if step is None else step)
    return (as_index(numbers[0]), as_index(numbers[1]), as_index(numbers[2])), tuple(marks)


def _getitem(x: tf.Tensor, key: Any) -> tf.Tensor:
    parts = key if isinstance(key, tuple) else (key,)
    if all(map(_is_basic, parts)):
        _check_bounds(x, parts)
        return x[_plain(key)]
    parts = tuple(_part(part) for part in parts)
    if all(map(_is_basic, parts)):  # arrays without axes are integers
        return getitem(x, parts)
    try:
        return _gathered(x, split(parts, tuple(x.shape), _nonzero))
    except tf.errors.InvalidArgumentError as error:
        if x.shape.rank > MOST_AXES:
            raise
        raise IndexError(str(error)) from error


def _is_basic(part: Any) -> bool:
    """Whether a part of an index is an integer, a slice, `...` or None."""
    if isinstance(part, (slice, int, np.integer)):
        return not isinstance(part, bool)
    return part is None or part is Ellipsis


def _plain(key: Any) -> Any:
    return tuple(tf.newaxis if part is None else part for part in key) if isinstance(key, tuple) else key


def _check_bounds(x: tf.Tensor, parts: Sequence[Any]) -> None:
    """Raise IndexError as NumPy does; TensorFlow's own check is by an operation's status."""
    axis = 0
    used = sum(part is not None and part is not Ellipsis for part in parts)
    if sum(part is Ellipsis for part in parts) > 1:
        raise IndexError("more than one ellipsis")
    if used > x.shape.rank:
        raise IndexError(f"too many indices: {used} for {x.shape.rank} axes")
    for part in parts:
        if part is Ellipsis:
            axis += x.shape.rank - used
        elif part is not None:
            size = x.shape[axis]
            if not isinstance(part, slice) and size is not None and not -size <= part < size:
                raise IndexError(f"index {part} is out of bounds for axis {axis} with size {size}")
            axis += 1


# ---- arrays and masks


def _part(part: Any) -> Any:
    """One part of an index with what is an array in it named as such."""
    if _is_basic(part):
        return part
    if not isinstance(part, tf.Tensor):
        part = tf.constant(part)
    if part.dtype is tf.bool:
        return Mask(part, tuple(part.shape))
    if not part.shape.rank and not is_traced(part):
        return int(part)
    return Index(part if part.dtype in (tf.int32, tf.int64) else cast(part, tf.int64))


def _nonzero(mask: tf.Tensor, ndim: int) -> Sequence[tf.Tensor]:
    if not ndim:
        return (tf.where(tf.reshape(mask, (1,)))[:, 0],)
    return tf.unstack(tf.where(mask), num=ndim, axis=1)


def _gathered(x: tf.Tensor, key: Split) -> tf.Tensor:
    """What the arrays of an index pick, after its slices."""
    if any(part != slice(None) for part in key.basic):
        x = x[_plain(key.basic)]
    indices = [_in_range(x, axis, index) for axis, index in key.arrays]
    if len(indices) == 1:
        return _picked(x, indices[0], key.front)
    axes = [axis for axis, _ in key.arrays]
    others = [axis for axis in range(x.shape.rank) if axis not in axes]
    sizes = _shape(x)
    flat = reduce(lambda size, axis: size * sizes[axis], axes, 1)
    rows = tf.reshape(raw.Transpose(x=x, perm=[*axes, *others]), [flat, *(sizes[axis] for axis in others)])
    row = indices[0]
    for axis, index in zip(axes[1:], indices[1:], strict=True):
        row = row * cast(sizes[axis], tf.int64) + index
    return _moved(_picked(rows, row, 0), row.shape.rank, key.front)


def _moved(x: tf.Tensor, count: int, front: int) -> tf.Tensor:
    """The first `count` axes moved behind the `front` axes that follow them."""
    if not front or not count:
        return x
    return raw.Transpose(x=x, perm=[*range(count, count + front), *range(count), *range(count + front, x.shape.rank)])


def _in_range(x: tf.Tensor, axis: int, index: Any) -> tf.Tensor:
    """Indices counted from the front. Raises IndexError where the values are known."""
    index = cast(index, tf.int64)
    size = _shape(x)[axis]
    if isinstance(size, int) and not is_traced(index) and "CPU" in index.device:  # elsewhere it would wait for them
        values = index.numpy()
        if values.size and not (-size <= values.min() and values.max() < size):
            raise IndexError(f"an index is out of bounds for axis {axis} with size {size}")
        if values.size and values.min() >= 0:
            return index
    return tf.where(index < 0, index + cast(size, tf.int64), index)


# ---- assignment


def setitem(x: tf.Tensor, key: Any, value: Any) -> tf.Tensor:
    value = cast(value, x.dtype) if isinstance(value, tf.Tensor) else constant(value, x.dtype)
    if not value.shape.rank and isinstance(key, tf.Tensor) and key.dtype is tf.bool:
        return _filled(x, key, value)
    parts = key if isinstance(key, tuple) else (key,)
    return _sliced_over(x, key, value) if all(map(_is_basic, parts)) else _scattered_over(x, key, value)


def _sliced_over(x: tf.Tensor, key: Any, value: tf.Tensor) -> tf.Tensor:
    """`x` with a value where an index of integers, slices, `...` and None points."""
    updates = _spread(value, getitem(x, key))
    if not thread.is_eager:
        return _strided("TensorStridedSliceUpdate", _flat(key))(x, updates)
    return _kept_update(*_flat(key))(x, updates)


def _scattered_over(x: tf.Tensor, key: Any, value: tf.Tensor) -> tf.Tensor:
    """`x` with a value where an index with arrays in it points."""
    shape = _shape(x)
    count = reduce(lambda size, one: size * one, shape, 1)
    positions = getitem(tf.reshape(tf.range(count, dtype=tf.int64), shape), key)
    updates = _spread(value, positions)
    flat, places = tf.reshape(x, (1, -1)), tf.reshape(positions, (-1,))
    places = tf.stack([tf.zeros_like(places), places], 1)  # by two indices: by one, gradients would be slices
    changed = tf.tensor_scatter_nd_update(flat, places, tf.reshape(updates, (-1,)))
    return tf.reshape(changed, shape)


def _spread(value: tf.Tensor, over: tf.Tensor) -> tf.Tensor:
    """A value in the shape of what it replaces."""
    while value.shape.rank > over.shape.rank and value.shape[0] == 1:
        value = value[0]
    given, sizes = static_shape(value), static_shape(over)
    if None not in (*given, *sizes):
        return value if given == sizes else broadcast_to(value, sizes)
    return raw.BroadcastTo(input=value, shape=tf.shape(over))


def _filled(x: tf.Tensor, mask: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """`value` where the mask, of the first axes of `x`, is true."""
    given, sizes = tuple(mask.shape), tuple(x.shape)
    if len(given) > len(sizes) or not fits(given, sizes[: len(given)]):
        raise IndexError(f"a mask of shape {given} for a tensor of shape {sizes}")
    if 0 in given:
        return x
    mask = tf.reshape(mask, [*_shape(mask), *[1] * (len(sizes) - len(given))])
    return tf.where(mask, value, x)


def take(x: tf.Tensor, indices: tf.Tensor, axis: int) -> tf.Tensor:
    return _picked(x, _in_range(x, axis, indices), axis)


def _picked(x: tf.Tensor, indices: tf.Tensor, axis: int) -> tf.Tensor:
    """A gather whose gradient is a tensor: that of the first axis is slices, of which forward mode knows nothing."""
    if axis:
        return tf.gather(x, indices, axis=axis)

    def put_back(upstream: tf.Tensor) -> tf.Tensor:
        return raw.UnsortedSegmentSum(data=upstream, segment_ids=indices, num_segments=tf.shape(x)[0])

    return ruled(lambda x: (raw.GatherV2(params=x, indices=indices, axis=0), put_back))(x)


def take_along_axis(x: tf.Tensor, indices: tf.Tensor, axis: int) -> tf.Tensor:
    """Both have the same sizes but along `axis`."""
    indices, last = _in_range(x, axis, indices), x.shape.rank - 1
    perm = [*range(axis), *range(axis + 1, last + 1), axis]
    back = [*range(axis), last, *range(axis, last)]
    x, indices = raw.Transpose(x=x, perm=perm), raw.Transpose(x=indices, perm=perm)
    return raw.Transpose(x=tf.gather(x, indices, axis=last, batch_dims=last), perm=back)
