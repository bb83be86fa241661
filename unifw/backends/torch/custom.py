"""Users' operations by `torch.library`: a graph holds them as one node, whatever they do inside."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch

from unifw.backends.torch.native import TORCH
from unifw.errors import ArgumentError, TracedValueError, first_line
from unifw.spec.custom import CustomRequest, Kernel

_WORDS = {
    "float": "float",
    "int": "SymInt",
    "bool": "bool",
    "str": "str",
    "list[int]": "SymInt[]",
    "list[float]": "float[]",
}


def register(request: CustomRequest) -> Kernel:
    if isinstance(request.function, (torch._ops.OpOverload, torch._ops.OpOverloadPacket)):
        return _completed(request, request.function)

    checked = _checked(request)
    if not request.opaque:  # then torch traces and differentiates what the function calls
        return checked
    name = request.name if "::" in request.name else f"unifw::{request.name}"
    schema = _schema(request.function, request.outputs)
    operation = torch.library.custom_op(name, checked, mutates_args=(), schema=schema)
    operation.register_fake(_fake(request))
    return _undifferentiated(operation)


def _checked(request: CustomRequest) -> Kernel:
    def call(*args: Any) -> Any:
        found = request.results(request.function(*args), torch.Tensor)
        return tuple(found) if request.outputs > 1 else found[0]

    return call


def _completed(request: CustomRequest, operation: Any) -> Kernel:
    """An operation of a C++ library, with the shapes that the library may have left out."""
    if request.shapes is not None:
        overload = isinstance(operation, torch._ops.OpOverload)
        torch.library.register_fake(operation._name if overload else operation._qualified_op_name, _fake(request))
    return _undifferentiated(operation) if request.opaque else operation


def _undifferentiated(operation: Kernel) -> Kernel:
    """An operation for which torch looks for no derivative, as it refuses one that it has not been given."""

    def call(*args: Any) -> Any:
        return operation(*(x.detach() if isinstance(x, torch.Tensor) else x for x in args))

    return call


def _places(args: Sequence[Any]) -> list[int]:
    return [i for i, x in enumerate(args) if isinstance(x, torch.Tensor)]


def _fake(request: CustomRequest) -> Kernel:
    """What tracers run: shapes and dtypes only."""

    def by_running(*args: Any) -> Any:
        try:
            return _checked(request)(*args)
        except Exception as error:
            raise TracedValueError(
                f"{request.name}: the implementation cannot be traced ({first_line(error)}). "
                "Write custom_op(..., shape=...)."
            ) from error

    def by_shapes(*args: Any) -> Any:
        places = _places(args)
        specs = request.shapes(args, places)  # type: ignore[misc]
        found = tuple(args[places[0]].new_empty(shape, dtype=TORCH[dtype]) for shape, dtype in specs)
        return found if request.outputs > 1 else found[0]

    return by_running if request.shapes is None else by_shapes


def _schema(function: Kernel, outputs: int) -> str:
    """The types of arguments and results: an argument is a tensor unless its annotation or default says otherwise."""
    arguments = []
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            raise ArgumentError(f"custom_op: got *{name} in an implementation; expected an argument for each input.")
        default = "" if parameter.default is parameter.empty else f"={_literal(parameter.default)}"
        arguments.append(f"{_word(parameter)} {name}{default}")
    returns = "Tensor" if outputs == 1 else "(" + ", ".join(["Tensor"] * outputs) + ")"
    return f"({', '.join(arguments)}) -> {returns}"


def _word(parameter: inspect.Parameter) -> str:
    annotation, default = parameter.annotation, parameter.default
    if annotation is parameter.empty:
        return _WORDS.get(type(default).__name__, "Tensor")
    name = annotation.__name__ if isinstance(annotation, type) else str(annotation)
    return _WORDS.get(name, "Tensor")


def _literal(default: Any) -> str:
    """A default as a schema writes it."""
    return f'"{default}"' if isinstance(default, str) else repr(default)
