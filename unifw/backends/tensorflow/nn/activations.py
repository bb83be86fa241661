"""Activation functions on `tf.Tensor`."""

from __future__ import annotations

import tensorflow as tf

raw = tf.raw_ops


def relu(x: tf.Tensor) -> tf.Tensor:
    return raw.Relu(features=x)
