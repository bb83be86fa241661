"""Looking into backward passes, without hooks on the tape.

Each result, each parameter that is read, and each tensor that a derivative is taken for goes through an identity with a
gradient of its own, which knows what used it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.rules import ruled
from unifw.backends.tensorflow.tensor import TensorFlowParameter, TensorFlowTensor
from unifw.spec.debugging import Report
from unifw.tensor import Tensor


def watch(x: tf.Tensor, operands: Sequence[Tensor], operation: Any, report: Report) -> tf.Tensor:
    for operand in operands:
        used = operand.storage if isinstance(operand, TensorFlowParameter) else operand.native
        for users in getattr(used, "_unifw_users", ()):
            users.append(operation)
    return _watched(x, report)


def _watched(x: tf.Tensor, report: Report) -> tf.Tensor:
    users: list[Any] = []

    @ruled
    def identity(x: tf.Tensor) -> Any:
        def backward(gradient: tf.Tensor) -> tf.Tensor:
            if not tf.is_symbolic_tensor(gradient):
                report(gradient, users)
            return gradient

        return tf.identity(x), backward

    y = identity(x)
    y._unifw_users = [users]
    return y


@contextmanager
def watching(report: Report) -> Iterator[None]:
    with _watched_parameters(report), _watched_inputs(report):
        yield


@contextmanager
def _watched_parameters(report: Report) -> Iterator[None]:
    parameters: Any = TensorFlowParameter
    before = {name: vars(parameters).get(name) for name in ("native", "_kernel", "_stored")}

    def watched(read: Callable[[Any], tf.Tensor]) -> property:
        def watched_read(parameter: Any) -> tf.Tensor:
            x = read(parameter)
            if tf.is_symbolic_tensor(x) or not x.dtype.is_floating:
                return x
            y = _watched(x, report)
            parameter.storage._unifw_users = y._unifw_users
            return y

        return property(watched_read)

    for name in before:
        setattr(parameters, name, watched(getattr(parameters, name).fget))
    try:
        yield
    finally:
        for name, outer in before.items():
            delattr(parameters, name)
            if outer is not None:  # a block inside another
                setattr(parameters, name, outer)


@contextmanager
def _watched_inputs(report: Report) -> Iterator[None]:
    """The tensors that a gradient is taken for."""
    autodiff: Any = TensorFlowTensor.backend.autodiff
    before = {name: getattr(autodiff, name) for name in ("value_and_grad", "vjp")}

    def watched(derivative: Any) -> Any:
        def apply(function: Any, tensors: list[tf.Tensor], *rest: Any) -> Any:
            return derivative(
                lambda xs, storages: function([_watched(x, report) for x in xs], storages), tensors, *rest
            )

        return apply

    for name, derivative in before.items():
        setattr(autodiff, name, watched(derivative))
    try:
        yield
    finally:
        for name, derivative in before.items():
            setattr(autodiff, name, derivative)
