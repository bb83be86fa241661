"""Undoing pooling by TensorFlow's scatter."""

from __future__ import annotations

import math

import tensorflow as tf

from unifw.backends.tensorflow.manipulation import reshape
from unifw.backends.tensorflow.native import shape
from unifw.backends.tensorflow.scatter import places
from unifw.spec.types import Sizes


def max_unpool(x: tf.Tensor, indices: tf.Tensor, sizes: Sizes, channels_last: bool) -> tf.Tensor:
    if not x.dtype.is_floating or indices.dtype is not tf.int64 or x.shape.rank != len(sizes) + 2:
        raise ValueError(f"{x.dtype} {x.shape} at {indices.dtype} {indices.shape}")
    x.shape.assert_is_compatible_with(indices.shape)
    axis, pooled = 1 if channels_last else 2, shape(x)
    before, space, after = pooled[:axis], pooled[axis : axis + len(sizes)], pooled[axis + len(sizes) :]
    flat = (*before, math.prod(space), *after)
    where = tf.stack(places(reshape(indices, flat), axis), -1)
    zeros = tf.zeros((*before, math.prod(sizes), *after), x.dtype)
    y = tf.tensor_scatter_nd_update(zeros, where, reshape(x, flat))
    return reshape(y, (*before, *sizes, *after))
