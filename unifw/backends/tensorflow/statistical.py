"""Reductions along axes, by raw operations."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.native import is_traced
from unifw.backends.tensorflow.promotion import floating
from unifw.backends.tensorflow.rules import ruled

raw = tf.raw_ops


@cache
def _every_axis(rank: int) -> tf.Tensor:
    with tf.init_scope():
        return tf.range(rank)


def _axes(x: tf.Tensor, axis: Any) -> Any:
    return axis if axis is not None else tuple(range(x.shape.rank)) if is_traced(x) else _every_axis(x.shape.rank)


_HALF = (tf.float16, tf.bfloat16)


def _accumulator(x: tf.Tensor) -> tf.Tensor:
    """Sums and products of small integers and booleans are taken in 64 bits, those of half floats in 32."""
    if x.dtype is tf.bool or (x.dtype.is_integer and x.dtype.size < 8):
        return tf.cast(x, tf.uint64 if x.dtype.is_unsigned and x.dtype is not tf.bool else tf.int64)
    return tf.cast(x, tf.float32) if x.dtype in _HALF else x


def _reduction(operation: Callable[..., Any]) -> Callable[[Any, Any, bool], Any]:
    def apply(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
        dtype = x.dtype
        if dtype is tf.float32 or dtype is tf.float64:
            return operation(input=x, axis=_axes(x, axis), keep_dims=keepdims)
        result = operation(input=_accumulator(x), axis=_axes(x, axis), keep_dims=keepdims)
        return tf.cast(result, x.dtype) if x.dtype in _HALF else result

    return apply


sum = _reduction(raw.Sum)
prod = _reduction(raw.Prod)
_mean = _reduction(raw.Mean)


def mean(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    return _mean(x if x.dtype is tf.float32 else floating(x), axis, keepdims)


def cumulative_sum(x: tf.Tensor, axis: int) -> tf.Tensor:
    total = raw.Cumsum(x=_accumulator(x), axis=axis)
    return tf.cast(total, x.dtype) if x.dtype in _HALF else total


def cumulative_prod(x: tf.Tensor, axis: int) -> tf.Tensor:
    total = _cumulative_prod(_accumulator(x), axis)
    return tf.cast(total, x.dtype) if x.dtype in _HALF else total


def _cumulative_prod(x: tf.Tensor, axis: int) -> tf.Tensor:
    if not (x.dtype.is_floating or x.dtype.is_complex):
        return raw.Cumprod(x=x, axis=axis)

    @ruled
    def product(x: tf.Tensor) -> Any:
        return raw.Cumprod(x=x, axis=axis), lambda upstream: _product_gradient(x, upstream, axis)

    return product(x)


def _product_gradient(x: tf.Tensor, upstream: tf.Tensor, axis: int) -> tf.Tensor:
    """The gradient of a running product, without the division that makes TensorFlow's own NaN at zeros.

    It is the product of what comes before an element, times r[k] = upstream[k] + x[k + 1] r[k + 1], by doubling.
    """
    before = _shifted(_cumulative_prod(x, axis), axis, -1, 1)
    total, factor, step = upstream, tf.math.conj(_shifted(x, axis, 1)), 1
    while step < (x.shape[axis] or 2**31):
        total = total + factor * _shifted(total, axis, step)
        factor = factor * _shifted(factor, axis, step)
        step *= 2
    return tf.math.conj(before) * total


def _shifted(x: tf.Tensor, axis: int, by: int, fill: int = 0) -> tf.Tensor:
    """The elements moved towards the front of the axis (the back, if negative), `fill` in their place."""
    rest = x[(*[slice(None)] * axis, slice(by, None) if by > 0 else slice(None, by))]
    missing = tf.shape(x) - tf.shape(rest)
    none = tf.zeros_like(missing)
    paddings = tf.stack([none, missing] if by > 0 else [missing, none], 1)
    return raw.PadV2(input=rest, paddings=paddings, constant_values=tf.constant(fill, x.dtype))


def max(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    return _extreme("max", raw.Max, x, axis, keepdims)


def min(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    return _extreme("min", raw.Min, x, axis, keepdims)


def _extreme(name: str, operation: Callable[..., Any], x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    _refuse_empty(name, x, axis)
    if x.dtype is tf.bool:
        return tf.cast(_extreme(name, operation, tf.cast(x, tf.int8), axis, keepdims), tf.bool)
    return operation(input=x, axis=_axes(x, axis), keep_dims=keepdims)


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
    if x.dtype in _HALF:
        return tf.cast(var(tf.cast(x, tf.float32), axis, keepdims, correction), x.dtype)
    axes = _axes(x, axis)
    deviations = x - raw.Mean(input=x, axis=axes, keep_dims=True)
    squares = tf.math.real(deviations * tf.math.conj(deviations)) if x.dtype.is_complex else raw.Square(x=deviations)
    count = tf.cast(tf.size(x) / tf.size(raw.Mean(input=x, axis=axes, keep_dims=False)), squares.dtype)
    return raw.Sum(input=squares, axis=axes, keep_dims=keepdims) / tf.maximum(count - correction, 0)


def argmax(x: tf.Tensor, axis: int | None, keepdims: bool) -> tf.Tensor:
    return _position(raw.ArgMax, x, axis, keepdims)


def argmin(x: tf.Tensor, axis: int | None, keepdims: bool) -> tf.Tensor:
    return _position(raw.ArgMin, x, axis, keepdims)


def _position(operation: Callable[..., Any], x: tf.Tensor, axis: int | None, keepdims: bool) -> tf.Tensor:
    if axis is None:
        found = _position(operation, tf.reshape(x, (-1,)), 0, False)
        return tf.reshape(found, (1,) * x.shape.rank) if keepdims else found
    found = operation(input=x, dimension=axis)
    if x.dtype.is_floating:  # the first NaN comes before all else
        is_nan = raw.IsNan(x=x)
        some = raw.Any(input=is_nan, axis=axis, keep_dims=False)
        found = raw.SelectV2(condition=some, t=raw.ArgMax(input=is_nan, dimension=axis), e=found)
    return tf.expand_dims(found, axis) if keepdims else found
