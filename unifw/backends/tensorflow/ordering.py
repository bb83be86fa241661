"""Dtypes that TensorFlow's kernels lack: integers that stand for their order."""

from __future__ import annotations

import tensorflow as tf

raw = tf.raw_ops


def keys(x: tf.Tensor) -> tf.Tensor:
    """Integers in the order of the elements: NaN is the greatest, the two zeros are equal."""
    if x.dtype is tf.bool:
        return tf.cast(x, tf.int8)
    if not x.dtype.is_floating:
        return x
    x = tf.cast(x, tf.float32) if x.dtype.size < 4 else x
    whole = tf.int32 if x.dtype is tf.float32 else tf.int64
    last = tf.constant(whole.max, whole)
    bits = raw.Bitcast(input=x, type=whole)
    bits = raw.SelectV2(condition=bits < 0, t=raw.BitwiseXor(x=bits, y=last), e=bits)  # -0.0 becomes -1
    bits = raw.SelectV2(condition=bits == tf.constant(-1, whole), t=tf.zeros((), whole), e=bits)
    return raw.SelectV2(condition=raw.IsNan(x=x), t=last, e=bits)


def reversed_keys(x: tf.Tensor) -> tf.Tensor:
    """Integers in the opposite order."""
    return raw.Invert(x=keys(x))
