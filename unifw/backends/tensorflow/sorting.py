"""Order and position, by TensorFlow: `TopK` on integers, as TensorFlow's own sort leaves NaN anywhere."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.ordering import keys, reversed_keys
from unifw.backends.tensorflow.scatter import gather, last_first

raw = tf.raw_ops


def sort(x: tf.Tensor, axis: int, descending: bool) -> tf.Tensor:
    return gather(x, argsort(x, axis, descending), axis)


def argsort(x: tf.Tensor, axis: int, descending: bool) -> tf.Tensor:
    return top_k(x, tf.shape(x)[axis], axis, descending)


def top_k(x: tf.Tensor, k: Any, axis: int, largest: bool) -> tf.Tensor:
    x = last_first(keys(x) if largest else reversed_keys(x), axis)
    return last_first(tf.cast(raw.TopKV2(input=x, k=k).indices, tf.int64), axis)


def searchsorted(x1: tf.Tensor, x2: tf.Tensor, right: bool) -> tf.Tensor:
    bound = raw.UpperBound if right else raw.LowerBound
    row = tf.reshape(keys(x2), (1, -1))
    return tf.reshape(bound(sorted_inputs=keys(x1)[None], values=row, out_type=tf.int64), tf.shape(x2))


def nonzero(x: tf.Tensor) -> tuple[tf.Tensor, ...]:
    there = raw.Where(condition=x if x.dtype is tf.bool else raw.NotEqual(x=x, y=tf.zeros((), x.dtype)))
    return tuple(tf.unstack(there, axis=1, num=x.shape.rank))
