"""Gradients by a tape that watches what it is told to, and nothing else."""

from __future__ import annotations

from collections.abc import Callable

import tensorflow as tf

Tensors = list[tf.Tensor]


def value_and_grad(
    function: Callable[[Tensors], tuple[tf.Tensor, Tensors]],
    tensors: Tensors,
    storages: list[tf.Variable],
    nested: bool,
) -> tuple[tf.Tensor, Tensors, Tensors]:
    inputs = [tf.identity(x) for x in tensors]
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        for source in inputs + storages:
            tape.watch(source)
        value, aux = function(inputs)
    gradients = tape.gradient(value, inputs + storages, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    return value, aux, [tf.convert_to_tensor(gradient) for gradient in gradients]


stop_gradient = tf.stop_gradient
