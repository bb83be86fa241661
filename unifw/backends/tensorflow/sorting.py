"""Order and distinct elements, by TensorFlow."""

from __future__ import annotations

import tensorflow as tf


def sort(x: tf.Tensor, axis: int, descending: bool) -> tf.Tensor:
    return tf.sort(x, axis, "DESCENDING" if descending else "ASCENDING")


def argsort(x: tf.Tensor, axis: int, descending: bool) -> tf.Tensor:
    direction = "DESCENDING" if descending else "ASCENDING"
    return tf.cast(tf.argsort(x, axis, direction, stable=True), tf.int64)


def unique_values(x: tf.Tensor) -> tf.Tensor:
    if x.dtype is tf.bool:  # which tf.sort refuses
        return tf.cast(unique_values(tf.cast(x, tf.int8)), tf.bool)
    return tf.sort(tf.unique(tf.reshape(x, (-1,))).y)
