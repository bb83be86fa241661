"""Smooth activation functions on `tf.Tensor`."""

from __future__ import annotations

import math
from collections.abc import Callable

import tensorflow as tf

from unifw.backends.tensorflow.rules import ruled

raw = tf.raw_ops


def gelu(x: tf.Tensor, approximate: str) -> tf.Tensor:
    if approximate == "none":
        return 0.5 * x * (1 + raw.Erf(x=x * math.sqrt(0.5)))
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
