"""Adagrad and Adadelta by TensorFlow's resource kernels, whose formulas are PyTorch's. RMSprop's is not."""

from __future__ import annotations

import tensorflow as tf

from unifw.backends.tensorflow.optim.gradients import Gradients, Hyper, States, Variables, decayed, number

raw = tf.raw_ops


def adagrad(parameters: Variables, gradients: Gradients, states: States, hyper: Hyper) -> None:
    dtype = parameters[0].dtype
    lr = tf.cast(number(hyper["lr"], tf.float64) * number(hyper["slowed"], tf.float64), dtype)
    eps, gradients = tf.constant(hyper["eps"], dtype), decayed(gradients, parameters, hyper["weight_decay"])
    for parameter, gradient, total in zip(parameters, gradients, states["sum"], strict=True):
        raw.ResourceApplyAdagradV2(var=parameter.handle, accum=total.handle, lr=lr, epsilon=eps, grad=gradient)


def adadelta(parameters: Variables, gradients: Gradients, states: States, hyper: Hyper) -> None:
    dtype = parameters[0].dtype
    lr, rho, eps = number(hyper["lr"], dtype), tf.constant(hyper["rho"], dtype), tf.constant(hyper["eps"], dtype)
    gradients = decayed(gradients, parameters, hyper["weight_decay"])
    rows = zip(parameters, gradients, states["square_avg"], states["acc_delta"], strict=True)
    for parameter, gradient, square, moved in rows:
        raw.ResourceApplyAdadelta(
            var=parameter.handle,
            accum=square.handle,
            accum_update=moved.handle,
            lr=lr,
            rho=rho,
            epsilon=eps,
            grad=gradient,
        )


FUSED = {"adagrad": adagrad, "adadelta": adadelta}
