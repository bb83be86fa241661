"""Losses of pairs and triplets, and distances, on `tf.Tensor`."""

from __future__ import annotations

import tensorflow as tf

from unifw.backends.tensorflow.nn.regression_losses import reduced

raw = tf.raw_ops
_NEAR_ZERO = 1e-12  # what PyTorch's cosine_embedding_loss adds to squared lengths


def _root(squares: tf.Tensor) -> tf.Tensor:
    """The square root, with a gradient of 0 at 0 as PyTorch's norms have it."""
    positive = squares > 0
    return tf.where(positive, tf.sqrt(tf.where(positive, squares, tf.ones_like(squares))), tf.zeros_like(squares))


def cosine_similarity(x1: tf.Tensor, x2: tf.Tensor, axis: int, eps: float) -> tf.Tensor:
    def direction(x: tf.Tensor) -> tf.Tensor:
        length = _root(tf.reduce_sum(x * x, axis, keepdims=True))
        return x / (length + tf.stop_gradient(tf.maximum(length, eps) - length))

    if x1.shape != x2.shape:  # each to the size of both, of which its length is
        x1, x2 = x1 + tf.zeros_like(x2), x2 + tf.zeros_like(x1)
    return tf.reduce_sum(direction(x1) * direction(x2), axis)


def pairwise_distance(x1: tf.Tensor, x2: tf.Tensor, p: float, eps: float, keepdims: bool) -> tf.Tensor:
    apart = tf.abs(x1 - x2 + eps)
    if p == 2:
        return _root(tf.reduce_sum(apart * apart, -1, keepdims=keepdims))
    if p == 1:
        return tf.reduce_sum(apart, -1, keepdims=keepdims)
    if p == float("inf"):
        return tf.reduce_max(apart, -1, keepdims=keepdims)
    if p == 0:
        return tf.reduce_sum(tf.cast(apart > 0, apart.dtype), -1, keepdims=keepdims)
    total = tf.reduce_sum(apart**p, -1, keepdims=keepdims)
    return tf.where(total > 0, tf.where(total > 0, total, tf.ones_like(total)) ** (1 / p), tf.zeros_like(total))


def cosine_embedding_loss(x1: tf.Tensor, x2: tf.Tensor, targets: tf.Tensor, margin: float, reduction: str) -> tf.Tensor:
    if targets.shape.rank != x1.shape.rank - 1:
        raise ValueError(f"targets of {targets.shape} for {x1.shape}")
    lengths = (tf.reduce_sum(x1 * x1, -1) + _NEAR_ZERO) * (tf.reduce_sum(x2 * x2, -1) + _NEAR_ZERO)
    cosine = tf.reduce_sum(x1 * x2, -1) / tf.sqrt(lengths)
    nothing = tf.zeros_like(cosine)
    alike = tf.where(tf.equal(targets, 1), 1 - cosine, nothing)
    return reduced(alike + tf.where(tf.equal(targets, -1), tf.maximum(cosine - margin, 0), nothing), reduction)


def margin_ranking_loss(x1: tf.Tensor, x2: tf.Tensor, targets: tf.Tensor, margin: float, reduction: str) -> tf.Tensor:
    return reduced(tf.maximum(-targets * (x1 - x2) + margin, 0), reduction)


def triplet_margin_loss(
    anchor: tf.Tensor,
    positive: tf.Tensor,
    negative: tf.Tensor,
    margin: float,
    p: float,
    eps: float,
    swap: bool,
    reduction: str,
) -> tf.Tensor:
    near, far = (pairwise_distance(anchor, other, p, eps, False) for other in (positive, negative))
    if swap:
        far = tf.minimum(far, pairwise_distance(positive, negative, p, eps, False))
    return reduced(tf.maximum(margin + near - far, 0), reduction)
