"""Derivatives by tapes that watch what they are told to, and nothing else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.capture import differentiated_again
from unifw.backends.tensorflow.rules import checkpoint as checkpoint
from unifw.backends.tensorflow.rules import custom_gradient as custom_gradient
from unifw.backends.tensorflow.rules import dense, recording
from unifw.backends.tensorflow.rules import inference as inference
from unifw.backends.tensorflow.rules import no_grad as no_grad
from unifw.backends.tensorflow.rules import stop_gradient as stop_gradient
from unifw.backends.tensorflow.storage import public
from unifw.errors import backward_failure

raw = tf.raw_ops

Tensors = list[tf.Tensor]
Storages = list[Any]
Function = Callable[[Tensors, Storages], tuple[Tensors, Tensors]]


def value_and_grad(
    function: Callable[[Tensors, Storages], tuple[tf.Tensor, Tensors]],
    tensors: Tensors,
    storages: Storages,
    nested: bool,
) -> tuple[tf.Tensor, Tensors, Tensors]:
    inputs = [raw.Identity(input=x) for x in tensors]  # which nothing else is computed from
    sources = inputs + storages
    with recording() as finish:
        tape, value, aux = _taped(function, inputs, storages, nested)
        gradients = _pulled(tape, value, sources, None)
        return finish(value), [finish(x) for x in aux], [finish(x) for x in gradients]


def _taped(function: Callable[..., Any], inputs: Tensors, storages: Storages, nested: bool) -> Any:
    """The tape of the function's run, and what it returned."""
    with tf.GradientTape(watch_accessed_variables=False) as tape:
        tape.watch(inputs + storages)
        before = differentiated_again.set(nested)
        try:
            return tape, *function(inputs, storages)
        finally:
            differentiated_again.reset(before)


def _gradients(tape: tf.GradientTape, target: Any, sources: Sequence[Any], upstream: Any) -> Tensors:
    return [public(x, source) for x, source in zip(_pulled(tape, target, sources, upstream), sources, strict=True)]


def _pulled(tape: tf.GradientTape, target: Any, sources: Sequence[Any], upstream: Any) -> Tensors:
    """Gradients with their axes in the order of the storages."""
    try:
        found = tape.gradient(target, sources, upstream, tf.UnconnectedGradients.ZERO)
    except Exception as error:
        raise backward_failure(error) from error
    return dense(found)


def vjp(
    function: Function, tensors: Tensors, storages: Storages, nested: bool
) -> tuple[Tensors, Tensors, Callable[[Tensors, bool], Tensors]]:
    inputs = [raw.Identity(input=x) for x in tensors]
    sources = inputs + storages
    with recording() as finish:
        with tf.GradientTape(persistent=True, watch_accessed_variables=False) as tape:
            tape.watch(sources)
            again = differentiated_again.set(True)  # the pullback may be differentiated
            try:
                outputs, aux = function(inputs, storages)
            finally:
                differentiated_again.reset(again)
        results = [finish(x) for x in outputs], [finish(x) for x in aux]
    return *results, lambda cotangents, _: _gradients(tape, outputs, sources, cotangents)


def jvp(
    function: Function, tensors: Tensors, storages: Storages, tangents: Tensors, nested: bool
) -> tuple[Tensors, Tensors, Tensors]:
    """By reverse mode twice: the pullback is linear, and its own pullback is the product with tangents.

    `tf.autodiff.ForwardAccumulator` does this for each operation, in graphs that take it seconds to trace, takes one
    and a half times as long, and fails where a persistent tape records it.
    """
    inputs = [raw.Identity(input=x) for x in tensors]
    sources = inputs + storages
    with recording() as finish:
        tape, outputs, aux = _taped(function, inputs, storages, nested=True)
        upstream = [tf.zeros_like(x) for x in outputs]
        with tf.GradientTape(watch_accessed_variables=False) as again:
            again.watch(upstream)
            pulled = _gradients(tape, outputs, sources, upstream)
        directions = _gradients(again, pulled, upstream, tangents)
        return [finish(x) for x in outputs], [finish(x) for x in aux], [finish(x) for x in directions]


# Tracing and vectorising a small function takes TensorFlow about as long as running it this many times.
_FEW = 128


def vmap(function: Callable[[Tensors], Tensors], inputs: Tensors, loop: bool) -> Tensors:
    size = inputs[0].shape[0]
    if loop and tf.executing_eagerly() and 0 < size <= _FEW:
        rows = [function(list(row)) for row in zip(*(tf.unstack(x) for x in inputs), strict=True)]
        return [tf.stack(column) for column in zip(*rows, strict=True)]

    def mapped(*given: tf.Tensor) -> Tensors:
        apply = tf.autograph.experimental.do_not_convert(function)
        return tf.vectorized_map(apply, list(given), warn=False)

    if tf.executing_eagerly():  # called as it is, each new `tf.function` would soon be warned about
        return list(tf.function(mapped, autograph=False).get_concrete_function(*inputs)(*inputs))
    return list(mapped(*inputs))
