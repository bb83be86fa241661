"""Control flow in PyTorch's graphs, by its higher-order operators: each branch is a graph of its own, which gets the
tensors from outside that it reads as operands.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import torch
from torch._higher_order_ops.cond import cond_op
from torch._higher_order_ops.scan import scan_op
from torch._higher_order_ops.while_loop import while_loop_op
from torch.fx.experimental.proxy_tensor import disable_proxy_modes_tracing, make_fx
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode

from unifw.backends.torch import capture
from unifw.errors import ExportError

Tensors = list[torch.Tensor]
Operands = Sequence[torch.Tensor]
Function = Callable[[Tensors], Tensors]

_WRITERS = {function: inspect.signature(function) for function in (F.batch_norm, F.instance_norm)}
_WRITTEN = "running_mean", "running_var"

WRITTEN_OUT = 64
"""The longest loop that becomes one copy of its body after the other, which compiles better than a loop does."""


def switch(index: torch.Tensor, branches: Sequence[Function], operands: Tensors) -> Tensors:
    _refuse_torchscript()
    if len(branches) > 2:
        branches, operands = _nested(branches[0], branches[1:]), [*operands, index]
    parts = _Parts(branches, operands)
    first, second = parts.calls
    return parts.assigned(_cond(index > 0, second, first, _apart([*parts.before, *operands, *parts.outer])))


def _apart(operands: Tensors) -> tuple[torch.Tensor, ...]:
    """Copies of those that share memory with one before them, which branches and loops may not get."""
    seen = [x.untyped_storage()._cdata for x in operands]
    return tuple([x.clone() if seen[i] in seen[:i] else x for i, x in enumerate(operands)])


def _nested(first: Function, others: Sequence[Function]) -> list[Function]:
    """The first branch, and the choice among the others, which takes the index as its last operand."""
    return [lambda given: first(given[:-1]), lambda given: switch(given[-1] - 1, others, given[:-1])]


def while_loop(condition: Callable[[Tensors], torch.Tensor], body: Function, init: Tensors) -> Tensors:
    _refuse_torchscript()
    init = [x.clone(memory_format=torch.contiguous_format) for x in init]
    parts = _Parts([lambda given: [condition(given)], body], init)
    if parts.graphs[0].written:
        return _carrying(condition, body, init)
    test, step = parts.calls
    start = [*(x.clone() for x in parts.before), *init]
    return parts.assigned(_loop(lambda *given: test(*given)[-1], step, start, _apart(parts.outer)))


def _carrying(condition: Callable[[Tensors], torch.Tensor], body: Function, init: Tensors) -> Tensors:
    """The loop for a condition that assigns, which PyTorch's may not: it is the last part of each step."""

    def step(given: Tensors) -> Tensors:
        new = body(given[1:])
        return [condition(new), *new]

    return while_loop(lambda given: given[0], step, [condition(init), *init])[1:]


def _loop(test: Any, step: Any, init: Operands, outer: Operands) -> Any:
    """PyTorch's loop, with the right gradients: also when a captured graph runs or is compiled.

    Its backward pass drops what reaches `outer` through a value that starts without a gradient, so each is given one;
    and it goes through the body once even if that never ran.
    """
    if not _is_differentiated([*init, *outer]):
        return while_loop_op(test, step, tuple(init), tuple(outer))
    starts = tuple(x.detach().requires_grad_() if _starts_without(x) else x for x in init)
    runs = test(*init, *outer)
    found = while_loop_op(test, step, starts, tuple(outer))
    return tuple(torch.where(runs, new, x) for new, x in zip(found, init, strict=True))


def _starts_without(x: torch.Tensor) -> bool:
    return not x.requires_grad and (x.is_floating_point() or x.is_complex())


def scan(function: Function, init: Tensors, xs: Tensors, length: Any, reverse: bool) -> Tensors | None:
    if isinstance(length, int) and (length <= WRITTEN_OUT or torch.jit.is_tracing() or not xs):
        return None
    if reverse:
        xs = [x.flip(0) for x in xs]
    init = [x.clone(memory_format=torch.contiguous_format) for x in init]
    parts = _Parts([function], [*init, *(x[0] for x in xs)])
    (step,) = parts.calls
    start = [*(x.clone() for x in parts.before), *init]
    given = _apart([*xs, *parts.outer])
    outputs = parts.assigned(_scan(lambda *now: list(step(*now)), start, list(given[: len(xs)]), given[len(xs) :]))
    stacks = outputs[len(init) :]
    return [*outputs[: len(init)], *([y.flip(0) for y in stacks] if reverse else stacks)]


def _cond(index: torch.Tensor, true_fn: Any, false_fn: Any, operands: Operands) -> Any:
    """PyTorch's branch, with gradients for what gives whole numbers too."""
    if not _is_differentiated(operands):
        return cond_op(index, true_fn, false_fn, tuple(operands))
    bits = _Bits()
    return bits.undone(cond_op(index, bits.of(true_fn), bits.of(false_fn), tuple(operands)))


def _scan(function: Any, init: Operands, xs: Operands, outer: Operands) -> Any:
    """PyTorch's scan, with gradients for what carries or gives whole numbers too."""
    if not _is_differentiated([*init, *xs, *outer]):
        return scan_op(function, list(init), list(xs), tuple(outer))
    bits = _Bits()

    def run(*given: torch.Tensor) -> Any:
        return function(*map(_from_bits, given, [x.dtype for x in init]), *given[len(init) :])

    step = bits.of(run)
    return bits.undone(scan_op(lambda *given: list(step(*given)), [_as_bits(x) for x in init], list(xs), tuple(outer)))


def _is_differentiated(tensors: Operands) -> bool:
    return torch.is_grad_enabled() and any(x.requires_grad for x in tensors)


class _Bits:
    """Functions that give floats alone, as the gradients of PyTorch's operators need: whole numbers as their bits."""

    def of(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def run(*given: torch.Tensor) -> tuple[torch.Tensor, ...]:  # of a list, a branch has no gradient
            outputs = function(*given)
            self._dtypes = [x.dtype for x in outputs]
            return tuple([_as_bits(x) for x in outputs])

        return run

    def undone(self, found: Sequence[torch.Tensor]) -> Tensors:
        return [_from_bits(x, dtype) for x, dtype in zip(found, self._dtypes, strict=True)]


def _as_bits(x: torch.Tensor) -> torch.Tensor:
    return x if x.is_floating_point() or x.is_complex() else x.to(torch.int64).view(torch.float64)


def _from_bits(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return x if dtype.is_floating_point or dtype.is_complex else x.detach().view(torch.int64).to(dtype)


capture.stands_for.update({cond_op: _cond, scan_op: _scan, while_loop_op: _loop})


def _graph_of(function: Function, operands: Operands) -> capture.Graph:
    """The graph of a branch, which gives, after its outputs, the new values of the variables that it assigns to."""

    def run(*given: torch.Tensor) -> Tensors:
        """Outputs that are no inputs, and no other outputs, with strides that every branch gives."""
        with _Copies():
            outputs = function(list(given))
        values = [variable.native for variable, _ in notes.written.values()]
        return [*(x.clone(memory_format=torch.contiguous_format) for x in outputs), *(x.clone() for x in values)]

    with capture.noting() as notes, disable_proxy_modes_tracing():
        return capture.graph_of(make_fx(run)(*operands), notes)


class _Copies(TorchFunctionMode):
    """Lets the kernels that write to running statistics write to copies of them, which are then assigned.

    A branch may write to no tensor from outside.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func not in _WRITERS:
            return func(*args, **(kwargs or {}))
        named = _WRITERS[func].bind(*args, **(kwargs or {})).arguments
        writes_them = named.get("training", named.get("use_input_stats")) and named["running_mean"] is not None
        owners = {name: capture.variable_of(named[name]) for name in _WRITTEN} if writes_them else {}
        copies = {name: named[name].detach().clone() for name, owner in owners.items() if owner is not None}
        result = func(**{**named, **copies})
        for name, value in copies.items():
            owners[name]._set(value)
        return result


class _Parts:
    """Functions as graphs that all take and give the same, as branches and loops have it.

    `calls` take the variables that any of them assigns to (`before`: their tensors now), the operands, and then what
    any of them reads from outside (`outer`); they give the new values of the variables, and then their outputs.
    """

    def __init__(self, functions: Sequence[Function], operands: Tensors) -> None:
        self.graphs = graphs = [_graph_of(function, operands) for function in functions]
        written = list({id(variable): (variable, x) for g in graphs for variable, x in g.written}.values())
        self._variables = [variable for variable, _ in written]
        self.before = [x for _, x in written]
        ours = {id(x): i for i, x in enumerate(self.before)}
        self.outer = list({id(x): x for g in graphs for x in g.outer if id(x) not in ours}.values())
        count = len(ours) + len(operands)
        self._places = ours | {id(x): count + i for i, x in enumerate(self.outer)}
        self.calls = [self._call(graph, range(len(ours), count)) for graph in graphs]

    def _call(self, graph: capture.Graph, operands: Iterable[int]) -> Callable[..., Any]:
        chosen = [*operands, *(self._places[id(x)] for x in graph.outer)]
        changed = [self._places[id(x)] for _, x in graph.written]
        unchanged = [i for i in range(len(self.before)) if i not in changed]

        def call(*given: torch.Tensor) -> tuple[torch.Tensor, ...]:
            found = graph.module(*(given[i] for i in chosen))
            split = len(found) - len(changed)
            values = dict(zip(changed, found[split:], strict=True)) | {i: given[i].clone() for i in unchanged}
            return (*(values[i] for i in sorted(values)), *found[:split])

        return call

    def assigned(self, found: Sequence[torch.Tensor]) -> Tensors:
        """The outputs alone, after the variables have their new values."""
        for variable, value in zip(self._variables, found, strict=False):
            variable._set(value)
        return list(found[len(self._variables) :])


def no_torchscript() -> ExportError:
    return ExportError(
        "export: TorchScript's tracer cannot hold a branch or loop that depends on values. "
        'Write format="pt2" or format="saved_model".'
    )


def _refuse_torchscript() -> None:
    if torch.jit.is_tracing():
        raise no_torchscript()
