"""The function swish(x) = x * sigmoid(x) as an operation of both frameworks: a kernel in C++, one gradient for both."""

from __future__ import annotations

import os
from typing import Any

import libraries

import unifw


def torch_operations() -> Any:
    """`swish` and `swish_grad` as operations of PyTorch."""
    import torch

    torch.ops.load_library(libraries.torch_library())
    return torch.ops.unifw_example


class TensorFlowOperations:
    """`swish` and `swish_grad` as operations of TensorFlow."""

    def __init__(self) -> None:
        import tensorflow as tf

        module = tf.load_op_library(libraries.tensorflow_library())
        self.swish, self.swish_grad = module.unifw_swish, module.unifw_swish_grad


def _libraries() -> dict[str, Any]:
    """The operations for the backend that UNIFW_BACKEND names, or for every installed one."""
    loaders: dict[str, Any] = {"torch": torch_operations, "tensorflow": TensorFlowOperations}
    chosen = os.environ.get("UNIFW_BACKEND")
    return {name: load() for name, load in loaders.items() if chosen in (None, "", name) and unifw.backends()[name]}


LIBRARIES = _libraries()


def _second(upstream: unifw.Tensor, above: unifw.Tensor, x: unifw.Tensor) -> tuple[unifw.Tensor, ...]:
    """The gradient of the gradient: here of functions that unifw has, no kernel is needed."""
    s = 1 / (1 + unifw.exp(-x))
    slope = s * (1 + x * (1 - s))
    return upstream * slope, upstream * above * s * (1 - s) * (2 + x * (1 - 2 * s))


swish_grad = unifw.custom_op(
    "unifw_example::swish_grad",
    gradient=_second,
    **{name: library.swish_grad for name, library in LIBRARIES.items()},
)
swish = unifw.custom_op(
    "unifw_example::swish",
    gradient=lambda upstream, x: swish_grad(upstream, x),
    **{name: library.swish for name, library in LIBRARIES.items()},
)


class Swish(unifw.nn.Module, leaf=True):
    """The operation as a layer."""

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """Any shape to the same shape."""
        y: unifw.Tensor = swish(x)
        return y
