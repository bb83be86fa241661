"""Running a function as a TensorFlow graph."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.ops.resource_variable_ops import ResourceVariable

from unifw.backends.tensorflow.capture import capture, differentiated_again, flat_call, outside, owners
from unifw.backends.tensorflow.native import static_shape
from unifw.backends.tensorflow.sizes import specs
from unifw.errors import CompileWarning
from unifw.spec.tracing import Program, StepsInterruptedError
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


class Step:
    """`function(scalars, batch)` compiled; a change of dtype or of a shape beyond the batch axis traces again.

    The scalars travel as one vector, so that a new learning rate is neither a retrace nor a transfer of its own.
    """

    def __init__(self, function: Callable[..., tuple[Any, ...]]) -> None:
        self._function = function
        self._compiled = tf.function(self._unpacked, autograph=False)
        self._programs: dict[Any, StepProgram] = {}
        self._numbers: tuple[list[float] | None, Any] = None, None

    def _unpacked(self, scalars: tf.Tensor, *batch: tf.Tensor) -> tuple[Any, ...]:
        return self._function(tf.unstack(scalars) if scalars.shape[0] else [], batch)

    def __call__(self, scalars: Sequence[float], batch: tuple[tf.Tensor, ...]) -> tuple[Any, ...]:
        program = self._program(len(scalars), batch)
        try:
            return tuple(program.run([self._vector(scalars), *batch]))
        except tf.errors.OpError as error:
            failed = error
        results = tuple(self._function(scalars, batch))  # says what is wrong, and in which layer; or does the work
        warnings.warn(f"a compiled step failed, and ran as Python: {reason(failed)}", CompileWarning, stacklevel=2)
        return results

    def _vector(self, scalars: Sequence[float]) -> tf.Tensor:
        """The numbers of a step; those of the last one, if they are the same, as a tensor takes a while to make."""
        last, vector = self._numbers
        if scalars != last:
            vector = tf.constant(np.asarray(scalars, np.float64))
            self._numbers = list(scalars), vector
        return vector

    def several(self, scalars: Sequence[Sequence[float]], batches: Sequence[tuple[tf.Tensor, ...]]) -> list[Any]:
        program = self._program(len(scalars[0]), batches[0])
        stacks = [tf.stack(same) for same in zip(*batches, strict=True)]
        try:
            outputs = program.loop([tf.constant(np.asarray(scalars, np.float64)), *stacks])
        except tf.errors.OpError as error:
            raise StepsInterruptedError(int(program.begun)) from error
        return list(zip(*[tf.unstack(x) for x in outputs], strict=True))

    def _program(self, count: int, batch: tuple[tf.Tensor, ...]) -> StepProgram:
        shapes = [static_shape(x) for x in batch]
        key = (count, *[(x.dtype, len(shape), shape[1:]) for x, shape in zip(batch, shapes, strict=True)])
        fixed = key if key in self._programs else (key, *shapes)
        if fixed not in self._programs:
            try:
                self._programs[key] = self._traced(count, batch, open_batch=True)
                return self._programs[key]
            except Exception:  # what needs the size of this batch gets it; what cannot be gets an error that names it
                self._programs[fixed] = self._traced(count, batch, open_batch=False)
        return self._programs[fixed]

    def _traced(self, count: int, batch: tuple[tf.Tensor, ...], open_batch: bool) -> StepProgram:
        shapes = [(None, *x.shape[1:]) if open_batch and x.shape.rank else x.shape for x in batch]
        given = [tf.TensorSpec(shape, x.dtype) for shape, x in zip(shapes, batch, strict=True)]
        return StepProgram(self._compiled.get_concrete_function(tf.TensorSpec((count,), tf.float64), *given))


make_step = Step


class StepProgram:
    """A traced step, called flat, and the loop that takes it several times: `begun` is the step the loop is in."""

    def __init__(self, concrete: Any) -> None:
        self._concrete = concrete
        self.run = flat_call(concrete)

    @cached_property
    def begun(self) -> tf.Variable:
        return ResourceVariable(0, dtype=tf.int64, trainable=False)

    @cached_property
    def loop(self) -> Callable[[list[tf.Tensor]], Sequence[tf.Tensor]]:
        """The same inputs stacked, as many as there are steps, to the stacked outputs."""
        specs = [tf.TensorSpec((None, *x.shape), x.dtype) for x in self._concrete.inputs[: self._given]]
        return flat_call(tf.function(self._looped, autograph=False).get_concrete_function(*specs))

    @property
    def _given(self) -> int:
        return len(self._concrete.inputs) - len(self._concrete.captured_inputs)

    def _looped(self, *stacks: tf.Tensor) -> list[tf.Tensor]:
        count, begun = tf.shape(stacks[0], tf.int64)[0], self.begun
        begun.assign(0)
        kinds = zip(self._concrete.output_dtypes, self._concrete.output_shapes, strict=True)
        arrays = tuple(tf.TensorArray(dtype, tf.cast(count, tf.int32), element_shape=shape) for dtype, shape in kinds)

        def body(i: tf.Tensor, arrays: Any) -> Any:
            with tf.control_dependencies([begun.assign(i)]):  # whose inputs everything waits for
                inputs = [x[i] for x in stacks]
            outputs = self._concrete(*inputs)
            at = tf.cast(i, tf.int32)
            return i + 1, tuple(array.write(at, x) for array, x in zip(arrays, outputs, strict=True))

        start = tf.constant(0, tf.int64), arrays
        _, arrays = tf.while_loop(lambda i, _: i < count, body, start, parallel_iterations=1)
        return [array.stack() for array in arrays]


def reason(error: tf.errors.OpError) -> str:
    """The last line of a graph's message that is not of its call stack."""
    lines = [line.strip() for line in error.message.splitlines() if line.strip() and "File " not in line]
    said = [re.sub(r"\s*\[Op:.*", "", line) for line in lines if not line.startswith("[[{{node")]
    return said[-1] if said else type(error).__name__
