"""Unsigned integers where TensorFlow has no kernel for them."""

from __future__ import annotations

import tensorflow as tf

raw = tf.raw_ops


def bits(x: tf.Tensor) -> tf.Tensor:
    """The bits as int64: products and powers of these are right modulo the size."""
    return tf.bitcast(x, tf.int64) if x.dtype is tf.uint64 else tf.cast(x, tf.int64)


def of_bits(x: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    return tf.bitcast(x, dtype) if dtype is tf.uint64 else tf.cast(x, dtype)


def power(x1: tf.Tensor, x2: tf.Tensor) -> tf.Tensor:
    """Of exponents with the top bit others that do the same: 2**62 more or less change no power of an odd number."""
    exponent = bits(x2)
    exponent = raw.SelectV2(condition=exponent < 0, t=exponent & (1 << 63) - 1 | 1 << 62, e=exponent)
    return of_bits(raw.Pow(x=bits(x1), y=exponent), x1.dtype)


def opposite(x: tf.Tensor) -> tf.Tensor:
    return raw.AddV2(x=raw.Invert(x=x), y=tf.ones((), x.dtype))  # graphs rewrite 0 - x to a kernel that does not exist


def whether_positive(x: tf.Tensor) -> tf.Tensor:
    return tf.cast(raw.NotEqual(x=x, y=tf.zeros((), x.dtype)), x.dtype)
