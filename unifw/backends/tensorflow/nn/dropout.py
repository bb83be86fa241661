"""Dropout on `tf.Tensor`."""

from __future__ import annotations

import tensorflow as tf

from unifw.backends.tensorflow.native import shape
from unifw.backends.tensorflow.promotion import constant
from unifw.backends.tensorflow.random import draw

raw = tf.raw_ops


def dropout(x: tf.Tensor, p: float) -> tf.Tensor:
    if p == 1:
        return tf.zeros_like(x)
    kept = draw("uniform", shape(x), tf.float32 if x.dtype.size < 4 else x.dtype) >= p
    return raw.SelectV2(condition=kept, t=x / constant(1 - p, x.dtype), e=tf.zeros((), x.dtype))


def keep_mask(x: tf.Tensor, p: float, channels: int | None) -> tf.Tensor:
    sizes = tuple(n if channels is None or i in (0, channels) else 1 for i, n in enumerate(shape(x)))
    return tf.cast(draw("uniform", sizes, tf.float32) >= p, x.dtype)
