"""Smooth activation functions on `tf.Tensor`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.rules import ruled, with_backward

raw = tf.raw_ops


def _gelu_forward(x: tf.Tensor) -> tuple[tuple[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """The product x P(x), P the distribution function of the standard normal distribution."""
    scaled = x * -math.sqrt(0.5)
    below = 0.5 * raw.Erfc(x=scaled)
    return (x * below,), (scaled, below)


def _gelu_backward(inputs: Any, _: Any, kept: Any, upstream: Any) -> tuple[tf.Tensor]:
    """P(x) + x p(x), p the density, which a graph computes in one run over x."""
    scaled, below = kept
    density = raw.Exp(x=raw.Neg(x=raw.Square(x=scaled)))
    return (upstream[0] * (below + inputs[0] * density * (1 / math.sqrt(2 * math.pi))),)


_gelu = with_backward(_gelu_forward, _gelu_backward, _gelu_forward)


def gelu(x: tf.Tensor, approximate: str) -> tf.Tensor:
    if approximate == "none":
        return _gelu(x)[0]
    if approximate != "tanh":
        raise ValueError(approximate)
    return 0.5 * x * (1 + raw.Tanh(x=math.sqrt(2 / math.pi) * (x + 0.044715 * (x * x * x))))


def sigmoid(x: tf.Tensor) -> tf.Tensor:
    return raw.Sigmoid(x=x)


def logsigmoid(x: tf.Tensor) -> tf.Tensor:
    return -raw.Softplus(features=-x)


def tanh(x: tf.Tensor) -> tf.Tensor:
    return raw.Tanh(x=x)


def tanhshrink(x: tf.Tensor) -> tf.Tensor:
    return x - raw.Tanh(x=x)


def silu(x: tf.Tensor) -> tf.Tensor:
    return x * raw.Sigmoid(x=x)


def mish(x: tf.Tensor) -> tf.Tensor:
    return x * raw.Tanh(x=raw.Softplus(features=x))


def softplus(x: tf.Tensor, beta: float, threshold: float) -> tf.Tensor:
    scaled = x if beta == 1 else x * beta
    y = raw.Softplus(features=scaled)
    y = y if beta == 1 else y / beta
    if threshold >= 20 and x.dtype is not tf.float64:  # above it the sum is the same number
        return y
    return raw.SelectV2(condition=scaled > threshold, t=x, e=y)


@ruled  # TensorFlow's own gradient has no gradient
def softsign(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    return raw.Softsign(features=x), lambda slope: slope / tf.square(1 + tf.abs(x))


def glu(x: tf.Tensor, axis: int) -> tf.Tensor:
    first, second = tf.split(x, 2, axis)
    return first * raw.Sigmoid(x=second)
