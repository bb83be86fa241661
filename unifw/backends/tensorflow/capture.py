"""From Python to a graph: a concrete function, the variables it uses, and the shortest way to run it."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

import tensorflow as tf
from tensorflow.python.ops.resource_variable_ops import ResourceVariable

from unifw.backends.tensorflow.native import no_tape

outside = tf.init_scope

differentiated_again: ContextVar[bool] = ContextVar("unifw_tensorflow_again", default=False)
"""Whether a gradient is taken that will itself be differentiated: rules of our own do not survive that in a graph."""


def capture(
    function: Callable[[list[tf.Tensor]], Sequence[tf.Tensor]], specs: Sequence[tf.TensorSpec], xla: bool = False
) -> Any:
    """The concrete function of `function(inputs)`."""

    def run(*inputs: tf.Tensor) -> list[tf.Tensor]:
        return list(function(list(inputs)))

    compiled = tf.function(run, autograph=False, jit_compile=True if xla else None)
    return compiled.get_concrete_function(*specs)


def flat_call(concrete: Any) -> Callable[[list[tf.Tensor]], Sequence[tf.Tensor]]:
    """The call of a concrete function without the checks of its arguments, which whoever calls it has made.

    Where no tape watches, it is the function that keeps nothing for gradients.
    """
    captured = list(concrete.captured_inputs)
    direct = concrete._inference_function.call_preflattened

    def call(inputs: list[tf.Tensor]) -> Any:
        if no_tape():
            return direct([*inputs, *captured])
        return concrete._call_flat(inputs, captured)

    return call


def new_variable(value: tf.Tensor, owner: Any, kind: type[tf.Variable] | None = None) -> tf.Variable:
    """A variable that a graph which uses it can tell whose it is.

    While `tf.function` traces, it makes every `tf.Variable` its own; this way round it does not hear of it.
    """
    make = kind or (ResourceVariable if tf.inside_function() else tf.Variable)
    variable = make(value, trainable=False)
    variable.handle._unifw_owner = weakref.ref(owner)
    return variable


def owners(concrete: Any) -> list[Any]:
    """Who the variables of a concrete function belong to."""
    references = [getattr(x, "_unifw_owner", None) for x in concrete.captured_inputs]
    found = [reference() for reference in references if reference is not None]
    return [owner for owner in found if owner is not None]
