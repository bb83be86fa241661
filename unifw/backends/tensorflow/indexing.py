"""Indexing `tf.Tensor` as the standard does: with arrays and masks, and assignment as a new tensor."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf


def getitem(x: tf.Tensor, key: Any) -> tf.Tensor:
    if type(key) is int and x.shape[0] is not None:
        if not -x.shape[0] <= key < x.shape[0]:
            raise IndexError(f"index {key} is out of bounds for axis 0 with size {x.shape[0]}")
        return x[key]
    parts = key if isinstance(key, tuple) else (key,)
    if _all_basic(parts):
        _check_bounds(x, parts)
        return x[_plain(key)]
    positions = _positions(x, parts)
    return tf.gather(tf.reshape(x, (-1,)), positions)


def _all_basic(parts: Sequence[Any]) -> bool:
    """Whether an index has only integers, slices, `...` and None in it."""
    return all(part is None or part is Ellipsis or isinstance(part, (slice, int, np.integer)) for part in parts)


def _plain(key: Any) -> Any:
    return tuple(tf.newaxis if part is None else part for part in key) if isinstance(key, tuple) else key


def _check_bounds(x: tf.Tensor, parts: Sequence[Any]) -> None:
    """Raise IndexError as NumPy does; TensorFlow's own check is by an operation's status."""
    axis = 0
    used = sum(part is not None and part is not Ellipsis for part in parts)
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


def _positions(x: tf.Tensor, parts: Sequence[Any]) -> tf.Tensor:
    """The flat positions that an index with arrays or masks selects, found by indexing the positions with NumPy."""
    if tf.is_symbolic_tensor(x) or any(isinstance(part, tf.Tensor) and tf.is_symbolic_tensor(part) for part in parts):
        raise TypeError("array and mask indices need static values in a traced graph; write unifw.take or unifw.where")
    numbers = np.arange(int(np.prod(x.shape))).reshape(tuple(x.shape))
    return numbers[tuple(part.numpy() if isinstance(part, tf.Tensor) else part for part in parts)]


def setitem(x: tf.Tensor, key: Any, value: Any) -> tf.Tensor:
    positions = _positions(x, key if isinstance(key, tuple) else (key,))
    updates = tf.broadcast_to(tf.cast(value, x.dtype), positions.shape)
    flat = tf.reshape(x, (-1,))
    changed = tf.tensor_scatter_nd_update(flat, positions.reshape(-1, 1), tf.reshape(updates, (-1,)))
    return tf.reshape(changed, x.shape)


def take(x: tf.Tensor, indices: tf.Tensor, axis: int) -> tf.Tensor:
    size = tf.cast(tf.shape(x)[axis], indices.dtype)
    return tf.gather(x, tf.where(indices < 0, indices + size, indices), axis=axis)
