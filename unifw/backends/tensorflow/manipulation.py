"""Shapes, by TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.native import TF, UNIFW
from unifw.dtypes import promote

raw = tf.raw_ops


def reshape(x: tf.Tensor, shape: tuple[Any, ...]) -> tf.Tensor:
    return raw.Reshape(tensor=x, shape=shape)


def permute_dims(x: tf.Tensor, axes: tuple[int, ...]) -> tf.Tensor:
    return raw.Transpose(x=x, perm=axes)


def expand_dims(x: tf.Tensor, axis: int) -> tf.Tensor:
    return raw.ExpandDims(input=x, axis=axis)


def squeeze(x: tf.Tensor, axis: tuple[int, ...]) -> tf.Tensor:
    return tf.squeeze(x, list(axis)) if axis else x


def broadcast_to(x: tf.Tensor, shape: tuple[Any, ...]) -> tf.Tensor:
    return raw.BroadcastTo(input=x, shape=shape)


def concat(xs: Sequence[tf.Tensor], axis: int) -> tf.Tensor:
    return tf.concat(_common(xs), axis)


def stack(xs: Sequence[tf.Tensor], axis: int) -> tf.Tensor:
    return tf.stack(_common(xs), axis)


def _common(xs: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    common = UNIFW[xs[0].dtype]
    for x in xs[1:]:
        common = promote(common, UNIFW[x.dtype])
    return [tf.cast(x, TF[common]) for x in xs]


def flip(x: tf.Tensor, axes: tuple[int, ...]) -> tf.Tensor:
    return tf.reverse(x, list(axes))
