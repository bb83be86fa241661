"""Derivatives by the engine of `torch.autograd.grad`, and by `torch.func` for forward mode and inside `vmap`.

Nothing is left on `.grad`. `torch.func` keeps a stack of transformations and forbids `requires_grad_` while one is
running: then its own reverse mode is used, which costs four times as much.
"""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from functools import cache
from typing import Any

import torch

from unifw.backends.torch import capture
from unifw.backends.torch.rules import checkpoint as checkpoint
from unifw.backends.torch.rules import custom_gradient as custom_gradient
from unifw.backends.torch.rules import inference as inference
from unifw.backends.torch.rules import level as _level
from unifw.backends.torch.rules import no_grad as no_grad
from unifw.backends.torch.rules import stop_gradient as stop_gradient
from unifw.errors import backward_failure

Tensors = list[torch.Tensor]
Function = Callable[[Tensors, Tensors], tuple[Tensors, Tensors]]


def value_and_grad(
    function: Callable[[Tensors, Tensors], tuple[torch.Tensor, Tensors]],
    tensors: Tensors,
    storages: Tensors,
    nested: bool,
) -> tuple[torch.Tensor, Tensors, Tensors]:
    if _level() is not None:
        (value,), aux, pull = vjp(lambda *given: _first_of(function(*given)), tensors, storages, nested)
        return value, aux, pull([torch.ones_like(value)], nested)
    captured, recording = capture.note_derivative(), torch.is_grad_enabled()
    again = capture.differentiated_again.set(nested)
    nested = (captured or nested) and recording  # a captured graph may be differentiated as a whole
    inputs = [_source(x, recording) for x in tensors]
    idle = [storage for storage in storages if not storage.requires_grad]
    for storage in idle:
        storage.requires_grad = True  # by attribute: the method costs half as much again
    if not recording:
        torch._C._set_grad_enabled(True)
    try:
        value, aux = function(inputs, storages)
        gradients = _gradients([value], inputs + storages, [torch.ones_like(value)], False, nested)
    finally:
        capture.differentiated_again.reset(again)
        if not recording:
            torch._C._set_grad_enabled(False)
        for storage in idle:
            storage.requires_grad = False
    return (value, aux, gradients) if nested else (value.detach(), [x.detach() for x in aux], gradients)


def _first_of(result: tuple[torch.Tensor, Tensors]) -> tuple[Tensors, Tensors]:
    return [result[0]], result[1]


def _source(x: torch.Tensor, recording: bool) -> torch.Tensor:
    """A stand-in that nothing else has; a view where `x` is part of the graph of an enclosing derivative."""
    return x.view_as(x) if recording and x.requires_grad else capture.leaf(x)


# What `torch.autograd.grad` calls when it has gone over its arguments, for longer than a small backward pass takes.
_backward = torch.autograd.Variable._execution_engine.run_backward


def _gradients(outputs: Tensors, inputs: Tensors, cotangents: Tensors, retain: bool, nested: bool) -> Tensors:
    """Zeros for what the outputs do not depend on."""
    live = [(x, cotangent) for x, cotangent in zip(outputs, cotangents, strict=True) if x.requires_grad]
    if not live:  # constants
        return [torch.zeros_like(x) for x in inputs]
    tops, given = zip(*live, strict=True)
    try:
        found = _backward(tops, given, retain or nested, nested, tuple(inputs), True, accumulate_grad=False)
    except Exception as error:
        raise backward_failure(error) from error
    try:
        complete = not any(map(_is_zero, found))
    except TypeError:  # for None
        complete = False
    return list(found) if complete else list(map(_materialised, inputs, found))


_is_zero = torch.Tensor._is_zerotensor


def _materialised(x: torch.Tensor, gradient: torch.Tensor | None) -> torch.Tensor:
    return torch.zeros_like(x) if gradient is None or gradient._is_zerotensor() else gradient


def vjp(
    function: Function, tensors: Tensors, storages: Tensors, nested: bool
) -> tuple[Tensors, Tensors, Callable[[Tensors, bool], Tensors]]:
    count, captured = len(tensors), capture.note_derivative()
    if _level() is not None:
        _refuse_forward_around()
        found, pull, aux = torch.func.vjp(_flat(function, count), *tensors, *storages, has_aux=True)
        return list(found), list(aux), lambda cotangents, _: list(pull(tuple(cotangents)))
    recording = torch.is_grad_enabled()
    inputs = [_source(x, recording) for x in (*tensors, *storages)]
    again = capture.differentiated_again.set(True)  # the pullback may be differentiated
    try:
        with torch.enable_grad():
            outputs, aux = function(inputs[:count], inputs[count:])
    finally:
        capture.differentiated_again.reset(again)
    nested = captured or nested

    def pullback(cotangents: Tensors, again: bool) -> Tensors:
        return _gradients(outputs, inputs, cotangents, True, nested or again)

    if nested and recording:
        return outputs, aux, pullback
    return [x.detach() for x in outputs], [x.detach() for x in aux], pullback


def jvp(
    function: Function, tensors: Tensors, storages: Tensors, tangents: Tensors, nested: bool
) -> tuple[Tensors, Tensors, Tensors]:
    capture.note_derivative()
    sources, flat = (*tensors, *storages), _flat(function, len(tensors))
    nested = nested or capture.has_open_sizes()  # which torch's rules for forward mode would fix
    again = capture.differentiated_again.set(True)  # where forward mode goes by reverse mode twice
    try:
        if nested:
            _refuse_forward_around()
            outputs, directions, aux = _transposed_twice(flat, sources, tangents)
        else:
            _load_rules()
            outputs, directions, aux = torch.func.jvp(flat, sources, tuple(tangents), has_aux=True)
    except NotImplementedError as error:
        if nested or "forward" not in str(error):
            raise
        outputs, directions, aux = _transposed_twice(flat, sources, tangents)
    finally:
        capture.differentiated_again.reset(again)
    return list(outputs), list(aux), [x.clone() if x._is_zerotensor() else x for x in directions]


def _refuse_forward_around() -> None:
    """Make an enclosing forward derivative go by reverse mode too, in `jvp`.

    Forward and reverse mode, one around the other, are silently wrong in torch 2.13 for det, slogdet and solve, whose
    derivatives use saved factors as constants, and NaN for eigh and for running products with zeros.
    """
    layers = torch._C._functorch.get_interpreter_stack() or ()
    if any(layer.key() == torch._C._functorch.TransformType.Jvp for layer in layers):
        raise NotImplementedError("forward mode around another derivative")


@cache
def _load_rules() -> None:
    """What torch imports when the first forward derivative is taken warns of its own use of TorchScript."""
    with warnings.catch_warnings(action="ignore", category=DeprecationWarning):
        importlib.import_module("torch._decomp.decompositions_for_jvp")


def _flat(function: Function, count: int) -> Callable[..., tuple[tuple[torch.Tensor, ...], Tensors]]:
    """As `torch.func` has it: one argument for each tensor, and a tuple of outputs."""

    def flat(*inputs: torch.Tensor) -> tuple[tuple[torch.Tensor, ...], Tensors]:
        outputs, aux = function(list(inputs[:count]), list(inputs[count:]))
        return tuple(outputs), aux

    return flat


def _transposed_twice(flat: Callable[..., Any], sources: tuple[torch.Tensor, ...], tangents: Tensors) -> Any:
    """Forward mode by reverse mode: the pullback is linear, and its own pullback is the product with tangents."""
    outputs, pull, aux = torch.func.vjp(flat, *sources, has_aux=True)
    _, push = torch.func.vjp(lambda *u: pull(u), *map(torch.zeros_like, outputs))
    return outputs, push(tuple(tangents)), aux


def vmap(function: Callable[[Tensors], Tensors], inputs: Tensors, loop: bool) -> Tensors:
    capture.note_derivative()  # which mapping is not, but by the same means, that only a graph knows
    return list(torch.func.vmap(lambda *xs: tuple(function(list(xs))), randomness="different")(*inputs))
