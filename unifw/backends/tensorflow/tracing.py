"""Running a function as a TensorFlow graph."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from unifw.backends.tensorflow.capture import capture, differentiated_again, flat_call, outside, owners
from unifw.backends.tensorflow.sizes import specs
from unifw.errors import CompileWarning
from unifw.spec import Program
from unifw.variable import Variable

__all__ = ["home", "make_step", "outside", "signature", "trace"]

Function = Callable[[list[tf.Tensor]], Sequence[tf.Tensor]]


def signature(inputs: Sequence[tf.Tensor]) -> tuple[tuple[Hashable, ...], ...] | None:
    try:
        return tuple([(x._datatype_enum(), x._shape_tuple()) for x in inputs])
    except AttributeError:  # only an eager tensor has these
        return None


def home(variable: Variable) -> Hashable:
    return variable.storage.ref()


def trace(
    function: Function,
    inputs: Sequence[tf.Tensor],
    dims: Sequence[Mapping[int, str]],
    variables: Sequence[Variable],
    mode: str,
    warn: Callable[[str], None],
) -> Program:
    wanted = specs(inputs, dims)
    if mode == "xla":
        return Graph(capture(function, wanted, xla=True), lambda: capture(function, wanted), warn)
    return Graph(capture(function, wanted), None, warn)


class Graph:
    """A concrete function, called flat; with another to fall back on if XLA cannot compile it."""

    def __init__(self, concrete: Any, fallback: Callable[[], Any] | None, warn: Callable[[str], None]) -> None:
        self.variables: Sequence[Variable] = owners(concrete)
        self._call = flat_call(concrete)
        self._has_rules = hasattr(concrete.graph, "_unifw_rules")
        self._fallback = fallback
        self._warn = warn

    def __call__(self, inputs: list[tf.Tensor]) -> Any:
        if self._has_rules and differentiated_again.get():
            return NotImplemented
        try:
            return self._call(inputs)
        except tf.errors.OpError as error:
            if self._fallback is None:
                raise
            return self._without_xla(inputs, error)

    def _without_xla(self, inputs: list[tf.Tensor], error: tf.errors.OpError) -> Sequence[tf.Tensor]:
        assert self._fallback is not None
        plain = Graph(self._fallback(), None, self._warn)
        outputs = plain(inputs)
        self._call, self._has_rules, self._fallback = plain._call, plain._has_rules, None
        self._warn(reason(error))
        return outputs


def make_step(function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    """`function(scalars, batch)` compiled; a change of dtype or of a shape beyond the batch axis traces again.

    The scalars travel as one vector, so that a new learning rate is neither a retrace nor a transfer of its own.
    """

    def unpacked(scalars: tf.Tensor, *batch: tf.Tensor) -> tuple[Any, ...]:
        return function(tf.unstack(scalars) if scalars.shape[0] else [], batch)

    compiled = tf.function(unpacked, autograph=False)
    programs: dict[Any, Callable[..., tuple[Any, ...]]] = {}

    def traced(count: int, batch: tuple[tf.Tensor, ...], open_batch: bool) -> Callable[..., Any]:
        shapes = [(None, *x.shape[1:]) if open_batch and x.shape.rank else x.shape for x in batch]
        given = [tf.TensorSpec(shape, x.dtype) for shape, x in zip(shapes, batch, strict=True)]
        return flat_call(compiled.get_concrete_function(tf.TensorSpec((count,), tf.float64), *given))

    def program(count: int, batch: tuple[tf.Tensor, ...]) -> Callable[..., Any]:
        key = (count, *[(x.dtype, x.shape.rank, x.shape[1:]) for x in batch])
        fixed = key if key in programs else (key, *[tuple(x.shape) for x in batch])
        if fixed not in programs:
            try:
                programs[key] = traced(count, batch, open_batch=True)
                return programs[key]
            except Exception:  # what needs the size of this batch gets it; what cannot be gets an error that names it
                programs[fixed] = traced(count, batch, open_batch=False)
        return programs[fixed]

    def step(scalars: Sequence[float], batch: tuple[tf.Tensor, ...]) -> tuple[Any, ...]:
        run = program(len(scalars), batch)
        try:
            return tuple(run([tf.constant(np.asarray(scalars, np.float64)), *batch]))
        except tf.errors.OpError as error:
            failed = error
        results = tuple(function(scalars, batch))  # says what is wrong, and in which layer; or does the work
        warnings.warn(f"a compiled step failed, and ran as Python: {reason(failed)}", CompileWarning, stacklevel=2)
        return results

    return step


def reason(error: tf.errors.OpError) -> str:
    """The last line of a graph's message that is not of its call stack."""
    lines = [line.strip() for line in error.message.splitlines() if line.strip() and "File " not in line]
    said = [re.sub(r"\s*\[Op:.*", "", line) for line in lines if not line.startswith("[[{{node")]
    return said[-1] if said else type(error).__name__
