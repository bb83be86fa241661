"""Rows of a table on `tf.Tensor`."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from unifw.backends.tensorflow.manipulation import reshape
from unifw.backends.tensorflow.storage import laid, public

raw = tf.raw_ops


def embedding(indices: tf.Tensor, weight: tf.Tensor, padding_idx: int | None, by_frequency: bool) -> tf.Tensor:
    _check(indices)
    y = raw.GatherV2(params=weight, indices=indices, axis=0)
    if by_frequency:
        ones = tf.ones_like(indices, weight.dtype)
        counts = tf.math.unsorted_segment_sum(ones, indices, weight.shape[0])
        share = tf.expand_dims(1 / tf.gather(counts, indices), -1)
        y = y * share + tf.stop_gradient(y * (1 - share))
    if padding_idx is None:
        return y
    return tf.where(tf.expand_dims(indices == padding_idx, -1), tf.stop_gradient(y), y)


def _check(indices: tf.Tensor) -> None:
    if indices.dtype not in (tf.int32, tf.int64):
        raise TypeError(f"indices of {indices.dtype.name}")


def embedding_renorm(weight: tf.Variable, indices: tf.Tensor, max_norm: float, norm_type: float) -> None:
    _check(indices)
    flat = reshape(indices, (-1,))
    stored = weight.read_value()
    table = public(stored, weight)
    rows = tf.gather(table, flat)
    norms = tf.norm(rows, norm_type, -1, keepdims=True)
    scale = tf.where(norms > max_norm, max_norm / (norms + 1e-7), tf.ones_like(norms))
    if table is stored:
        weight.scatter_update(tf.IndexedSlices(rows * scale, flat), use_locking=False)
    else:  # a dense layer's weight, whose rows lie across
        weight.assign(laid(tf.tensor_scatter_nd_update(table, flat[:, None], rows * scale), weight))


def embedding_bag(
    indices: tf.Tensor,
    weight: tf.Tensor,
    mode: str,
    per_sample_weights: tf.Tensor | None,
    padding_idx: int | None,
) -> tf.Tensor:
    _check(indices)
    rows = raw.GatherV2(params=weight, indices=indices, axis=0)
    counts = tf.ones_like(indices, tf.bool) if padding_idx is None else indices != padding_idx
    counted = tf.cast(tf.expand_dims(counts, -1), rows.dtype)
    if mode == "max":
        lowest = tf.constant(-np.inf, rows.dtype)
        most = _first_maximum(tf.where(counts[..., None], rows, lowest))
        return tf.where(tf.reduce_any(counts, -1, keepdims=True), most, tf.zeros_like(most))
    if per_sample_weights is not None:
        rows = rows * tf.expand_dims(per_sample_weights, -1)
    total = tf.reduce_sum(rows * counted, -2)
    return total if mode == "sum" else total / tf.maximum(tf.reduce_sum(counted, -2), 1)


def _first_maximum(x: tf.Tensor) -> tf.Tensor:
    """The maximum along axis 1 of (bags, n, features), whose gradient goes to the first of equal ones."""
    if x.shape[1] == 0:
        return tf.zeros_like(tf.reduce_sum(x, 1))
    where = tf.stop_gradient(tf.argmax(x, 1))
    return tf.reduce_sum(tf.where(tf.one_hot(where, tf.shape(x)[1], axis=1, on_value=True, off_value=False), x, 0), 1)
