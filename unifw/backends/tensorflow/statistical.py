"""Reductions along axes, by raw operations."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.native import is_traced
from unifw.backends.tensorflow.promotion import floating

raw = tf.raw_ops


@cache
def _every_axis(rank: int) -> tf.Tensor:
    with tf.init_scope():
        return tf.range(rank)


def _axes(x: tf.Tensor, axis: Any) -> Any:
    return axis if axis is not None else tuple(range(x.shape.rank)) if is_traced(x) else _every_axis(x.shape.rank)


def _accumulator(x: tf.Tensor) -> tf.Tensor:
    """Sums and products of small integers and booleans are taken in 64 bits."""
    if x.dtype is tf.bool or (x.dtype.is_integer and x.dtype.size < 8):
        return tf.cast(x, tf.uint64 if x.dtype.is_unsigned and x.dtype is not tf.bool else tf.int64)
    return x


def sum(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    x = _accumulator(x)
    return raw.Sum(input=x, axis=_axes(x, axis), keep_dims=keepdims)


def prod(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    x = _accumulator(x)
    return raw.Prod(input=x, axis=_axes(x, axis), keep_dims=keepdims)


def mean(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    x = floating(x)
    return raw.Mean(input=x, axis=_axes(x, axis), keep_dims=keepdims)


def max(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    _refuse_empty("max", x, axis)
    return raw.Max(input=x, axis=_axes(x, axis), keep_dims=keepdims)


def min(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    _refuse_empty("min", x, axis)
    return raw.Min(input=x, axis=_axes(x, axis), keep_dims=keepdims)


def _refuse_empty(name: str, x: tf.Tensor, axis: Any) -> None:
    axes = range(x.shape.rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if 0 in [x.shape[i] for i in axes]:
        raise ValueError(f"{name} of no elements")


def any(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    return raw.Any(input=tf.cast(x, tf.bool), axis=_axes(x, axis), keep_dims=keepdims)


def all(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    return raw.All(input=tf.cast(x, tf.bool), axis=_axes(x, axis), keep_dims=keepdims)


def var(x: tf.Tensor, axis: Any, keepdims: bool, correction: float) -> tf.Tensor:
    x = floating(x)
    axes = _axes(x, axis)
    squares = raw.Square(x=x - raw.Mean(input=x, axis=axes, keep_dims=True))
    count = tf.cast(tf.size(x) / tf.size(raw.Mean(input=x, axis=axes, keep_dims=False)), x.dtype)
    return raw.Sum(input=squares, axis=axes, keep_dims=keepdims) / tf.maximum(count - correction, 0)


def _arg(operation: Callable[..., Any]) -> Callable[[Any, Any, Any], Any]:
    def apply(x: Any, axis: int | None, keepdims: bool) -> Any:
        rank = x.shape.rank
        if axis is None:
            found = operation(input=tf.reshape(x, (-1,)), dimension=0)
            return tf.reshape(found, (1,) * rank) if keepdims else found
        found = operation(input=x, dimension=axis)
        return tf.expand_dims(found, axis) if keepdims else found

    return apply


argmax = _arg(raw.ArgMax)
argmin = _arg(raw.ArgMin)
