"""Users' operations on TensorFlow, whose graphs hold what a function does: only the gradient is ours to add."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python.eager import record  # no public name says whether a tape is watching

from unifw.errors import OperandError, describe
from unifw.spec import CustomRequest, Kernel


def register(request: CustomRequest) -> Kernel:
    def operation(*args: Any) -> Any:
        plain = request.gradient is None or (tf.executing_eagerly() and not record.could_possibly_record())
        y = _called(request, args) if plain else _differentiable(request, args)
        return tuple(y) if request.outputs > 1 else y[0]

    return operation


def _places(args: Sequence[Any]) -> list[int]:
    return [i for i, x in enumerate(args) if isinstance(x, tf.Tensor)]


def _called(request: CustomRequest, args: Sequence[Any]) -> list[tf.Tensor]:
    y = _results(request, request.function(*args))
    if request.shapes is not None and not tf.executing_eagerly():  # which a function in Python does not tell the graph
        for result, (shape, _) in zip(y, request.shapes(args, _places(args)), strict=True):
            result.set_shape([size if isinstance(size, int) else None for size in shape])
    return y


def _differentiable(request: CustomRequest, args: Sequence[Any]) -> list[tf.Tensor]:
    places = _places(args)

    @tf.custom_gradient
    def run(*tensors: tf.Tensor) -> Any:
        given = list(args)
        for place, x in zip(places, tensors, strict=True):
            given[place] = x
        y = _called(request, given)

        def backward(*upstream: tf.Tensor) -> list[tf.Tensor | None]:
            return list(request.gradient(upstream, y, given, places))  # type: ignore[misc]

        return y, backward

    results: list[tf.Tensor] = run(*(args[place] for place in places))
    return results


def _results(request: CustomRequest, y: Any) -> list[tf.Tensor]:
    found: Sequence[Any] = y if isinstance(y, (tuple, list)) else (y,)
    if len(found) != request.outputs or not all(isinstance(x, tf.Tensor) for x in found):
        raise OperandError(
            f"{request.name}: the implementation returned {describe(y)}; expected {request.outputs} tf.Tensor. "
            "Write custom_op(..., outputs=n) for n of them, in a tuple."
        )
    return list(found)
