"""What a Trainer refuses before it starts, and how it says it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import numpy as np

from unifw.errors import ArgumentError, GradientError, OperandError, describe
from unifw.nn.module import Module
from unifw.optim.base import Optimizer
from unifw.tensor import Tensor
from unifw.variable import Parameter

P = ParamSpec("P")
R = TypeVar("R")


def check_parts(model: Any, optimizer: Any, loss: Any, metrics: Any) -> None:
    """That a Trainer is made of a model, an optimiser and functions. Raises OperandError.

    >>> check_parts(Module(), None, abs, {"error": abs})
    """
    if not isinstance(model, Module):
        raise _no_part("model", model, "a Module. Write the model that was made, as in nn.Linear(2, 1)")
    check_optimizer(optimizer)
    if loss is not None and not _is_function(loss):
        functions = "Write nn.functional.cross_entropy, or nn.CrossEntropyLoss()"
        raise _no_part("loss", loss, f"a function of outputs and targets. {functions}")
    named = isinstance(metrics, Mapping) and all(map(_is_function, metrics.values()))
    if metrics is not None and not named:
        functions = 'Write {"accuracy": unifw.train.accuracy}'
        raise _no_part("metrics", metrics, f"a dict of functions of outputs and targets by name. {functions}")


def check_optimizer(optimizer: Any) -> None:
    """That this is an optimiser, or none. Raises OperandError.

    >>> check_optimizer(None)
    """
    if optimizer is not None and not isinstance(optimizer, Optimizer):
        name = optimizer.__name__ if isinstance(optimizer, type) else "SGD"
        raise _no_part("optimizer", optimizer, f"an optimiser of the model. Write optim.{name}(model, lr=0.01)")


def _no_part(part: str, got: Any, expected: str) -> OperandError:
    words = f"the class {got.__name__}" if isinstance(got, type) else describe(got)
    return OperandError(f"Trainer: got {words} as {part}; expected {expected}.")


def _is_function(x: Any) -> bool:
    return callable(x) and not isinstance(x, type)


def check_epochs(epochs: Any) -> None:
    """That this is a number of epochs. Raises ArgumentError.

    >>> check_epochs(3)
    """
    if not isinstance(epochs, (int, np.integer)) or epochs < 0:
        raise ArgumentError(
            f"fit: got epochs {describe(epochs)}; expected an integer of at least 0. "
            "Write fit(DataLoader(ArrayDataset(x, y), batch_size=32), epochs=3)."
        )


def told(method: Callable[P, R]) -> Callable[P, R]:
    """The method, which says how it is called if it is called as another library's. Raises OperandError.

    >>> import unifw
    >>> unifw.Trainer(Module()).evaluate(1, 2)
    Traceback (most recent call last):
    unifw.errors.OperandError: evaluate: too many positional arguments; expected evaluate(data), where data gives ...
    """
    signature = inspect.signature(method)

    @wraps(method)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            signature.bind(*args, **kwargs)
        except TypeError as error:
            names = ", ".join(list(signature.parameters)[1:])
            raise OperandError(
                f"{method.__name__}: {error}; expected {method.__name__}({names}), where data gives batches. "
                f"Write {method.__name__}(DataLoader(ArrayDataset(x, y), batch_size=32), ...)."
            ) from None
        return method(*args, **kwargs)

    return call


def check_batches(name: str, data: Any) -> None:
    """That this can be gone through by batches, as no array or tuple of arrays can. Raises OperandError.

    >>> check_batches("fit", [(np.ones((2, 1)), np.ones(2))])
    """
    several = isinstance(data, (tuple, list)) and len(data) > 0 and all(map(_is_array, data))
    if several or _is_array(data) or isinstance(data, (str, Mapping)) or not isinstance(data, Iterable):
        got = f"a {type(data).__name__} of {len(data)} arrays" if several else describe(data)
        raise OperandError(
            f"{name}: got {got}; expected batches, each of them a tuple (inputs, targets). "
            "Write DataLoader(ArrayDataset(x, y), batch_size=32)."
        )


def check_question(build_model: Any, batch: Any) -> None:
    """That `tune` can make models of the one and train them on the other. Raises OperandError.

    >>> check_question(Module, (np.ones((2, 1)), np.ones(2)))
    """
    if isinstance(build_model, Module) or not callable(build_model):
        raise OperandError(
            f"tune: got a {type(build_model).__name__} as build_model; expected a function that makes the model, "
            "as each backend gets one. Write the class, or lambda: nn.Linear(2, 1)."
        )
    if not isinstance(batch, (tuple, list)) or len(batch) < 2:
        raise OperandError(
            f"tune: got {describe(batch)} as batch; expected a tuple of one batch's inputs and targets. "
            "Write (inputs, targets)."
        )


def _is_array(x: Any) -> bool:
    return isinstance(x, (Tensor, np.ndarray))


def check_trained(optimizer: Optimizer, trainable: Mapping[str, Parameter]) -> None:
    """That the optimiser has these parameters, and not others of the same names. Raises GradientError.

    >>> import unifw
    >>> model = unifw.nn.Linear(1, 1)
    >>> check_trained(unifw.optim.SGD(model), dict(model.named_parameters()))
    """
    others = [name for name, own in trainable.items() if optimizer.parameters.get(name, own) is not own]
    if others:
        name = type(optimizer).__name__
        raise GradientError(
            f"fit: got an optimiser of other parameters than the model's {', '.join(others[:3])}; expected one of the "
            f"model as it is. Write {name}(model, ...) for this model, after what replaces its parameters."
        )
