"""Users' operations on TensorFlow, whose graphs hold what a function does; of Python they do not know the shapes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from unifw.errors import OperandError, describe
from unifw.spec import CustomRequest, Kernel


def register(request: CustomRequest) -> Kernel:
    def operation(*args: Any) -> Any:
        y = _results(request, request.function(*args))
        if request.shapes is not None and not tf.executing_eagerly():
            places = [i for i, x in enumerate(args) if isinstance(x, tf.Tensor)]
            for result, (shape, _) in zip(y, request.shapes(args, places), strict=True):
                result.set_shape([size if isinstance(size, int) else None for size in shape])
        return tuple(y) if request.outputs > 1 else y[0]

    return operation


def _results(request: CustomRequest, y: Any) -> list[tf.Tensor]:
    found: Sequence[Any] = y if isinstance(y, (tuple, list)) else (y,)
    if len(found) != request.outputs or not all(isinstance(x, tf.Tensor) for x in found):
        raise OperandError(
            f"{request.name}: the implementation returned {describe(y)}; expected {request.outputs} tf.Tensor. "
            "Write custom_op(..., outputs=n) for n of them, in a tuple."
        )
    return list(found)
