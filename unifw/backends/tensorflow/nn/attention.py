"""Attention on `tf.Tensor`: two products of matrices and a fused softmax."""

from __future__ import annotations

import tensorflow as tf

from unifw.backends.tensorflow.native import shape

raw = tf.raw_ops


def attention(
    query: tf.Tensor,
    key: tf.Tensor,
    value: tf.Tensor,
    mask: tf.Tensor | None,
    dropout: float,
    causal: bool,
    scale: float | None,
    grouped: bool,
) -> tf.Tensor:
    if grouped:
        key, value = (_repeated(x, query.shape[-3]) for x in (key, value))
    weights = attention_weights(query, key, mask, causal, scale)
    if dropout:
        weights = tf.nn.dropout(weights, dropout) if dropout < 1 else tf.zeros_like(weights)
    return raw.BatchMatMulV2(x=weights, y=value)


def _repeated(x: tf.Tensor, heads: int) -> tf.Tensor:
    times, rest = divmod(heads, x.shape[-3])
    if rest:
        raise ValueError(f"{heads} heads of queries for {x.shape[-3]} of keys and values")
    return tf.repeat(x, times, axis=-3) if times > 1 else x


def attention_weights(
    query: tf.Tensor, key: tf.Tensor, mask: tf.Tensor | None, causal: bool, scale: float | None
) -> tf.Tensor:
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    scores = raw.BatchMatMulV2(x=query * tf.constant(factor, query.dtype), y=key, adj_y=True)
    lowest = tf.constant(scores.dtype.min, scores.dtype)
    if causal:  # each query sees a key at least
        return tf.nn.softmax(tf.where(_lower_triangle(scores), scores, lowest))
    if mask is None:
        return tf.nn.softmax(scores)
    allowed = mask if mask.dtype is tf.bool else mask > -float("inf")
    scores = scores if mask is allowed else scores + mask
    return tf.where(allowed, tf.nn.softmax(tf.where(allowed, scores, lowest)), tf.zeros((), scores.dtype))


def _lower_triangle(scores: tf.Tensor) -> tf.Tensor:
    queries, keys = shape(scores)[-2:]
    return tf.range(queries)[:, None] >= tf.range(keys)[None]


def cache_write(storage: tf.Variable, start: int | tf.Tensor, value: tf.Tensor) -> None:
    start = tf.cast(start, tf.int32)
    end = start + tf.shape(value)[2]
    raw.ResourceStridedSliceAssign(
        ref=storage.handle,
        begin=tf.stack([0, 0, start, 0]),
        end=tf.stack([0, 0, end, 0]),
        strides=(1, 1, 1, 1),
        value=value,
        begin_mask=0b1011,
        end_mask=0b1011,
    )
