"""Dense layers on `tf.Tensor`."""

from __future__ import annotations

import tensorflow as tf

from unifw.backends.tensorflow.native import shape

raw = tf.raw_ops


def linear(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | None) -> tf.Tensor:
    return _affine(x, weight, bias, turned=True)


def affine(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor) -> tf.Tensor:
    return _affine(x, weight, bias, turned=False)


def _affine(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | None, turned: bool) -> tf.Tensor:
    """The product of (..., in) and a weight (in, out), or (out, in) if it is `turned`, plus the bias."""
    matrix = x.shape.rank == 2
    out, features = weight.shape if turned else reversed(weight.shape)
    y = raw.MatMul(a=x if matrix else _as_rows(x, features), b=weight, transpose_b=turned)
    if bias is not None:  # directly after the product: a graph makes one kernel of both
        y = raw.BiasAdd(value=y, bias=bias)
    return y if matrix else tf.reshape(y, (*shape(x)[:-1], out))


def _as_rows(x: tf.Tensor, features: int) -> tf.Tensor:
    if x.shape[-1] != features:  # which a reshape would hide
        raise ValueError(f"{x.shape[-1]} features for a weight of {features}")
    return tf.reshape(x, (-1, features))


def bilinear(x1: tf.Tensor, x2: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | None) -> tf.Tensor:
    out, first, second = weight.shape
    if x1.shape[-1] != first or x2.shape[-1] != second or not x1.shape[:-1].is_compatible_with(x2.shape[:-1]):
        raise ValueError(f"{x1.shape} and {x2.shape} for {first} and {second} features")
    matrix = tf.reshape(tf.transpose(weight, (1, 0, 2)), (first, out * second))
    rows = tf.reshape(raw.MatMul(a=tf.reshape(x1, (-1, first)), b=matrix), (-1, out, second))
    y = raw.Squeeze(input=raw.BatchMatMulV2(x=rows, y=tf.reshape(x2, (-1, second, 1))), axis=[2])
    y = tf.reshape(y, (*shape(x1)[:-1], out))
    return y if bias is None else y + bias
