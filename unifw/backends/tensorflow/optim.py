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


def _number(x: Any, dtype: tf.DType) -> tf.Tensor:
    """A Python number or a scalar tensor in `dtype`, rounded once: `tf.cast` makes float32 of a Python float first."""
    return tf.cast(x, dtype) if isinstance(x, tf.Tensor) else tf.constant(x, dtype)


def sgd(parameters: Variables, gradients: Gradients, states: Mapping[str, Variables], hyper: Mapping[str, Any]) -> None:
    buffers = states.get("momentum_buffer", [None] * len(parameters))
    for parameter, gradient, buffer in zip(parameters, gradients, buffers, strict=True):
        dtype = parameter.dtype
        lr = _number(hyper["lr"], dtype)
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
    lr, first, second = (_number(hyper[name], tf.float64) for name in ("lr", "correction1", "correction2"))
    decay = 1 - lr * hyper["weight_decay"]
    rows = zip(parameters, gradients, states["exp_avg"], states["exp_avg_sq"], strict=True)
    for parameter, gradient, mean, square in rows:
        dtype = parameter.dtype
        beta1, beta2 = (tf.constant(hyper[name], dtype) for name in ("beta1", "beta2"))
        # The kernel corrects for the bias by two powers, in the parameter's dtype, and adds epsilon before that. Powers
        # of 0 switch it off; the corrections go into the rate and the epsilon instead: PyTorch's formula rearranged.
        gain1, gain2 = _gain(hyper["beta1"], dtype), _gain(hyper["beta2"], dtype)
        root = tf.sqrt(gain2 * second)
        if hyper["weight_decay"]:
            parameter.assign(parameter.read_value() * tf.cast(decay, dtype), read_value=False)
        raw.ResourceApplyAdam(
            var=parameter.handle,
            m=mean.handle,
            v=square.handle,
            beta1_power=tf.constant(0, dtype),
            beta2_power=tf.constant(0, dtype),
            lr=tf.cast(lr * root / (gain1 * first), dtype),
            beta1=beta1,
            beta2=beta2,
            epsilon=tf.cast(hyper["eps"] * root, dtype),
            grad=gradient,
        )


def _gain(beta: float, dtype: tf.DType) -> float:
    """The factor that the kernel puts on a moment: it weighs gradients by 1 - beta in `dtype`, beta rounded first."""
    rounded = dtype.as_numpy_dtype(beta)
    return float(dtype.as_numpy_dtype(1) - rounded) / (1 - beta) if beta != 1 else 1.0


FUSED = {"sgd": sgd, "adamw": adamw}
