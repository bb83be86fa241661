"""Control flow in PyTorch's graphs, by its higher-order operators: each branch is a graph of its own, which gets the
tensors from outside that it reads as operands.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch._higher_order_ops.cond import cond_op
from torch._higher_order_ops.scan import scan_op
from torch._higher_order_ops.while_loop import while_loop_op

from unifw.backends.torch import capture
from unifw.errors import ExportError

Tensors = list[torch.Tensor]
Function = Callable[[Tensors], Tensors]

WRITTEN_OUT = 64
"""The longest loop that becomes one copy of its body after the other, which compiles better than a loop does."""


def switch(index: torch.Tensor, branches: Sequence[Function], operands: Tensors) -> Tensors:
    _refuse_torchscript()
    if len(branches) > 2:
        branches, operands = _nested(branches[0], branches[1:]), [*operands, index]
    graphs, outer = _graphs(branches, operands)
    return list(cond_op(index > 0, graphs[1], graphs[0], (*operands, *outer)))


def _nested(first: Function, others: Sequence[Function]) -> list[Function]:
    """The first branch, and the choice among the others, which takes the index as its last operand."""
    return [lambda given: first(given[:-1]), lambda given: switch(given[-1] - 1, others, given[:-1])]


def while_loop(condition: Callable[[Tensors], torch.Tensor], body: Function, init: Tensors) -> Tensors:
    _refuse_torchscript()
    init = [x.clone() for x in init]
    (test, step), outer = _graphs([lambda given: [condition(given)], body], init)
    return list(_loop(lambda *given: test(*given)[0], step, init, outer))


def _loop(test: Any, step: Any, init: Sequence[torch.Tensor], outer: Sequence[torch.Tensor]) -> Any:
    """PyTorch's loop, with the right gradients: also when a captured graph runs or is compiled.

    Its backward pass drops what reaches `outer` through a value that starts without a gradient, so each is given one;
    and it goes through the body once even if that never ran.
    """
    if not torch.is_grad_enabled() or not any(x.requires_grad for x in (*init, *outer)):
        return while_loop_op(test, step, tuple(init), tuple(outer))
    starts = tuple(x.detach().requires_grad_() if _starts_without(x) else x for x in init)
    runs = test(*init, *outer)
    found = while_loop_op(test, step, starts, tuple(outer))
    return tuple(torch.where(runs, new, x) for new, x in zip(found, init, strict=True))


def _starts_without(x: torch.Tensor) -> bool:
    return not x.requires_grad and (x.is_floating_point() or x.is_complex())


capture.stands_for[while_loop_op] = _loop


def scan(function: Function, init: Tensors, xs: Tensors, length: Any, reverse: bool) -> Tensors | None:
    if isinstance(length, int) and (length <= WRITTEN_OUT or torch.jit.is_tracing() or not xs):
        return None
    if reverse:
        xs = [x.flip(0) for x in xs]
    init = [x.clone() for x in init]
    (step,), outer = _graphs([function], [*init, *(x[0] for x in xs)])
    outputs = list(scan_op(lambda *given: list(step(*given)), init, xs, tuple(outer)))
    stacks = outputs[len(init) :]
    return [*outputs[: len(init)], *([y.flip(0) for y in stacks] if reverse else stacks)]


def _graphs(functions: Sequence[Function], operands: Tensors) -> tuple[list[Callable[..., Any]], Tensors]:
    """Each function as a graph, all with the same inputs: the operands and then what any of them reads from outside."""
    graphs = [capture.branch(function, operands) for function in functions]
    outer = list({id(x): x for graph in graphs for x in graph.outer}.values())
    places = {id(x): len(operands) + i for i, x in enumerate(outer)}

    def call(graph: capture.Graph) -> Callable[..., Any]:
        chosen = [*range(len(operands)), *(places[id(x)] for x in graph.outer)]
        return lambda *given: tuple(graph.module(*(given[i] for i in chosen)))

    return [call(graph) for graph in graphs], outer


def _refuse_torchscript() -> None:
    if torch.jit.is_tracing():
        raise ExportError(
            "export: TorchScript's tracer cannot hold a branch or loop that depends on values. "
            'Write format="pt2" or format="saved_model".'
        )
