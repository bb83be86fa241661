"""Gradients by `torch.autograd.grad`; nothing is left on `.grad`."""

from __future__ import annotations

from collections.abc import Callable

import torch

Tensors = list[torch.Tensor]


def value_and_grad(
    function: Callable[[Tensors], tuple[torch.Tensor, Tensors]], tensors: Tensors, storages: Tensors, nested: bool
) -> tuple[torch.Tensor, Tensors, Tensors]:
    # Inside another gradient an input may be part of its graph: a view keeps it connected, and is a node of our own.
    inputs = [x.view_as(x) if x.requires_grad else x.detach().requires_grad_() for x in tensors]
    before = [storage.requires_grad for storage in storages]
    with torch.enable_grad():
        for storage in storages:
            storage.requires_grad_()
        try:
            value, aux = function(inputs)
            gradients = _gradients(value, inputs + storages, nested)
        finally:
            for storage, required in zip(storages, before, strict=True):
                storage.requires_grad_(required)
    if not nested:
        value, aux = value.detach(), [x.detach() for x in aux]
    return value, aux, gradients


def _gradients(value: torch.Tensor, inputs: Tensors, nested: bool) -> Tensors:
    if not value.requires_grad:  # a constant function
        return [torch.zeros_like(x) for x in inputs]
    return list(torch.autograd.grad(value, inputs, create_graph=nested, materialize_grads=True))


stop_gradient = torch.Tensor.detach
