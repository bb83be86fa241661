"""Dense layers on `tf.Tensor`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.manipulation import permute_dims, reshape
from unifw.backends.tensorflow.native import shape

raw = tf.raw_ops
Dense = Callable[[tf.Tensor, tf.Tensor, Any], tf.Tensor]


def linear(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | None) -> tf.Tensor:
    if x.shape.rank != 2:
        return _of_rows(linear, x, weight, bias, *weight.shape)
    y = raw.MatMul(a=x, b=weight, transpose_b=True)
    return y if bias is None else raw.BiasAdd(value=y, bias=bias)  # a graph makes one kernel of both


def affine(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | None) -> tf.Tensor:
    if x.shape.rank != 2:
        return _of_rows(affine, x, weight, bias, *reversed(weight.shape))
    y = _of_row(x, weight) if x.shape[0] == 1 and weight.shape.num_elements() >= _LARGE else raw.MatMul(a=x, b=weight)
    return y if bias is None else raw.BiasAdd(value=y, bias=bias)


_LARGE = 2**18


def _of_row(x: tf.Tensor, weight: tf.Tensor) -> tf.Tensor:
    """The same as a product of the weight, turned, with a column, for which the kernel of a large one is faster."""
    return reshape(raw.MatMul(a=weight, b=x, transpose_a=True, transpose_b=True), (1, -1))


def _of_rows(dense: Dense, x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | None, out: int, features: int) -> Any:
    """A dense layer of (..., in), by one of rows."""
    if x.shape[-1] != features:  # which a reshape would hide
        raise ValueError(f"{x.shape[-1]} features for a weight of {features}")
    return reshape(dense(reshape(x, (-1, features)), weight, bias), (*shape(x)[:-1], out))


def bilinear(x1: tf.Tensor, x2: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | None) -> tf.Tensor:
    out, first, second = weight.shape
    if x1.shape[-1] != first or x2.shape[-1] != second or not x1.shape[:-1].is_compatible_with(x2.shape[:-1]):
        raise ValueError(f"{x1.shape} and {x2.shape} for {first} and {second} features")
    matrix = reshape(permute_dims(weight, (1, 0, 2)), (first, out * second))
    rows = reshape(raw.MatMul(a=reshape(x1, (-1, first)), b=matrix), (-1, out, second))
    y = raw.Squeeze(input=raw.BatchMatMulV2(x=rows, y=reshape(x2, (-1, second, 1))), axis=[2])
    y = reshape(y, (*shape(x1)[:-1], out))
    return y if bias is None else y + bias
