"""Where derivatives stop, and rules that take their place, by TensorFlow."""

from __future__ import annotations

import itertools
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import tensorflow as tf
from tensorflow.python import pywrap_tfe  # no public name stops the recording of every tape
from tensorflow.python.eager import record
from tensorflow.python.framework.ops import gradient_registry

from unifw.backends.tensorflow import random

raw = tf.raw_ops

Tensors = list[tf.Tensor]
Storages = list[Any]
Pull = Callable[[Sequence[tf.Tensor]], Sequence[tf.Tensor | None]]


def custom_gradient(function: Callable[[Sequence[tf.Tensor]], tuple[Tensors, Pull]], inputs: Tensors) -> Tensors:
    """Not by `tf.custom_gradient`, whose forward mode passes over the rule, and which is slow."""
    outputs, pull = function(inputs)
    if not recorded(inputs):
        return outputs
    return _with_rule(outputs, pull, inputs)


def recorded(inputs: Sequence[tf.Tensor]) -> bool:
    """Whether derivatives may be taken for these; those of a graph may be when it is complete."""
    return not tf.executing_eagerly() or pywrap_tfe.TFE_Py_TapeSetPossibleGradientTypes(inputs) != 0


def ruled(kernel: Callable[..., tuple[Any, Callable[..., Any]]]) -> Callable[..., Any]:
    """A kernel that returns its output, or a tuple of them, and the function from their gradients to that of its one
    argument or to a tuple. The latter is differentiated again, and may use the arguments only, as the kernel itself is
    not recorded.
    """

    def apply(*inputs: tf.Tensor) -> Any:
        if not recorded(inputs):
            return kernel(*inputs)[0]
        with record.stop_recording():
            outputs, pull = kernel(*inputs)

        def pull_all(upstream: Sequence[tf.Tensor]) -> Sequence[tf.Tensor]:
            found = pull(*upstream)
            return found if isinstance(found, tuple) else (found,)

        if isinstance(outputs, tuple):
            return tuple(_with_rule(outputs, pull_all, inputs))
        return _with_rule([outputs], pull_all, inputs)[0]

    return apply


def with_backward(
    forward: Callable[..., tuple[Sequence[tf.Tensor], Any]],
    backward: Callable[..., Sequence[tf.Tensor]],
    plain: Callable[..., tuple[Sequence[tf.Tensor], Any]],
) -> Callable[..., Sequence[tf.Tensor]]:
    """A function of tensors whose gradient is `backward(inputs, outputs, kept, upstream)`.

    `forward` returns its outputs and what it keeps. `plain` is the same in operations that have gradients: a second
    derivative is TensorFlow's own of it.
    """

    @ruled
    def run(*inputs: tf.Tensor) -> Any:
        outputs, kept = forward(*inputs)

        def pull(*upstream: tf.Tensor) -> Any:
            return _first_derivative(plain, backward, inputs, outputs, kept, upstream)

        return tuple(outputs), pull

    return run


def _first_derivative(
    plain: Callable[..., Any], backward: Callable[..., Any], inputs: Any, outputs: Any, kept: Any, upstream: Any
) -> Any:
    """The hand-written gradient, which itself has one."""
    count = len(inputs)

    @ruled
    def run(*sources: tf.Tensor) -> Any:
        def pull(*slopes: tf.Tensor) -> Any:
            return tuple(_second_derivative(plain, sources[:count], sources[count:], slopes))

        return tuple(backward(sources[:count], outputs, kept, sources[count:])), pull

    return run(*inputs, *upstream)


def _second_derivative(plain: Callable[..., Any], inputs: Any, upstream: Any, slopes: Any) -> Any:
    sources = [*inputs, *upstream]
    with tf.GradientTape() as outer:
        outer.watch(sources)
        with tf.GradientTape() as inner:
            inner.watch(inputs)
            outputs, _ = plain(*inputs)
        first = inner.gradient(outputs, inputs, upstream, tf.UnconnectedGradients.ZERO)
    return outer.gradient(first, sources, slopes, tf.UnconnectedGradients.ZERO)


def _with_rule(outputs: Sequence[tf.Tensor], pull: Pull, inputs: Sequence[tf.Tensor]) -> Tensors:
    """Copies of the outputs that are recorded as made of the inputs, with `pull` as their gradient."""
    count = len(outputs)

    def gradient(*upstream: Any) -> list[tf.Tensor | None]:
        return list(pull(dense(upstream[:count])))

    with record.stop_recording():
        if tf.executing_eagerly():
            copies = [raw.Identity(input=x) for x in outputs]
        else:
            copies = _ruled_in_graph(outputs, gradient, inputs)
    record.record_operation("UnifwRule", copies, list(inputs), gradient)
    return copies


def _ruled_in_graph(outputs: Sequence[tf.Tensor], gradient: Callable[..., Any], inputs: Sequence[tf.Tensor]) -> Tensors:
    """The copies as an operation with this rule: the graph may be differentiated when it is complete."""
    count, name, graph = len(outputs), f"UnifwRule{next(_number)}", tf.compat.v1.get_default_graph()

    def rule(_: tf.Operation | None, *upstream: Any) -> list[tf.Tensor | None]:
        return [*[None] * count, *gradient(*upstream)]

    _register(name, rule, graph)
    with graph.gradient_override_map({"IdentityN": name}):
        return tf.identity_n([*outputs, *inputs])[:count]


def _register(name: str, rule: Callable[..., Any], graph: Any) -> None:
    """Make TensorFlow find the rule for as long as the graph, or one around it, is there.

    TensorFlow itself forgets no rule, and a rule holds tensors of its graph, and so all of it.
    """
    found = weakref.ref(rule)
    tf.RegisterGradient(name)(lambda *given: found()(*given))  # type: ignore[misc]
    weakref.finalize(rule, gradient_registry._registry.pop, name, None).atexit = False
    graph._unifw_rules = [*getattr(graph, "_unifw_rules", ()), rule]
    outer = getattr(graph, "outer_graph", None)
    while outer is not None and outer.building_function:  # and not the default graph, which stays for ever
        outer._unifw_rules = [*getattr(outer, "_unifw_rules", ()), rule]
        outer = outer.outer_graph


def dense(gradients: Sequence[Any]) -> Tensors:
    """Tensors also for the slices that are the gradient of a gather."""
    return [x if isinstance(x, tf.Tensor) else tf.convert_to_tensor(x) for x in gradients]


_number = itertools.count()


def checkpoint(
    first: Callable[..., Tensors],
    again: Callable[..., Tensors],
    inputs: Tensors,
    closed: Tensors,
    parameters: Storages,
    buffers: Storages,
) -> Tensors:
    stream = random.Stream()

    with record.stop_recording(), stream.replayed():
        outputs = first(inputs, parameters, buffers)

    def pull(upstream: Sequence[tf.Tensor]) -> Tensors:
        with tf.control_dependencies(upstream):  # else a graph would find that it has all this already
            given = [raw.Identity(input=x) for x in inputs]
        sources = [*given, *closed, *parameters]
        kept = [_value(x) for x in buffers]
        with tf.control_dependencies(upstream), tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(sources)
            with stream.replayed():
                outputs = again(given, parameters, buffers)
        for buffer, value in zip(buffers, kept, strict=True):
            buffer.assign(value, read_value=False)
        return tape.gradient(outputs, sources, list(upstream), tf.UnconnectedGradients.ZERO)

    return _with_rule(outputs, pull, [*inputs, *closed, *map(_value, parameters)])


def _value(storage: Any) -> tf.Tensor:
    if not isinstance(storage, tf.Variable):
        return storage
    return raw.ReadVariableOp(resource=storage.handle, dtype=storage.dtype)


# ---- recording, and not


@tf.RegisterGradient("UnifwConstant")
def _no_gradient(operation: tf.Operation, *_: Any) -> list[None]:
    return [None] * len(operation.inputs)


_CONSTANT = tf.compat.v1.AttrValue(s=b"UnifwConstant")


@contextmanager
def no_grad() -> Iterator[None]:
    with record.stop_recording(), _attribute(_CONSTANT):
        yield


inference = no_grad


def _attribute(value: Any) -> AbstractContextManager[None]:
    """In a graph, which may be differentiated when it is complete, the rule that operations made from now on have."""
    if tf.executing_eagerly():
        return nullcontext()
    return tf.compat.v1.get_default_graph()._attr_scope({"_gradient_op_type": value})


@contextmanager
def recording() -> Iterator[Callable[[tf.Tensor], tf.Tensor]]:
    """Record, inside `no_grad` too; gives the function that then makes constants of the results."""
    if not pywrap_tfe.TFE_Py_TapeSetIsStopped():
        yield lambda x: x
        return
    pywrap_tfe.TFE_Py_TapeSetRestartOnThread()
    try:
        with _attribute(None):
            yield tf.stop_gradient
    finally:
        pywrap_tfe.TFE_Py_TapeSetStopOnThread()


stop_gradient = tf.stop_gradient
