"""Attention on `tf.Tensor`: two products of matrices and a fused softmax."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.manipulation import permute_dims, reshape
from unifw.backends.tensorflow.native import shape
from unifw.backends.tensorflow.rules import with_backward

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
    if not dropout and (mask is None or mask.dtype is tf.bool):
        return _attend(mask, causal, scale)(query, key, value)[0]
    weights = attention_weights(query, key, mask, causal, scale)
    if dropout:
        weights = tf.nn.dropout(weights, dropout) if dropout < 1 else tf.zeros_like(weights)
    return raw.BatchMatMulV2(x=weights, y=value)


def _attend(
    mask: tf.Tensor | None, causal: bool, scale: float | None
) -> Callable[[tf.Tensor, tf.Tensor, tf.Tensor], Sequence[tf.Tensor]]:
    """With a gradient that goes over the weights half as often as that of a softmax between two products."""

    def forward(query: tf.Tensor, key: tf.Tensor, value: tf.Tensor) -> Any:
        weights = attention_weights(query, key, mask, causal, scale)
        return (raw.BatchMatMulV2(x=weights, y=value),), weights

    def backward(inputs: Any, outputs: Any, weights: tf.Tensor, upstream: Any) -> Any:
        query, key, value = inputs
        scaled = upstream[0] * _factor(query, scale)
        # the sum over keys of weights times their gradient, which a softmax takes off, is this sum over features
        total = raw.Sum(input=scaled * outputs[0], axis=[-1], keep_dims=True)
        scores = weights * (raw.BatchMatMulV2(x=scaled, y=value, adj_y=True) - total)
        found = (
            raw.BatchMatMulV2(x=scores, y=key),
            raw.BatchMatMulV2(x=scores, y=query, adj_x=True),
            raw.BatchMatMulV2(x=weights, y=upstream[0], adj_x=True),
        )
        return tuple(_as_before(slope, x) for slope, x in zip(found, inputs, strict=True))

    return with_backward(forward, backward, forward)


def _as_before(slope: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """A gradient summed over the axes along which `x` was repeated."""
    if slope.shape == x.shape and x.shape.is_fully_defined():
        return slope
    axes = raw.BroadcastGradientArgs(s0=tf.shape(slope), s1=tf.shape(x))[1]
    return tf.reshape(tf.reduce_sum(slope, axes), tf.shape(x))


def _factor(query: tf.Tensor, scale: float | None) -> tf.Tensor:
    return tf.constant(query.shape[-1] ** -0.5 if scale is None else scale, query.dtype)


def _repeated(x: tf.Tensor, heads: int) -> tf.Tensor:
    times, rest = divmod(heads, x.shape[-3])
    if rest:
        raise ValueError(f"{heads} heads of queries for {x.shape[-3]} of keys and values")
    return tf.repeat(x, times, axis=-3) if times > 1 else x


def attention_weights(
    query: tf.Tensor, key: tf.Tensor, mask: tf.Tensor | None, causal: bool, scale: float | None
) -> tf.Tensor:
    scores = raw.BatchMatMulV2(x=query * _factor(query, scale), y=key, adj_y=True)
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


def split_heads(x: tf.Tensor, parts: int, heads: int, batch_first: bool) -> list[tf.Tensor]:
    first, second, size = shape(x)
    apart = reshape(x, (first, second, parts, heads, size // (parts * heads)))
    split: list[tf.Tensor] = tf.unstack(permute_dims(apart, (2, 0, 3, 1, 4) if batch_first else (2, 1, 3, 0, 4)), parts)
    return split


def merge_heads(x: tf.Tensor, batch_first: bool) -> tf.Tensor:
    batch, heads, steps, width = shape(x)
    apart = permute_dims(x, (0, 2, 1, 3) if batch_first else (2, 0, 1, 3))
    return reshape(apart, (batch, steps, heads * width) if batch_first else (steps, batch, heads * width))


def cache_write(
    keys: tf.Variable, values: tf.Variable, start: int | tf.Tensor, key: tf.Tensor, value: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    batch, heads, steps, width = shape(key)
    first = tf.cast(start, tf.int32)
    end = first + steps
    form = (batch, heads, -1, width)
    held = [reshape(_written(storage, first, end, x), form) for storage, x in ((keys, key), (values, value))]
    return (held[0][:, :, :end], held[1][:, :, :end]) if isinstance(start, int) else (held[0], held[1])


def _written(storage: tf.Variable, start: tf.Tensor, end: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """The whole of a cache after a part was written.

    A variable that is written in part gives out copies from then on. No need here: while somebody holds what it gave
    out, the next write makes a copy.
    """
    rows, _, width = storage.shape
    raw.ResourceStridedSliceAssign(
        ref=storage.handle,
        begin=tf.stack([0, start, 0]),
        end=tf.stack([0, end, 0]),
        strides=(1, 1, 1),
        value=tf.cast(reshape(x, (rows, -1, width)), storage.dtype),
        begin_mask=0b101,
        end_mask=0b101,
    )
    raw.DisableCopyOnRead(resource=storage.handle)
    return raw.ReadVariableOp(resource=storage.handle, dtype=storage.dtype)
