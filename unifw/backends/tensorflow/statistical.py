"""Reductions along axes, by raw operations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.manipulation import MOST_BROADCAST_AXES
from unifw.backends.tensorflow.native import (
    cast,
    eager,
    integers,
    kept_integers,
    op,
    shape,
    static_shape,
    thread,
    truth,
)
from unifw.backends.tensorflow.promotion import constant, floating
from unifw.backends.tensorflow.rules import ruled

raw = tf.raw_ops


def _each(x: tf.Tensor, axis: Any) -> tuple[int, ...]:
    return tuple(range(x.shape.rank)) if axis is None else tuple(axis) if isinstance(axis, (tuple, list)) else (axis,)


def _axes(x: tf.Tensor, axis: Any) -> Any:
    return integers(_each(x, axis))


_Operation = Callable[..., Any]
_HALF = (tf.float16, tf.bfloat16)


def _accumulator(x: tf.Tensor) -> tf.Tensor:
    """Sums and products of small integers and booleans are taken in 64 bits, those of half floats in 32."""
    if x.dtype is tf.bool or (x.dtype.is_integer and x.dtype.size < 8):
        return cast(x, tf.uint64 if x.dtype.is_unsigned and x.dtype is not tf.bool else tf.int64)
    return cast(x, tf.float32) if x.dtype in _HALF else x


def _reducing(name: str) -> tuple[_Operation, _Operation]:
    """The operation without and with `keepdims`."""
    return op(name, keep_dims=False), op(name, keep_dims=True)


def _reduction(name: str) -> Callable[[Any, Any, bool], Any]:
    operation, quick = _reducing(name), eager(name)

    def apply(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
        dtype = x.dtype
        if dtype is tf.float32 or dtype is tf.float64:
            if type(axis) is int and thread.is_eager:
                return quick(x, kept_integers(axis), "keep_dims", keepdims)
            return operation[keepdims](x, _axes(x, axis))
        result = operation[keepdims](_accumulator(x), _axes(x, axis))
        return cast(result, x.dtype) if x.dtype in _HALF else result

    return apply


sum = _reduction("Sum")
_prod = _reduction("Prod")
_mean = _reduction("Mean")


def mean(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    if x.dtype.is_complex:  # of no complex numbers TensorFlow's mean is 0
        return tf.complex(*(_mean(part, axis, keepdims) for part in (tf.math.real(x), tf.math.imag(x))))
    return _mean(x if x.dtype is tf.float32 else floating(x), axis, keepdims)


def prod(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    if not (x.dtype.is_floating or x.dtype.is_complex):
        return _prod(x, axis, keepdims)
    axes = tuple(range(x.shape.rank)) if axis is None else axis if isinstance(axis, tuple) else (axis,)

    @ruled
    def product(x: tf.Tensor) -> Any:
        return _prod(x, axes, keepdims), lambda upstream: _product_of_others(x, axes) * _spread(upstream, x, axes)

    return product(x)


def _product_of_others(x: tf.Tensor, axes: tuple[int, ...]) -> tf.Tensor:
    """For each element the conjugate product of all others along the axes, which may be zeros."""
    kept = [axis for axis in range(x.shape.rank) if axis not in [i % x.shape.rank for i in axes]]
    order = [*kept, *(i % x.shape.rank for i in axes)]
    moved = raw.Transpose(x=tf.math.conj(x), perm=order)
    rows = tf.reshape(moved, tf.concat([tf.shape(moved)[: len(kept)], [-1]], 0))
    last = len(kept)
    before = _shifted(_cumulative_prod(rows, last), last, -1, 1)
    behind = _shifted(_cumulative_prod(tf.reverse(rows, [last]), last), last, -1, 1)
    others = tf.reshape(before * tf.reverse(behind, [last]), tf.shape(moved))
    return raw.Transpose(x=others, perm=[order.index(axis) for axis in range(x.shape.rank)])


def _spread(reduced: tf.Tensor, x: tf.Tensor, axes: tuple[int, ...]) -> tf.Tensor:
    """The result of a reduction with its axes back, of length 1."""
    sizes = tf.tensor_scatter_nd_update(tf.shape(x), [[axis % x.shape.rank] for axis in axes], [1] * len(axes))
    return tf.reshape(reduced, sizes) if axes else reduced


def cumulative_sum(x: tf.Tensor, axis: int) -> tf.Tensor:
    total = raw.Cumsum(x=_accumulator(x), axis=axis)
    return cast(total, x.dtype) if x.dtype in _HALF else total


def cumulative_prod(x: tf.Tensor, axis: int) -> tf.Tensor:
    total = _cumulative_prod(_accumulator(x), axis)
    return cast(total, x.dtype) if x.dtype in _HALF else total


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


_MAX, _MIN, _ANY, _ALL = _reducing("Max"), _reducing("Min"), _reducing("Any"), _reducing("All")


def max(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    return _extreme("max", _MAX, x, axis, keepdims)


def min(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    return _extreme("min", _MIN, x, axis, keepdims)


def _extreme(
    name: str, operation: tuple[Callable[..., Any], ...], x: tf.Tensor, axis: Any, keepdims: bool
) -> tf.Tensor:
    _refuse_empty(name, x, axis)
    if x.dtype is tf.bool:
        return cast(_extreme(name, operation, cast(x, tf.int8), axis, keepdims), tf.bool)
    return operation[keepdims](x, _axes(x, axis))


def _refuse_empty(name: str, x: tf.Tensor, axis: Any) -> None:
    sizes = static_shape(x)
    if 0 in sizes and 0 in [sizes[i] for i in _each(x, axis)]:
        raise ValueError(f"{name} of no elements")


def any(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    return _ANY[keepdims](truth(x), _axes(x, axis))


def all(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    return _ALL[keepdims](truth(x), _axes(x, axis))


def var(x: tf.Tensor, axis: Any, keepdims: bool, correction: float) -> tf.Tensor:
    x = floating(x)
    if x.dtype in _HALF:
        return cast(var(cast(x, tf.float32), axis, keepdims, correction), x.dtype)
    axes = _axes(x, axis)
    deviations = x - _back(raw.Mean(input=x, axis=axes, keep_dims=True), x, axis)
    squares = tf.math.real(deviations * tf.math.conj(deviations)) if x.dtype.is_complex else raw.Square(x=deviations)
    count = cast(tf.size(x) / tf.size(raw.Mean(input=x, axis=axes, keep_dims=False)), squares.dtype)
    left = count - correction
    divisor = raw.SelectV2(condition=left > 0, t=left, e=constant(math.nan, left.dtype))  # undefined, as in PyTorch
    return raw.Sum(input=squares, axis=axes, keep_dims=keepdims) / divisor


def _back(reduced: tf.Tensor, x: tf.Tensor, axis: Any) -> tf.Tensor:
    """What `keepdims` left, in the shape of `x` if that is of more axes than the kernels broadcast over."""
    if x.shape.rank <= MOST_BROADCAST_AXES:
        return reduced
    axes = [one % x.shape.rank for one in _each(x, axis)]
    return tf.tile(reduced, [size if one in axes else 1 for one, size in enumerate(shape(x))])


def argmax(x: tf.Tensor, axis: int | None, keepdims: bool) -> tf.Tensor:
    return _position(raw.ArgMax, x, axis, keepdims)


def argmin(x: tf.Tensor, axis: int | None, keepdims: bool) -> tf.Tensor:
    return _position(raw.ArgMin, x, axis, keepdims)


def _position(operation: Callable[..., Any], x: tf.Tensor, axis: int | None, keepdims: bool) -> tf.Tensor:
    if axis is None:
        found = _position(operation, tf.reshape(x, (-1,)), 0, False)
        return tf.reshape(found, (1,) * x.shape.rank) if keepdims else found
    if x.shape.rank > _MOST_SEARCHED_AXES:
        return _position_of_many(operation, x, axis, keepdims)
    found = operation(input=x, dimension=axis)
    if x.dtype.is_floating:  # the first NaN comes before all else
        is_nan = raw.IsNan(x=x)
        some = raw.Any(input=is_nan, axis=axis, keep_dims=False)
        found = raw.SelectV2(condition=some, t=raw.ArgMax(input=is_nan, dimension=axis), e=found)
    return tf.expand_dims(found, axis) if keepdims else found


_MOST_SEARCHED_AXES = 7  # of TensorFlow's kernels


def _position_of_many(operation: Callable[..., Any], x: tf.Tensor, axis: int, keepdims: bool) -> tf.Tensor:
    """With the axes before and after it taken as one each."""
    sizes = tf.shape(x)
    before, behind = sizes[:axis], sizes[axis + 1 :]
    rows = tf.reshape(x, [tf.reduce_prod(before), sizes[axis], tf.reduce_prod(behind)])
    found = _position(operation, rows, 1, False)
    return tf.reshape(found, tf.concat([before, [1] if keepdims else [], behind], 0))
