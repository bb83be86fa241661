"""Shapes, by TensorFlow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, lru_cache
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.native import eager, integers, kept_integers, op, static_shape, thread
from unifw.backends.tensorflow.native import shape as _shape

_reshape, _transpose, _expand, _broadcast = op("Reshape"), op("Transpose"), op("ExpandDims"), op("BroadcastTo")
_join, _reverse, _roll = op("ConcatV2"), op("ReverseV2"), op("Roll")


def reshape(x: tf.Tensor, shape: tuple[Any, ...]) -> tf.Tensor:
    return _reshape(x, _kept_sizes(*shape) if thread.is_eager else shape)


@lru_cache(maxsize=4096, typed=True)
def _kept_sizes(*shape: int) -> tf.Tensor:
    if -1 in shape and 0 in shape:
        raise ValueError("rows of any number have no elements")  # the kernel would take some number
    return kept_integers(*shape)


def permute_dims(x: tf.Tensor, axes: tuple[int, ...]) -> tf.Tensor:
    return _transpose(x, integers(axes))


def expand_dims(x: tf.Tensor, axis: int) -> tf.Tensor:
    return _expand(x, axis)


def squeeze(x: tf.Tensor, axis: tuple[int, ...]) -> tf.Tensor:
    if not axis:
        return x
    if thread.is_eager:
        try:
            return _quick_squeeze(x, "squeeze_dims", axis)
        except Exception:
            pass  # what follows says why
    return tf.squeeze(x, list(axis))


_quick_squeeze = eager("Squeeze")


def broadcast_to(x: tf.Tensor, shape: tuple[Any, ...]) -> tf.Tensor:
    if len(shape) <= MOST_BROADCAST_AXES:
        return _broadcast(x, integers(shape))
    sizes = (1,) * (len(shape) - x.shape.rank) + _shape(x)
    pairs = [*zip(sizes, shape, strict=True)]  # a size that a graph leaves open is taken to fit
    if any(type(size) is type(target) is int and size not in (1, target) for size, target in pairs):
        raise ValueError(f"{sizes} does not broadcast to {shape}")
    if x.dtype is tf.uint16:  # there is no kernel
        return tf.bitcast(broadcast_to(tf.bitcast(x, tf.int16), shape), tf.uint16)
    return tf.tile(tf.reshape(x, sizes), [target if type(size) is int and size == 1 else 1 for size, target in pairs])


MOST_BROADCAST_AXES = 5  # of TensorFlow's kernel on the CPU


def concat(xs: Sequence[tf.Tensor], axis: int) -> tf.Tensor:
    return _join(list(xs), axis) if len(xs) > 1 else tf.concat(xs, axis)


@cache
def _along(axis: int) -> Callable[[list[tf.Tensor]], tf.Tensor]:
    return op("Pack", axis=axis)


def stack(xs: Sequence[tf.Tensor], axis: int) -> tf.Tensor:
    return _along(axis)(list(xs))


def unstack(x: tf.Tensor, axis: int) -> Sequence[tf.Tensor]:
    return _apart(x.shape[axis], axis)(x)


@cache
def _apart(size: int, axis: int) -> Callable[[tf.Tensor], Sequence[tf.Tensor]]:
    return op("Unpack", num=size, axis=axis)


def flip(x: tf.Tensor, axes: tuple[int, ...]) -> tf.Tensor:
    return _reverse(x, integers(tuple(axes)))


def roll(x: tf.Tensor, shifts: tuple[int, ...], axes: tuple[int, ...]) -> tf.Tensor:
    sizes = static_shape(x)
    shifts = tuple(shift % (sizes[axis] or 2**31) for shift, axis in zip(shifts, axes, strict=True))  # of 32 bits
    return _roll(x, integers(shifts), integers(axes))


def shares_memory(x: tf.Tensor, y: tf.Tensor) -> bool:
    """Whether a reshaped tensor has the memory of the other: always, since TensorFlow has one order in memory."""
    return True
