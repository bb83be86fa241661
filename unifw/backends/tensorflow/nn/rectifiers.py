"""Activation functions with a corner, on `tf.Tensor`; at the corner they have the gradient that PyTorch gives."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.random import draw
from unifw.backends.tensorflow.rules import with_backward

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


def _selu_forward(x: tf.Tensor) -> tuple[tuple[tf.Tensor], tf.Tensor]:
    y = raw.Selu(features=x)
    return (y,), y


def _selu_backward(_: Any, __: Any, y: tf.Tensor, upstream: Any) -> tuple[tf.Tensor]:
    """By the kernel, which tells the sides apart by the output; 0 is put below, where PyTorch counts it."""
    return (raw.SeluGrad(gradients=upstream[0], outputs=y - _LEAST[y.dtype]),)


def _selu_plain(x: tf.Tensor) -> tuple[tuple[tf.Tensor], None]:
    return (_SCALE * raw.SelectV2(condition=x > 0, t=x, e=_ALPHA * raw.Elu(features=x)),), None


_SCALE, _ALPHA = 1.0507009873554805, 1.6732632423543772
_LEAST = {tf.float64: 2.0**-1022, tf.float32: 2.0**-126, tf.bfloat16: 2.0**-126, tf.float16: 2.0**-24}
"""The smallest number that is not taken for 0."""
_selu = with_backward(_selu_forward, _selu_backward, _selu_plain)


def selu(x: tf.Tensor) -> tf.Tensor:
    return _selu(x)[0]


def celu(x: tf.Tensor, alpha: float) -> tf.Tensor:
    if alpha > 0:
        return alpha * raw.Elu(features=x / alpha)
    return raw.SelectV2(condition=x > 0, t=x, e=alpha * raw.Expm1(x=x / alpha))


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
