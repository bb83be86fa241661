"""In-place optimiser updates by TensorFlow's resource kernels, fed so that they give PyTorch's numbers.

What depends on the step is computed in 64 bits and rounded once.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

raw = tf.raw_ops
Variables = list[tf.Variable]
Gradients = list[tf.Tensor]


def sgd(parameters: Variables, gradients: Gradients, states: Mapping[str, Variables], hyper: Mapping[str, Any]) -> None:
    buffers = states.get("momentum_buffer", [None] * len(parameters))
    for parameter, gradient, buffer in zip(parameters, gradients, buffers, strict=True):
        dtype = parameter.dtype
        lr = tf.cast(hyper["lr"], dtype)
        if hyper["weight_decay"]:
            gradient = gradient + tf.constant(hyper["weight_decay"], dtype) * parameter.read_value()
        if buffer is None:
            raw.ResourceApplyGradientDescent(var=parameter.handle, alpha=lr, delta=gradient)
            continue
        raw.ResourceApplyMomentum(
            var=parameter.handle,
            accum=buffer.handle,
            lr=lr,
            grad=gradient,
            momentum=tf.constant(hyper["momentum"], dtype),
            use_nesterov=hyper["nesterov"],
        )


def adamw(
    parameters: Variables, gradients: Gradients, states: Mapping[str, Variables], hyper: Mapping[str, Any]
) -> None:
    lr, first, second = (tf.cast(hyper[name], tf.float64) for name in ("lr", "correction1", "correction2"))
    decay = 1 - lr * hyper["weight_decay"]
    # The kernel corrects for the bias by two powers, in float32, and adds epsilon before it. Powers of 0 switch that
    # off; the corrections go into the rate and the epsilon instead, which is PyTorch's formula rearranged.
    rate, eps = lr * tf.sqrt(second) / first, hyper["eps"] * tf.sqrt(second)
    rows = zip(parameters, gradients, states["exp_avg"], states["exp_avg_sq"], strict=True)
    for parameter, gradient, mean, square in rows:
        dtype = parameter.dtype
        if hyper["weight_decay"]:
            parameter.assign(parameter.read_value() * tf.cast(decay, dtype), read_value=False)
        raw.ResourceApplyAdam(
            var=parameter.handle,
            m=mean.handle,
            v=square.handle,
            beta1_power=tf.constant(0, dtype),
            beta2_power=tf.constant(0, dtype),
            lr=tf.cast(rate, dtype),
            beta1=tf.constant(hyper["beta1"], dtype),
            beta2=tf.constant(hyper["beta2"], dtype),
            epsilon=tf.cast(eps, dtype),
            grad=gradient,
        )


FUSED = {"sgd": sgd, "adamw": adamw}
