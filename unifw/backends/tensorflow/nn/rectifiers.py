"""Activation functions with a corner, on `tf.Tensor`; at the corner they have the gradient that PyTorch gives."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from unifw.backends.tensorflow.random import draw
from unifw.backends.tensorflow.rules import ruled

raw = tf.raw_ops


def relu(x: tf.Tensor) -> tf.Tensor:
    return raw.Relu(features=x)


def relu6(x: tf.Tensor) -> tf.Tensor:
    return raw.Relu6(features=x)


def leaky_relu(x: tf.Tensor, negative_slope: float) -> tf.Tensor:
    if x.dtype is tf.float64:  # the kernel takes the slope as a float32
        return raw.SelectV2(condition=x > 0, t=x, e=negative_slope * x)
    return raw.LeakyRelu(features=x, alpha=negative_slope)


def elu(x: tf.Tensor, alpha: float) -> tf.Tensor:
    y = raw.Elu(features=x)
    return y if alpha == 1 else raw.SelectV2(condition=x > 0, t=x, e=alpha * y)


@ruled
def selu(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    def pull(slope: tf.Tensor) -> tf.Tensor:
        """By the kernel, which tells the sides apart by the output; 0 is put below, where PyTorch counts it."""
        y, below = raw.Selu(features=x), tf.constant(-6e-8 if x.dtype is tf.float16 else -1e-30, x.dtype)
        y = raw.SelectV2(condition=raw.Equal(x=y, y=tf.zeros((), x.dtype)), t=below, e=y)
        return raw.SeluGrad(gradients=slope, outputs=y)

    return raw.Selu(features=x), pull


def celu(x: tf.Tensor, alpha: float) -> tf.Tensor:
    return alpha * raw.Elu(features=x / alpha)


def hardtanh(x: tf.Tensor, min_val: float, max_val: float) -> tf.Tensor:
    inside = raw.LogicalAnd(x=x > min_val, y=x < max_val)
    return raw.SelectV2(condition=inside, t=x, e=tf.stop_gradient(tf.clip_by_value(x, min_val, max_val)))


def hardsigmoid(x: tf.Tensor) -> tf.Tensor:
    return raw.Relu6(features=x + 3) / 6


def hardswish(x: tf.Tensor) -> tf.Tensor:
    return x * (raw.Relu6(features=x + 3) / 6)


def threshold(x: tf.Tensor, threshold: float, value: float) -> tf.Tensor:
    return raw.SelectV2(condition=x <= threshold, t=tf.constant(value, x.dtype), e=x)


def hardshrink(x: tf.Tensor, lambd: float) -> tf.Tensor:
    return raw.SelectV2(condition=raw.LogicalAnd(x=x >= -lambd, y=x <= lambd), t=tf.zeros((), x.dtype), e=x)


def softshrink(x: tf.Tensor, lambd: float) -> tf.Tensor:
    below = raw.SelectV2(condition=x < -lambd, t=x + lambd, e=x * 0)
    return raw.SelectV2(condition=x > lambd, t=x - lambd, e=below)


def prelu(x: tf.Tensor, weight: tf.Tensor, channels_last: bool) -> tf.Tensor:
    rank, number = x.shape.rank, weight.shape[0]
    if number > 1 and x.shape[-1 if channels_last or rank == 1 else 1] != number:
        raise ValueError(f"{x.shape} for {number} weights")
    if number == 1:
        weight = tf.reshape(weight, ())
    elif not channels_last and rank > 2:
        weight = tf.reshape(weight, (-1,) + (1,) * (rank - 2))
    return raw.SelectV2(condition=x > 0, t=x, e=weight * x)


def rrelu(x: tf.Tensor, lower: float, upper: float) -> tf.Tensor:
    drawn = draw("uniform", tf.shape(x), tf.float32 if x.dtype.size < 4 else x.dtype)
    slopes = tf.cast(lower + (upper - lower) * drawn, x.dtype)
    return raw.SelectV2(condition=x > 0, t=x, e=slopes * x)
