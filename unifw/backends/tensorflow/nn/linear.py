"""Dense layers on `tf.Tensor`."""

from __future__ import annotations

import tensorflow as tf

from unifw.backends.tensorflow.native import shape

raw = tf.raw_ops


def linear(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | None) -> tf.Tensor:
    if x.shape.rank == 2:
        y = raw.MatMul(a=x, b=weight, transpose_b=True)
    else:
        features, out = weight.shape[1], weight.shape[0]
        if x.shape[-1] != features:  # which a reshape to rows would hide
            raise ValueError(f"{x.shape[-1]} features for a weight of {features}")
        rows = raw.MatMul(a=tf.reshape(x, (-1, features)), b=weight, transpose_b=True)
        y = tf.reshape(rows, (*shape(x)[:-1], out))
    if bias is None:
        return y
    return raw.BiasAdd(value=y, bias=bias) if x.shape.rank > 1 else y + bias
