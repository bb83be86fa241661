"""Pooling on `tf.Tensor`."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from unifw.backends.tensorflow.nn.layout import channels_last

raw = tf.raw_ops


@channels_last
def max_pool2d(
    x: tf.Tensor, kernel_size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> tf.Tensor:
    if padding != (0, 0):
        x = tf.pad(
            x,
            [(0, 0), (padding[0],) * 2, (padding[1],) * 2, (0, 0)],
            constant_values=-np.inf if x.dtype.is_floating else x.dtype.min,
        )
    return raw.MaxPool(input=x, ksize=[1, *kernel_size, 1], strides=[1, *stride, 1], padding="VALID")
