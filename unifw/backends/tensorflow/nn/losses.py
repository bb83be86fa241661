"""Losses on `tf.Tensor`."""

from __future__ import annotations

import tensorflow as tf

raw = tf.raw_ops


def cross_entropy(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.cast(targets, tf.int64), logits=logits)
