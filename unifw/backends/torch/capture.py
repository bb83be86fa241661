"""From Python to a graph: what a function does to native tensors, and which tensors from outside of it it reads.

The function runs once, on stand-ins without values. A tensor that it did not get as an input (a parameter, a constant,
an outer function's variable) becomes an input of the graph too. What is assigned to a variable is written to its
memory at the end of the graph.
"""

from __future__ import annotations

import copy
import inspect
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from operator import getitem
from typing import Any

import torch
from torch._dispatch.python import enable_python_dispatcher
from torch.fx import GraphModule, Node
from torch.fx.experimental.proxy_tensor import disable_proxy_modes_tracing, get_proxy_mode, get_proxy_slot, make_fx
from torch.nn import functional as F
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import _disable_current_modes


class Written(dict[int, tuple[Any, torch.Tensor]]):
    """The variables that a function assigned to, with their tensors from before."""

    own_gradient = False


writes: ContextVar[Written | None] = ContextVar("unifw_torch_writes", default=None)
"""What is known of the function that is being captured; None outside."""

differentiated_again: ContextVar[bool] = ContextVar("unifw_torch_again", default=False)
"""Whether a gradient is taken that will itself be differentiated, which fused kernels and compiled graphs cannot be."""

stands_for: dict[Any, Callable[..., Any]] = {}
"""What is called in place of an operator when a captured graph runs."""

_WRITERS = {function: inspect.signature(function) for function in (F.batch_norm, F.instance_norm)}
_WRITTEN = "running_mean", "running_var"

_log = logging.getLogger("torch._subclasses.fake_tensor")
_COPY = torch.ops.aten.copy_.default
_DETACH = torch.ops.aten.detach.default
_DETACHES = {torch.Tensor.detach, torch.Tensor.data.__get__, torch.detach, _DETACH}


@dataclass(frozen=True, slots=True)
class Graph:
    """A captured function: `module` takes its inputs and then the tensors `outer`; returns a list.

    `own_gradient` says that its gradient is not that of its operations. A branch gives, after its outputs, the new
    values of the variables in `written`, which stand there with their tensors from before.
    """

    module: GraphModule
    outer: list[torch.Tensor]
    own_gradient: bool = False
    written: Sequence[tuple[Any, torch.Tensor]] = ()


def capture(function: Callable[[list[Any]], Sequence[Any]], inputs: Sequence[torch.Tensor]) -> Graph:
    """The graph of `function(inputs)`; the inputs are fake tensors, in whose mode this is called."""

    def run(*given: torch.Tensor) -> list[Any]:
        with _Stops():
            outputs = list(function(list(given)))
        return _finished(outputs, written) if written else outputs

    written = Written()
    token = writes.set(written)
    try:
        with quiet(), enable_python_dispatcher(), torch.enable_grad():
            module = make_fx(run)(*inputs)
    finally:
        _restore(written)
        writes.reset(token)
    _cut_where_marked(module)
    graph = _with_outer_inputs(module, written.own_gradient)
    _with_stand_ins(module)
    return graph


def branch(function: Callable[[list[Any]], Sequence[Any]], operands: Sequence[torch.Tensor]) -> Graph:
    """The graph of a part of what is being captured; the caller assigns to the variables that it changes."""

    def run(*given: torch.Tensor) -> list[Any]:
        """Outputs that are no inputs, and no other outputs, with strides that every branch gives."""
        with _Copies():
            outputs = function(list(given))
        values = [variable.native for variable, _ in written.values()]
        return [*(x.clone(memory_format=torch.contiguous_format) for x in outputs), *(x.clone() for x in values)]

    written = Written()
    token = writes.set(written)
    try:
        with disable_proxy_modes_tracing():
            module = make_fx(run)(*operands)
    finally:
        _restore(written)
        writes.reset(token)
    if written.own_gradient:
        note_own_gradient()
    _cut_where_marked(module)
    return replace(_with_outer_inputs(module), written=list(written.values()))


class _Copies(TorchFunctionMode):
    """Lets the kernels that write to running statistics write to copies of them, which are then assigned.

    A branch may write to no tensor from outside.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func not in _WRITERS:
            return func(*args, **(kwargs or {}))
        named = _WRITERS[func].bind(*args, **(kwargs or {})).arguments
        writes_them = named.get("training", named.get("use_input_stats")) and named["running_mean"] is not None
        owners = {name: variable_of(named[name]) for name in _WRITTEN} if writes_them else {}
        copies = {name: named[name].detach().clone() for name, owner in owners.items() if owner is not None}
        result = func(**{**named, **copies})
        for name, value in copies.items():
            owners[name]._set(value)
        return result


def variable_of(x: torch.Tensor) -> Any:
    """The parameter or buffer whose storage `x` is in, or None."""
    reference = getattr(x.untyped_storage(), "_unifw_changes", None)
    return None if reference is None else reference()


def without_writes(module: GraphModule) -> tuple[GraphModule, list[int]]:
    """The graph with the new values of variables as more outputs, and which inputs these are the new values of.

    A gradient may need the old values, which the backward pass that PyTorch compiles would look for in their memory.
    """
    module = GraphModule(module, copy.deepcopy(module.graph))
    inputs = [node for node in module.graph.nodes if node.op == "placeholder"]
    output = next(iter(module.graph.find_nodes(op="output")))
    writes = [x for x in module.graph.nodes if x.target is _COPY and x.args[0] in inputs]
    output.args = ([*output.args[0], *(x.args[1] for x in writes)],)
    places = [inputs.index(x.args[0]) for x in writes]
    for node in writes:
        module.graph.erase_node(node)
    module.recompile()
    return module, places


def is_capturing() -> bool:
    """Whether this runs in a function that is being captured."""
    return writes.get() is not None


def is_pure(module: GraphModule) -> bool:
    """Whether a graph gives the same at each run: it draws nothing, changes nothing, and has no graphs inside of it."""
    calls = [node.target for node in module.graph.nodes if node.op not in ("placeholder", "output")]
    operators = [call for call in calls if call is not getitem]
    return all(
        isinstance(call, torch._ops.OpOverload)
        and not call._schema.is_mutable
        and torch.Tag.nondeterministic_seeded not in call.tags
        for call in operators
    )


def leaf(x: torch.Tensor) -> torch.Tensor:
    """`x` as something to take gradients for: in a graph, `x` itself to every other gradient."""
    if writes.get() is None:
        return x.detach().requires_grad_()
    with torch._C.DisableTorchFunction():  # so that nobody marks it
        return x.detach().requires_grad_()


def note_own_gradient() -> None:
    """Say that autograd is given a rule of its own here, which the captured graph does not show."""
    written = writes.get()
    if written is not None:
        written.own_gradient = True


def note_write(variable: Any) -> None:
    """Called before a variable gets a new tensor."""
    written = writes.get()
    if written is not None:
        written.setdefault(id(variable), (variable, variable.native))


@contextmanager
def quiet() -> Iterator[None]:
    """Without the warnings that PyTorch's own code for loops causes, and its log of errors that users get anyway."""
    level = _log.level
    _log.setLevel(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="Accessing the data pointer of FakeTensor")
            warnings.filterwarnings("ignore", message=".*torch.jit", category=DeprecationWarning)
            yield
    finally:
        _log.setLevel(level)


@contextmanager
def outside() -> Iterator[None]:
    """Inside the `with` block tensors are real ones again."""
    token = writes.set(None)
    try:
        with _disable_current_modes(), torch._C.DisableTorchFunction():
            yield
    finally:
        writes.reset(token)


def _restore(written: Written) -> None:
    for variable, before in written.values():
        variable.native = variable.storage = before


@contextmanager
def constant(variables: Sequence[Any]) -> Iterator[None]:
    """Inside the `with` block, variables that a gradient is being taken for show their values alone.

    That gradient is one of the finished graph; while it is made, autograd would record loops and branches in its way.
    """
    watched = [(x, x.native, x.storage) for x in variables if x.native.requires_grad]
    for variable, native, _ in watched:
        variable.native = variable.storage = native.detach()
    try:
        yield
    finally:
        for variable, native, storage in watched:
            variable.native, variable.storage = native, storage


def _finished(outputs: list[Any], written: Written) -> list[Any]:
    """The outputs, after the new values of variables have been put into their memory, which they may not share."""
    kept = [x.clone() if isinstance(x, torch.Tensor) else x for x in outputs]
    values = [(before, variable.native) for variable, before in written.values()]
    with torch.no_grad():
        for before, value in values:
            before.copy_(value)
    return kept


class _Stops(TorchFunctionMode):
    """Marks where Python says that no gradient passes.

    Gradients are taken of the finished graph, which shows neither `no_grad` nor who called `detach`: autograd does so
    for everything that it saves.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        if func in _DETACHES or not torch.is_grad_enabled():
            for x in pytree.tree_leaves(result):
                if isinstance(x, torch.Tensor) and all(x is not given for given in args):
                    _mark(x)
        return result


def _mark(x: torch.Tensor) -> None:
    mode = get_proxy_mode()
    slot = None if mode is None else get_proxy_slot(x, mode.tracer, None)
    if slot is not None:
        slot.proxy.node.meta["stop"] = True


def _cut_where_marked(module: GraphModule) -> None:
    """Leave `detach` only where gradients stop."""
    for node in list(module.graph.nodes):
        if node.op != "call_function":
            continue
        stops = node.meta.get("stop", False)
        if node.target is _DETACH:
            if not stops:
                node.replace_all_uses_with(node.args[0])
                module.graph.erase_node(node)
        elif stops:
            with module.graph.inserting_after(node):
                cut = module.graph.call_function(_DETACH, (node,))
            node.replace_all_uses_with(cut, delete_user_cb=lambda user, cut=cut: user is not cut)


def _with_stand_ins(module: GraphModule) -> None:
    """Call what stands for an operator, in the graphs of branches, too."""
    for part in [x for x in module.modules() if isinstance(x, GraphModule)]:
        for node in part.graph.nodes:
            node.target = stands_for.get(node.target, node.target) if node.op == "call_function" else node.target
        part.recompile()


def _with_outer_inputs(module: GraphModule, own_gradient: bool = False) -> Graph:
    """Turn the tensors that the graph holds into inputs."""
    last = [node for node in module.graph.nodes if node.op == "placeholder"][-1:]
    inputs: dict[str, Node] = {}
    outer: list[torch.Tensor] = []
    for node in [node for node in module.graph.nodes if node.op == "get_attr"]:
        held = getattr(module, node.target)
        if not isinstance(held, torch.Tensor):
            continue  # the graph of a branch
        if node.target not in inputs:
            place = module.graph.inserting_after(last[0]) if last else module.graph.inserting_before(_first(module))
            with place:
                inputs[node.target] = module.graph.placeholder(f"outer_{len(outer)}")
            last = [inputs[node.target]]
            outer.append(held)
        node.replace_all_uses_with(inputs[node.target])
        module.graph.erase_node(node)
    for name in inputs:
        delattr(module, name)
    module.recompile()
    return Graph(module, outer, own_gradient)


def _first(module: GraphModule) -> Node:
    return next(iter(module.graph.nodes))
