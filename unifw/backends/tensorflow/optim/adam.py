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
    if rule not in FUSED or x.dtype.size < 4:
        return 1.0
    beta = hyper["betas"][_BETA[key]]
    kept = _rounded(beta, x.dtype)
    return 1.0 if kept == beta or not beta else (1 - kept**step) / (1 - beta**step)


def _update(decoupled: bool) -> Callable[..., None]:
    def update(parameters: Variables, gradients: Gradients, states: States, hyper: Hyper) -> None:
        dtype, decay = parameters[0].dtype, hyper["weight_decay"]
        if dtype.size < 4:
            _update_in_32_bits(parameters, gradients, states, hyper, decoupled)
            return
        lr, step = number(hyper["lr"], tf.float64), number(hyper["step"], tf.float64)
        if decay and decoupled:
            kept = tf.cast(1 - lr * decay, dtype)
            for parameter, gradient in zip(parameters, gradients, strict=True):
                with tf.control_dependencies([gradient]):  # a step whose loss fails changes nothing
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


def _update_in_32_bits(
    parameters: Variables, gradients: Gradients, states: States, hyper: Hyper, decoupled: bool
) -> None:
    """Weights of 16 bits, in which the kernel's 1 - beta would be 0: computed in 32 and rounded once."""
    (first, second), decay, dtype = hyper["betas"], hyper["weight_decay"], parameters[0].dtype
    lr, correction1, correction2 = (number(hyper[key], tf.float32) for key in ("lr", "correction1", "correction2"))
    for i, (parameter, gradient) in enumerate(zip(parameters, gradients, strict=True)):
        held = {key: own[i] for key, own in states.items()}
        p, g, m, v = (tf.cast(x, tf.float32) for x in (parameter, gradient, held["exp_avg"], held["exp_avg_sq"]))
        p, g = (p * (1 - lr * decay), g) if decoupled else (p, g + decay * p)
        m, v = first * m + (1 - first) * g, second * v + (1 - second) * g * g
        new = {"exp_avg": m, "exp_avg_sq": v}
        if hyper["amsgrad"]:
            new["max_exp_avg_sq"] = v = tf.maximum(tf.cast(held["max_exp_avg_sq"], tf.float32), v)
        parameter.assign(tf.cast(p - lr * (m / correction1) / (tf.sqrt(v / correction2) + hyper["eps"]), dtype))
        for key, value in new.items():
            held[key].assign(tf.cast(value, dtype))


FUSED = {"adam": _update(decoupled=False), "adamw": _update(decoupled=True)}
