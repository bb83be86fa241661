"""Losses of classes and labels on `tf.Tensor`: PyTorch's numbers, by the fused kernels where there are any."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.manipulation import permute_dims, reshape
from unifw.backends.tensorflow.native import is_traced, shape
from unifw.backends.tensorflow.nn.regression_losses import reduced
from unifw.backends.tensorflow.rules import ruled

raw = tf.raw_ops
_LEAST_LOG = -100.0  # as PyTorch limits the logarithms of binary cross-entropy
_LEAST_PRODUCT = 9.999999960041972e-13  # and what it divides by in the gradient: 1e-12 in 32 bits


def _last(x: tf.Tensor, axis: int) -> tf.Tensor:
    """The classes moved to the last axis."""
    rank = x.shape.rank
    return x if axis == rank - 1 else permute_dims(x, (*(i for i in range(rank) if i != axis), axis))


def cross_entropy(
    logits: tf.Tensor,
    targets: tf.Tensor,
    weight: tf.Tensor | None,
    axis: int,
    ignore_index: int | None,
    label_smoothing: float,
    reduction: str,
) -> tf.Tensor:
    logits, soft = _last(logits, axis), targets.dtype.is_floating
    if soft:
        return _soft_cross_entropy(logits, _last(targets, axis), weight, label_smoothing, reduction)
    targets, shares = _chosen(targets, weight, ignore_index, logits.dtype)
    losses = _sparse(logits, targets)
    if shares is not None:
        losses = losses * shares
    if label_smoothing:
        logs = tf.nn.log_softmax(logits)
        each = -tf.reduce_sum(logs if weight is None else logs * weight, -1)
        each = each if ignore_index is None else tf.where(tf.equal(shares, 0), tf.zeros_like(each), each)
        losses = (1 - label_smoothing) * losses + label_smoothing / logits.shape[-1] * each
    return _weighted(losses, shares, reduction)


def _sparse(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    """The loss of each row, by the fused kernel, which takes rows only."""
    if logits.shape.rank == 2:
        return raw.SparseSoftmaxCrossEntropyWithLogits(features=logits, labels=targets)[0]
    rows, classes = reshape(logits, (-1, logits.shape[-1])), reshape(targets, (-1,))
    losses = raw.SparseSoftmaxCrossEntropyWithLogits(features=rows, labels=classes)[0]
    return reshape(losses, shape(targets))


def _soft_cross_entropy(
    logits: tf.Tensor, targets: tf.Tensor, weight: tf.Tensor | None, label_smoothing: float, reduction: str
) -> tf.Tensor:
    if label_smoothing:
        targets = targets * (1 - label_smoothing) + label_smoothing / logits.shape[-1]
    if weight is not None:
        targets = targets * weight
    return reduced(-tf.reduce_sum(targets * tf.nn.log_softmax(logits), -1), reduction)


def _chosen(targets: tf.Tensor, weight: tf.Tensor | None, ignore_index: int | None, dtype: Any) -> Any:
    """The targets, with one that counts for each ignored one; and how much each counts, or None if all alike."""
    if targets.dtype not in (tf.int32, tf.int64):
        if not targets.dtype.is_integer:
            raise TypeError("classes are integers")
        targets = tf.cast(targets, tf.int64)
    if ignore_index is None:
        return targets, None if weight is None else tf.gather(weight, targets)
    counted = tf.not_equal(targets, ignore_index)
    targets = tf.where(counted, targets, tf.zeros_like(targets))
    shares = tf.cast(counted, dtype)
    return targets, shares if weight is None else shares * tf.gather(weight, targets)


def _weighted(losses: tf.Tensor, shares: tf.Tensor | None, reduction: str) -> tf.Tensor:
    """The mean is that of the weights: sum(losses) / sum(weights)."""
    if reduction != "mean" or shares is None:
        return reduced(losses, reduction)
    total = tf.reduce_sum(shares)
    nothing = tf.equal(total, 0)  # counts: the mean is not a number, but its gradient is 0
    mean = tf.reduce_sum(losses) / tf.where(nothing, tf.ones_like(total), total)
    return tf.where(nothing, tf.constant(float("nan"), mean.dtype), mean)


def nll_loss(
    log_probabilities: tf.Tensor,
    targets: tf.Tensor,
    weight: tf.Tensor | None,
    axis: int,
    ignore_index: int | None,
    reduction: str,
) -> tf.Tensor:
    if not log_probabilities.dtype.is_floating:
        raise TypeError("log-probabilities are floating")
    logs = _last(log_probabilities, axis)
    targets, shares = _chosen(targets, weight, ignore_index, logs.dtype)
    losses = -tf.gather(logs, targets, axis=-1, batch_dims=logs.shape.rank - 1)
    return _weighted(losses if shares is None else losses * shares, shares, reduction)


def binary_cross_entropy(x: tf.Tensor, targets: tf.Tensor, weight: tf.Tensor | None, reduction: str) -> tf.Tensor:
    for name, values in (("input", x), ("target", targets)):
        if not is_traced(values) and "GPU" not in values.device and bool(tf.reduce_any((values < 0) | (values > 1))):
            raise ValueError(f"all elements of {name} should be between 0 and 1")
    losses = _binary(x, targets)
    return reduced(losses if weight is None else losses * weight, reduction)


@ruled
def _binary(x: tf.Tensor, targets: tf.Tensor) -> Any:
    on, off = _limited_logs(x)

    def slopes(upstream: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        odds = tf.math.log(1 - x) - tf.math.log(x)
        return upstream * (x - targets) / tf.maximum(x * (1 - x), _LEAST_PRODUCT), upstream * odds

    return -targets * on - (1 - targets) * off, slopes


def _limited_logs(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Those of x and 1 - x, as PyTorch limits them."""
    least = tf.constant(_LEAST_LOG, x.dtype)
    return tf.maximum(tf.math.log(x), least), tf.maximum(tf.math.log(1 - x), least)


def binary_cross_entropy_with_logits(
    x: tf.Tensor, targets: tf.Tensor, weight: tf.Tensor | None, pos_weight: tf.Tensor | None, reduction: str
) -> tf.Tensor:
    off = raw.Softplus(features=-x)  # -log sigmoid(x)
    losses = (1 - targets) * x + (off if pos_weight is None else off * ((pos_weight - 1) * targets + 1))
    return reduced(losses if weight is None else losses * weight, reduction)


def multi_margin_loss(
    x: tf.Tensor, targets: tf.Tensor, weight: tf.Tensor | None, p: int, margin: float, reduction: str
) -> tf.Tensor:
    if x.shape.rank != targets.shape.rank + 1:
        raise ValueError(f"scores of {x.shape} for targets of {targets.shape}")
    targets, classes = tf.cast(targets, tf.int64), x.shape[-1]
    own = tf.expand_dims(tf.gather(x, targets, axis=-1, batch_dims=x.shape.rank - 1), -1)
    short = tf.maximum(margin - own + x, 0)
    short = short * short if p == 2 else short
    others = tf.one_hot(targets, classes, tf.constant(0, x.dtype), tf.constant(1, x.dtype))
    losses = tf.reduce_sum(short * others, -1) / classes
    return reduced(losses if weight is None else losses * tf.gather(weight, targets), reduction)


def multilabel_margin_loss(x: tf.Tensor, targets: tf.Tensor, reduction: str) -> tf.Tensor:
    if x.shape.rank != targets.shape.rank:
        raise ValueError(f"scores of {x.shape} for targets of {targets.shape}")
    targets, classes = tf.cast(targets, tf.int64), x.shape[-1]
    listed = tf.cast(tf.math.cumprod(tf.cast(targets >= 0, tf.int32), -1), tf.bool)  # up to the first -1
    places = tf.where(listed, targets, tf.zeros_like(targets))
    counts = tf.cast(listed, x.dtype)
    hits = tf.reduce_max(tf.one_hot(places, classes, dtype=x.dtype) * tf.expand_dims(counts, -1), -2)
    own = tf.gather(x, places, axis=-1, batch_dims=x.shape.rank - 1)
    short = tf.maximum(1 - (tf.expand_dims(own, -1) - tf.expand_dims(x, -2)), 0)
    share = tf.expand_dims(counts, -1) * tf.expand_dims(1 - hits, -2)
    return reduced(tf.reduce_sum(short * share, (-2, -1)) / classes, reduction)


def multilabel_soft_margin_loss(
    x: tf.Tensor, targets: tf.Tensor, weight: tf.Tensor | None, reduction: str
) -> tf.Tensor:
    losses = raw.Softplus(features=-x) + (1 - targets) * x
    return reduced(tf.reduce_mean(losses if weight is None else losses * weight, -1), reduction)
