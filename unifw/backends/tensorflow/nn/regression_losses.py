"""Losses of numbers and distributions on `tf.Tensor`."""

from __future__ import annotations

import math

import tensorflow as tf

raw = tf.raw_ops


def reduced(losses: tf.Tensor, reduction: str) -> tf.Tensor:
    """The losses themselves, their mean or their sum."""
    if reduction == "none":
        return losses
    reduce = raw.Mean if reduction == "mean" else raw.Sum
    return reduce(input=losses, axis=list(range(losses.shape.rank)))


def mse_loss(x: tf.Tensor, targets: tf.Tensor, reduction: str) -> tf.Tensor:
    return reduced(raw.SquaredDifference(x=x, y=targets), reduction)


def l1_loss(x: tf.Tensor, targets: tf.Tensor, reduction: str) -> tf.Tensor:
    return reduced(raw.Abs(x=raw.Sub(x=x, y=targets)), reduction)


def smooth_l1_loss(x: tf.Tensor, targets: tf.Tensor, beta: float, reduction: str) -> tf.Tensor:
    if not beta:
        return l1_loss(x, targets, reduction)
    apart = raw.Abs(x=raw.Sub(x=x, y=targets))
    return reduced(tf.where(apart < beta, apart * apart * (0.5 / beta), apart - 0.5 * beta), reduction)


def huber_loss(x: tf.Tensor, targets: tf.Tensor, delta: float, reduction: str) -> tf.Tensor:
    apart = raw.Abs(x=raw.Sub(x=x, y=targets))
    return reduced(tf.where(apart < delta, apart * apart * 0.5, delta * (apart - 0.5 * delta)), reduction)


def soft_margin_loss(x: tf.Tensor, targets: tf.Tensor, reduction: str) -> tf.Tensor:
    return reduced(raw.Softplus(features=-targets * x), reduction)


def hinge_embedding_loss(x: tf.Tensor, targets: tf.Tensor, margin: float, reduction: str) -> tf.Tensor:
    nothing = tf.zeros_like(x)
    apart = tf.where(tf.equal(targets, 1), nothing, tf.maximum(margin - x, 0))
    return reduced(apart + tf.where(tf.equal(targets, -1), nothing, x), reduction)


def kl_div(x: tf.Tensor, targets: tf.Tensor, log_target: bool, reduction: str) -> tf.Tensor:
    if log_target:
        return reduced(tf.exp(targets) * (targets - x), reduction)
    return reduced(tf.math.xlogy(targets, targets) - targets * x, reduction)


def poisson_nll_loss(
    x: tf.Tensor, targets: tf.Tensor, log_input: bool, full: bool, eps: float, reduction: str
) -> tf.Tensor:
    losses = tf.exp(x) - targets * x if log_input else x - targets * tf.math.log(x + eps)
    if full:  # Stirling's formula for log(target!)
        large = tf.where(targets > 1, targets, tf.ones_like(targets))
        stirling = large * tf.math.log(large) - large + 0.5 * tf.math.log(2 * math.pi * large)
        losses = losses + tf.where(targets > 1, stirling, tf.zeros_like(stirling))
    return reduced(losses, reduction)


def gaussian_nll_loss(
    x: tf.Tensor, targets: tf.Tensor, var: tf.Tensor, full: bool, eps: float, reduction: str
) -> tf.Tensor:
    var = var if var.dtype is x.dtype else tf.cast(var, x.dtype)
    limited = var + tf.stop_gradient(tf.maximum(var, eps) - var)  # the limit is no part of the gradient
    losses = 0.5 * (tf.math.log(limited) + raw.SquaredDifference(x=x, y=targets) / limited)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)
