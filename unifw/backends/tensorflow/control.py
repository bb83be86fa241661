"""Control flow in TensorFlow's graphs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

Function = Callable[[list[tf.Tensor]], list[tf.Tensor]]


def switch(index: tf.Tensor, branches: Sequence[Function], operands: list[tf.Tensor]) -> list[tf.Tensor]:
    functions = [lambda branch=branch: tuple(branch(operands)) for branch in branches]
    place = tf.clip_by_value(tf.cast(index, tf.int32), 0, len(branches) - 1)
    if len(branches) == 2:
        return _listed(tf.cond(tf.cast(place, tf.bool), functions[1], functions[0]))
    return _listed(tf.switch_case(place, functions))


def _listed(found: Any) -> list[tf.Tensor]:
    """TensorFlow unpacks a tuple of one."""
    return list(found) if isinstance(found, (tuple, list)) else [found]


def while_loop(
    condition: Callable[[list[tf.Tensor]], tf.Tensor], body: Function, init: list[tf.Tensor]
) -> list[tf.Tensor]:
    def step(*values: tf.Tensor) -> tuple[tf.Tensor, ...]:
        return tuple(_as(x, new) for x, new in zip(init, body(list(values)), strict=True))

    return _listed(tf.while_loop(lambda *values: condition(list(values)), step, tuple(init)))


def _as(x: tf.Tensor, new: tf.Tensor) -> tf.Tensor:
    """The new value, known to have the shape of the old."""
    return tf.ensure_shape(new, x.shape)


def scan(function: Function, init: list[tf.Tensor], xs: list[tf.Tensor], length: Any, reverse: bool) -> list[tf.Tensor]:
    count = len(init)
    specs = [tf.TensorSpec(x.shape, x.dtype) for x in init] + [tf.TensorSpec(x.shape[1:], x.dtype) for x in xs]
    traced = tf.function(lambda *given: tuple(function(list(given))), autograph=False).get_concrete_function(*specs)
    shapes = traced.output_shapes[count:]
    length = tf.cast(length, tf.int32)
    stacks = tuple(
        tf.TensorArray(dtype, size=length, element_shape=shape)
        for dtype, shape in zip(traced.output_dtypes[count:], shapes, strict=True)
    )

    def step(i: tf.Tensor, carry: Any, arrays: Any) -> Any:
        at = length - 1 - i if reverse else i
        outputs = traced(*carry, *(tf.gather(x, at) for x in xs))
        kept = tuple(_as(x, new) for x, new in zip(init, outputs[:count], strict=True))
        return i + 1, kept, tuple(a.write(at, y) for a, y in zip(arrays, outputs[count:], strict=True))

    start = tf.constant(0, tf.int32), tuple(init), stacks
    _, carry, arrays = tf.while_loop(lambda i, *_: i < length, step, start)
    return [*carry, *(array.stack() for array in arrays)]
