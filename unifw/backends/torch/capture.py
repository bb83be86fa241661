"""From Python to a graph: what a function does to native tensors, and which tensors from outside of it it reads.

The function runs once, on stand-ins without values. A tensor that it did not get as an input (a parameter, a constant,
an outer function's variable) becomes an input of the graph too. What is assigned to a variable is written to its
memory at the end of the graph.
"""

from __future__ import annotations

import copy
import logging
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from operator import getitem
from typing import Any

import torch
from torch._dispatch.python import enable_python_dispatcher
from torch.fx import GraphModule, Node
from torch.fx.experimental.proxy_tensor import get_proxy_mode, get_proxy_slot, make_fx
from torch.overrides import TorchFunctionMode
from torch.utils import _pytree as pytree
from torch.utils._python_dispatch import _disable_current_modes


class Notes:
    """What is known of a function that is being traced.

    `written` are the variables that it assigned to, with their tensors from before. `own_gradient` says that autograd
    was given a rule that a graph does not show, and `derives` that a derivative is taken, which is an error where no
    graph is `captured`: other tracers do not know how.
    """

    def __init__(self, captured: bool, around: Notes | None) -> None:
        self.written: dict[int, tuple[Any, torch.Tensor]] = {}
        self.own_gradient = self.derives = False
        self.captured = captured
        self.knows_derivatives: bool = captured and (around is None or around.knows_derivatives)
        self.open_sizes: bool = around is not None and around.open_sizes


_notes: ContextVar[Notes | None] = ContextVar("unifw_torch_notes", default=None)

differentiated_again: ContextVar[bool] = ContextVar("unifw_torch_again", default=False)
"""Whether a gradient is taken that will itself be differentiated, which fused kernels and compiled graphs cannot be."""

stands_for: dict[Any, Callable[..., Any]] = {}
"""What is called in place of an operator when a captured graph runs."""

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
        return written_down(outputs, notes)

    with noting() as notes, quiet(), enable_python_dispatcher(), torch.enable_grad():
        notes.open_sizes |= any(isinstance(size, torch.SymInt) for x in inputs for size in x.shape)
        module = make_fx(run)(*inputs)
    graph = graph_of(module, notes)
    _with_stand_ins(module)
    return graph


@contextmanager
def noting(captured: bool = True) -> Iterator[Notes]:
    """Inside the `with` block a function is traced; then its variables have their own tensors again."""
    around = _notes.get()
    notes = Notes(captured, around)
    token = _notes.set(notes)
    try:
        yield notes
    finally:
        for variable, before in notes.written.values():
            variable._stand_in(before)
        _notes.reset(token)
        if around is not None:
            around.own_gradient |= notes.own_gradient
            around.derives |= notes.derives


def graph_of(module: GraphModule, notes: Notes) -> Graph:
    """A graph whose gradients stop where its function said so, with all that it reads as inputs."""
    _cut_where_marked(module)
    return Graph(module, _outer_inputs(module), notes.own_gradient, list(notes.written.values()))


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
    notes = _notes.get()
    return notes is not None and notes.captured


def has_open_sizes() -> bool:
    """Whether this runs in a function that is being captured for inputs of any size."""
    notes = _notes.get()
    return notes is not None and notes.open_sizes


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
    if _notes.get() is None:
        return x.detach().requires_grad_()
    with torch._C.DisableTorchFunction():  # so that nobody marks it
        return x.detach().requires_grad_()


class DerivativeError(Exception):
    """A derivative is taken in what is traced by a tracer that does not know how."""


def note_derivative() -> bool:
    """Say that a derivative is taken here; whether that is in a function that is being captured."""
    notes = _notes.get()
    if notes is None:
        return False
    notes.derives = True
    if not notes.knows_derivatives:
        raise DerivativeError
    return True


def note_own_gradient() -> None:
    """Say that autograd is given a rule of its own here, which the captured graph does not show."""
    notes = _notes.get()
    if notes is not None:
        notes.own_gradient = True


def note_write(variable: Any) -> None:
    """Called before a variable gets a new tensor."""
    notes = _notes.get()
    if notes is not None:
        notes.written.setdefault(id(variable), (variable, variable.native))


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
    token = _notes.set(None)
    try:
        with _disable_current_modes(), torch._C.DisableTorchFunction():
            yield
    finally:
        _notes.reset(token)


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


def written_down(outputs: list[Any], notes: Notes) -> list[Any]:
    """The outputs, after the new values of variables have been put into their memory, which they may not share."""
    if not notes.written:
        return outputs
    kept = [x.clone() if isinstance(x, torch.Tensor) else x for x in outputs]
    values = [(before, variable.native) for variable, before in notes.written.values()]
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


def _outer_inputs(module: GraphModule) -> list[torch.Tensor]:
    """Turn the tensors that the graph holds into inputs, which these are the values of."""
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
    return outer


def _first(module: GraphModule) -> Node:
    return next(iter(module.graph.nodes))
