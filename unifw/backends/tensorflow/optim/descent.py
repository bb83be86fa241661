"""SGD by TensorFlow's resource kernels."""

from __future__ import annotations

import tensorflow as tf

from unifw.backends.tensorflow.optim.gradients import Gradients, Hyper, States, Variables, decayed, number

raw = tf.raw_ops


def sgd(parameters: Variables, gradients: Gradients, states: States, hyper: Hyper) -> None:
    dtype = parameters[0].dtype
    lr, gradients = number(hyper["lr"], dtype), decayed(gradients, parameters, hyper["weight_decay"])
    if not hyper["momentum"]:
        for parameter, gradient in zip(parameters, gradients, strict=True):
            raw.ResourceApplyGradientDescent(var=parameter.handle, alpha=lr, delta=gradient)
        return
    momentum = tf.constant(hyper["momentum"], dtype)
    if hyper["dampening"]:
        share = number(hyper["share"], dtype)
        gradients = [gradient * share for gradient in gradients]
    for parameter, gradient, buffer in zip(parameters, gradients, states["momentum_buffer"], strict=True):
        raw.ResourceApplyMomentum(
            var=parameter.handle,
            accum=buffer.handle,
            lr=lr,
            grad=gradient,
            momentum=momentum,
            use_nesterov=hyper["nesterov"],
        )


FUSED = {"sgd": sgd}
