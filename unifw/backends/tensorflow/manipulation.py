"""Shapes, by TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

raw = tf.raw_ops


def reshape(x: tf.Tensor, shape: tuple[Any, ...]) -> tf.Tensor:
    return raw.Reshape(tensor=x, shape=shape)


def permute_dims(x: tf.Tensor, axes: tuple[int, ...]) -> tf.Tensor:
    return raw.Transpose(x=x, perm=axes)


def expand_dims(x: tf.Tensor, axis: int) -> tf.Tensor:
    return raw.ExpandDims(input=x, axis=axis)


def squeeze(x: tf.Tensor, axis: tuple[int, ...]) -> tf.Tensor:
    return tf.squeeze(x, list(axis)) if axis else x


def broadcast_to(x: tf.Tensor, shape: tuple[Any, ...]) -> tf.Tensor:
    if len(shape) <= _MOST_BROADCAST_AXES:
        return raw.BroadcastTo(input=x, shape=shape)
    sizes = (1,) * (len(shape) - x.shape.rank) + tuple(x.shape)
    if any(size not in (1, target) for size, target in zip(sizes, shape, strict=True)):
        raise ValueError(f"{sizes} does not broadcast to {shape}")
    return tf.tile(
        tf.reshape(x, sizes), [target if size == 1 else 1 for size, target in zip(sizes, shape, strict=True)]
    )


_MOST_BROADCAST_AXES = 5  # of TensorFlow's kernel on the CPU


def concat(xs: Sequence[tf.Tensor], axis: int) -> tf.Tensor:
    return tf.concat(xs, axis)


def stack(xs: Sequence[tf.Tensor], axis: int) -> tf.Tensor:
    return tf.stack(xs, axis)


def flip(x: tf.Tensor, axes: tuple[int, ...]) -> tf.Tensor:
    return tf.reverse(x, list(axes))


def roll(x: tf.Tensor, shifts: tuple[int, ...], axes: tuple[int, ...]) -> tf.Tensor:
    return raw.Roll(input=x, shift=shifts, axis=axes)


def shares_memory(x: tf.Tensor, y: tf.Tensor) -> bool:
    """Whether a reshaped tensor has the memory of the other: always, since TensorFlow has one order in memory."""
    return True
