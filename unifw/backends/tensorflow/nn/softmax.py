"""Gates along an axis on `tf.Tensor`."""

from __future__ import annotations

import tensorflow as tf

raw = tf.raw_ops


def glu(x: tf.Tensor, axis: int) -> tf.Tensor:
    first, second = tf.split(x, 2, axis)
    return first * raw.Sigmoid(x=second)
