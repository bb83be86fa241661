"""Changes of shape on `tf.Tensor`."""

from __future__ import annotations

import tensorflow as tf

from unifw.backends.tensorflow.native import shape

raw = tf.raw_ops


def flatten(x: tf.Tensor, start: int, end: int) -> tf.Tensor:
    merged = x.shape[start : end + 1].num_elements()
    sizes = shape(x)
    return tf.reshape(x, (*sizes[:start], -1 if merged is None else merged, *sizes[end + 1 :]))
