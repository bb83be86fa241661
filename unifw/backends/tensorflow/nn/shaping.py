"""Changes of shape on `tf.Tensor`."""

from __future__ import annotations

import tensorflow as tf

from unifw.backends.tensorflow.manipulation import permute_dims, reshape
from unifw.backends.tensorflow.native import shape
from unifw.backends.tensorflow.nn.layout import channels_last

raw = tf.raw_ops


def flatten(x: tf.Tensor, start: int, end: int) -> tf.Tensor:
    merged = x.shape[start : end + 1].num_elements()
    sizes = shape(x)
    return reshape(x, (*sizes[:start], -1 if merged is None else merged, *sizes[end + 1 :]))


@channels_last
def pixel_shuffle(x: tf.Tensor, factor: int) -> tf.Tensor:
    n, height, width, channels = shape(x)
    squares = reshape(x, (n, height, width, channels // factor**2, factor, factor))
    y = permute_dims(squares, (0, 1, 4, 2, 5, 3))
    return reshape(y, (n, height * factor, width * factor, channels // factor**2))


@channels_last
def pixel_unshuffle(x: tf.Tensor, factor: int) -> tf.Tensor:
    n, height, width, channels = shape(x)
    squares = reshape(x, (n, height // factor, factor, width // factor, factor, channels))
    y = permute_dims(squares, (0, 1, 3, 5, 2, 4))
    return reshape(y, (n, height // factor, width // factor, channels * factor**2))


def channel_shuffle(x: tf.Tensor, groups: int, axis: int) -> tf.Tensor:
    sizes, rank = shape(x), x.shape.rank
    dealt = reshape(x, (*sizes[:axis], groups, sizes[axis] // groups, *sizes[axis + 1 :]))
    order = (*range(axis), axis + 1, axis, *range(axis + 2, rank + 1))
    return reshape(permute_dims(dealt, order), sizes)
