"""Adam and AdamW by TensorFlow's resource kernels, fed so that they give PyTorch's numbers.

The kernels correct for the moments' start at 0 by two powers, in the parameter's dtype, and add epsilon before that.
Powers of 0 switch it off; the corrections go into the rate and the epsilon instead: PyTorch's formula rearranged. They
weigh gradients by 1 - beta in the parameter's dtype, beta rounded first, so the corrections are taken from the rounded
beta too: then what is divided out is exactly what the kernel has put in.
"""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

from unifw.backends.tensorflow.optim.gradients import Gradients, Hyper, States, Variables, number, scaled

raw = tf.raw_ops
_BETA = {"exp_avg": 0, "exp_avg_sq": 1, "max_exp_avg_sq": 1}


def _rounded(beta: float, dtype: tf.DType) -> float:
    """The rate that the kernel uses: 1 minus its weight for a gradient."""
    kind = dtype.as_numpy_dtype
    return 1 - float(kind(1) - kind(beta))


def state_factor(rule: str, key: str, hyper: Hyper, step: int, x: tf.Tensor) -> float:
    if rule not in FUSED:
        return 1.0
    beta = hyper["betas"][_BETA[key]]
    kept = _rounded(beta, x.dtype)
    return 1.0 if kept == beta or not beta else (1 - kept**step) / (1 - beta**step)


def _update(decoupled: bool) -> Callable[..., None]:
    def update(parameters: Variables, gradients: Gradients, states: States, hyper: Hyper) -> None:
        dtype, decay = parameters[0].dtype, hyper["weight_decay"]
        lr, step = number(hyper["lr"], tf.float64), number(hyper["step"], tf.float64)
        if decay and decoupled:
            kept = tf.cast(1 - lr * decay, dtype)
            for parameter in parameters:
                scaled(parameter, kept)
        elif decay:
            rate = tf.constant(decay, dtype)
            gradients = [g + rate * p.read_value() for g, p in zip(gradients, parameters, strict=True)]
        first, second = (1 - tf.pow(tf.constant(_rounded(b, dtype), tf.float64), step) for b in hyper["betas"])
        root, zero = tf.sqrt(second), tf.constant(0, dtype)
        common = {
            "beta1_power": zero,
            "beta2_power": zero,
            "lr": tf.cast(lr * root / first, dtype),
            "beta1": tf.constant(hyper["betas"][0], dtype),
            "beta2": tf.constant(hyper["betas"][1], dtype),
            "epsilon": tf.cast(hyper["eps"] * root, dtype),
        }
        kernel = raw.ResourceApplyAdam
        greatest: list[dict[str, tf.Tensor]] = [{} for _ in parameters]
        if hyper["amsgrad"]:
            kernel, greatest = raw.ResourceApplyAdamWithAmsgrad, [{"vhat": v.handle} for v in states["max_exp_avg_sq"]]
        rows = zip(parameters, gradients, states["exp_avg"], states["exp_avg_sq"], greatest, strict=True)
        for parameter, gradient, mean, square, more in rows:
            kernel(var=parameter.handle, m=mean.handle, v=square.handle, grad=gradient, **more, **common)

    return update


FUSED = {"adam": _update(decoupled=False), "adamw": _update(decoupled=True)}
