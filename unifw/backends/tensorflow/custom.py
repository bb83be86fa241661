"""Users' operations on TensorFlow, whose graphs hold what a function does; of Python they do not know the shapes."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from unifw.spec.custom import CustomRequest, Kernel


def register(request: CustomRequest) -> Kernel:
    def operation(*args: Any) -> Any:
        y = request.results(request.function(*args), tf.Tensor)
        if request.shapes is not None and not tf.executing_eagerly():
            places = [i for i, x in enumerate(args) if isinstance(x, tf.Tensor)]
            for result, (shape, _) in zip(y, request.shapes(args, places), strict=True):
                result.set_shape([size if isinstance(size, int) else None for size in shape])
        return tuple(y) if request.outputs > 1 else y[0]

    return operation
