"""Running a captured graph: by TorchInductor, which gets the graph and never sees the Python that made it."""

from __future__ import annotations

import copy
import math
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import torch
from torch._C._functorch import peek_interpreter_stack
from torch._subclasses.fake_tensor import (
    DataDependentOutputException,
    DynamicOutputShapeException,
    FakeTensorMode,
    UnsupportedOperatorException,
)
from torch.autograd import forward_ad

from unifw.backends.torch import capture
from unifw.backends.torch.sizes import Sizes, all_told_apart, stand_ins
from unifw.backends.torch.tensor import TorchTensor
from unifw.errors import first_line
from unifw.spec.tracing import Program
from unifw.tensor import Tensor
from unifw.variable import Variable

outside = capture.outside
Run = Callable[..., Sequence[torch.Tensor]]

_NO_GRAPH = (DataDependentOutputException, DynamicOutputShapeException, UnsupportedOperatorException)
_tracing = torch._C._get_tracing_state
_aten = torch.ops.aten
_LOOKUPS = {
    _aten.embedding.default, _aten.gather.default, _aten.index.Tensor, _aten.index_select.default,
    _aten.nll_loss_forward.default, _aten.nll_loss2d_forward.default, _aten.max_unpool2d.default,
    _aten.index_add.default, _aten.index_put.default, _aten.max_unpool3d.default,
}  # fmt: skip
"""What stays a kernel of its own: an index out of range ends the process in a loop of Inductor's that threads share."""
_UNPOOL = (_aten.max_unpool2d.default, _aten.max_unpool3d.default)
_MARKS = ",".join([*sorted(map(str, _LOOKUPS)), "unpool"])

_OPTIONS = {"default": "default", "max": "max-autotune-no-cudagraphs", "reduce-overhead": "reduce-overhead"}


def signature(inputs: Sequence[torch.Tensor]) -> tuple[tuple[Hashable, ...], ...] | None:
    if peek_interpreter_stack() is not None or _tracing() is not None or forward_ad._current_level >= 0:
        return None
    return tuple([(x.__class__, x.dtype, x.device, x.shape) for x in inputs])


def home(variable: Variable) -> Hashable:
    return variable.native.dtype, variable.native.device


def trace(
    function: Callable[[list[torch.Tensor]], Sequence[torch.Tensor]],
    inputs: Sequence[torch.Tensor],
    dims: Sequence[Mapping[int, str]],
    variables: Sequence[Variable],
    mode: str,
    warn: Callable[[str], None],
) -> Program:
    with capture.constant(variables):
        try:
            return Captured(*graph_for(function, inputs, dims), mode, warn)
        except Exception as error:
            if not _has_no_graph(error):
                raise
            warn(first_line(error))
            return Uncompiled()


def _has_no_graph(error: BaseException | None) -> bool:
    """Whether a size that depends on values, or an operator that knows no shapes, is what stopped a trace."""
    from torch.fx.experimental.symbolic_shapes import GuardOnDataDependentSymNode  # a second and 34 MiB, if at the top

    if isinstance(error, (*_NO_GRAPH, GuardOnDataDependentSymNode)):
        return True
    cause = None if error is None else error.__cause__
    return cause is not None and cause is not error and _has_no_graph(cause)  # an error explained is raised from itself


class Uncompiled:
    """What stands for the program of a function that has none: its Python runs at each call."""

    variables: Sequence[Variable] = ()

    def __call__(self, inputs: list[torch.Tensor]) -> Any:
        return NotImplemented


def graph_for(
    function: Callable[..., Any], inputs: Sequence[torch.Tensor], dims: Sequence[Mapping[int, str]]
) -> tuple[capture.Graph, list[Any], Sizes]:
    try:
        return _graph_of_sizes(function, inputs, dims, fixed=False)
    except Exception:
        if not any(dims) or all_told_apart(inputs, dims):
            raise
        # It was told sizes that are none of the call's, so that no two are alike by chance: here they have to be.
        return _graph_of_sizes(function, inputs, dims, fixed=True)


def _graph_of_sizes(
    function: Callable[..., Any], inputs: Sequence[torch.Tensor], dims: Sequence[Mapping[int, str]], fixed: bool
) -> tuple[capture.Graph, list[Any], Sizes]:
    from torch.fx.experimental.symbolic_shapes import ShapeEnv

    fake = FakeTensorMode(shape_env=ShapeEnv(), allow_non_fake_inputs=True)
    with fake:
        fakes, sizes = stand_ins(fake, inputs, dims, fixed)
        graph = capture.capture(function, fakes)
        fakes += [fake.from_tensor(x, static_shapes=True) for x in graph.outer]
    return graph, fakes, sizes


class Captured:
    """A captured graph, compiled once for each set of inputs that gradients are taken for."""

    def __init__(
        self, graph: capture.Graph, fakes: list[Any], sizes: Sizes, mode: str, warn: Callable[[str], None]
    ) -> None:
        self._module = graph.module
        self._own_gradient = graph.own_gradient
        self._fakes = fakes
        self._sizes = sizes
        self._mode = mode
        self._warn = warn
        self._held: list[Tensor] = [_holder(x) for x in graph.outer]
        self._compiled: dict[tuple[bool, ...], Run] = {}
        self._pulled: dict[tuple[bool, ...], Captured] = {}
        self._twice: dict[tuple[bool, ...], bool] = {}
        self.variables: Sequence[Variable] = [x for x in self._held if isinstance(x, Variable)]

    def __call__(self, inputs: list[torch.Tensor]) -> Any:
        if self._sizes.open and not self._sizes.hold_for(inputs):
            return None
        every = [x if x.is_contiguous() else x.contiguous() for x in inputs]
        every += [x.native for x in self._held]
        pattern = tuple([x.requires_grad for x in every]) if torch.is_grad_enabled() else ()
        if True not in pattern:
            pattern = ()
        elif self._own_gradient:
            return NotImplemented
        elif capture.differentiated_again.get():
            return _Again.apply(self, *every) if self._differentiates_again(pattern) else NotImplemented
        return self._run(pattern)(*every)

    def _run(self, pattern: tuple[bool, ...]) -> Run:
        run = self._compiled.get(pattern)
        if run is None:
            run = self._compiled[pattern] = self._compile(pattern)
        return run

    # ---- gradients of gradients, of which a compiled graph has none: it is a graph itself, compiled and differentiated

    def _differentiates_again(self, pattern: tuple[bool, ...]) -> bool:
        known = self._twice.get(pattern)
        if known is None:
            known = self._twice[pattern] = self._has_second_gradient(pattern)
        return known

    def _has_second_gradient(self, pattern: tuple[bool, ...]) -> bool:
        """Whether the graph can run a second time for its gradient, and that has a gradient in its turn."""
        if self._sizes.open or not capture.is_pure(self._module):
            return False
        try:
            pulled = self.pulled(pattern)
            pulled.pulled((*pattern, *[True] * (len(pulled._fakes) - len(pattern))))
        except Exception:  # of an operation without second derivatives, for which eager code may have another
            return False
        return True

    def pulled(self, pattern: tuple[bool, ...]) -> Captured:
        """The graph from the inputs, and what flows back to the outputs, to the gradients that `pattern` asks for."""
        found = self._pulled.get(pattern)
        if found is None:
            mode = self._fakes[0].fake_mode
            with mode:
                upstream = [torch.empty_like(x) for x in self._module(*self._fakes) if _is_differentiable(x)]
                fakes = [*self._fakes, *upstream]
                graph = capture.capture(lambda given: _gradients(self._module, given, pattern), fakes)
                fakes += [mode.from_tensor(x, static_shapes=True) for x in graph.outer]
            found = self._pulled[pattern] = Captured(graph, fakes, self._sizes, self._mode, self._warn)
        return found

    def again(self, every: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """One run, which can be differentiated any number of times."""
        every = [*every, *(x.native for x in self._held)]
        if torch.is_grad_enabled() and any(x.requires_grad for x in every):
            return _Again.apply(self, *every)
        return self._run(())(*every)

    def _compile(self, pattern: tuple[bool, ...]) -> Run:
        with self._fakes[0].fake_mode if self._fakes else torch.no_grad():
            flags = pattern or [False] * len(self._fakes)
            fakes = [x.detach().requires_grad_(flag) for x, flag in zip(self._fakes, flags, strict=True)]
        graph, written = capture.without_writes(self._module) if pattern else (self._module, [])
        module = torch.fx.GraphModule(graph, copy.deepcopy(graph.graph))
        try:
            with capture.quiet():
                run = compile_graph(module, fakes, self._mode)
            if self._mode == "reduce-overhead":
                run = _kept(run)
            run = self._watched(run) if self._sizes.depend_on_values else run
        except Exception as error:  # whatever a compiler may raise, the graph itself still runs
            self._warn(first_line(error))
            run = graph.forward
        finally:
            self._sizes.forget()  # the compiler may have assumed more
        return self._assigning(run, written) if written else run

    def _assigning(self, run: Run, written: Sequence[int]) -> Run:
        """A run whose last outputs are the new values of variables, which are those inputs."""
        variables: list[Any] = [self._held[i - len(self._fakes)] for i in written]

        def assigning(*inputs: torch.Tensor) -> Any:
            outputs = run(*inputs)
            if outputs is NotImplemented:
                return outputs
            for variable, value in zip(variables, outputs[-len(variables) :], strict=True):
                variable._set(value.clone())
            return outputs[: -len(variables)]

        return assigning

    def _watched(self, run: Run) -> Run:
        """A run whose graph assumes something of sizes that only the run can tell; else, eager code takes over."""

        def watched(*inputs: torch.Tensor) -> Any:
            try:
                return run(*inputs)
            except Exception as error:
                self._warn(f"a size that depends on values is not what the graph assumes: {first_line(error)}")
                return NotImplemented

        return watched


class _Again(torch.autograd.Function):
    """A compiled graph that keeps its inputs alone; its gradient is one too, and is differentiated in this same way."""

    @staticmethod
    def forward(ctx: Any, captured: Captured, *inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        outputs = tuple(captured._run(())(*inputs))
        ctx.captured = captured
        ctx.save_for_backward(*inputs)
        ctx.mark_non_differentiable(*(x for x in outputs if not _is_differentiable(x)))
        return outputs

    @staticmethod
    def backward(ctx: Any, *upstream: torch.Tensor) -> Any:
        pattern = ctx.needs_input_grad[1:]
        flowing = [x if x.is_contiguous() else x.contiguous() for x in upstream if _is_differentiable(x)]
        given = [*ctx.saved_tensors, *flowing]
        if peek_interpreter_stack() is None:
            found = iter(ctx.captured.pulled(pattern).again(given))
        else:  # all rows of a matrix at once: nothing can be captured there, and no compiled graph takes them
            with torch.enable_grad():
                found = iter(_gradients(ctx.captured._module, given, pattern, lambda x: x.view_as(x)))
        return (None, *(next(found) if wanted else None for wanted in pattern))


def _is_differentiable(x: torch.Tensor) -> bool:
    return x.is_floating_point() or x.is_complex()


def _gradients(
    module: Run,
    given: Sequence[torch.Tensor],
    pattern: Sequence[bool],
    source: Callable[[torch.Tensor], torch.Tensor] = capture.leaf,
) -> Sequence[torch.Tensor]:
    """Those of a module's inputs that `pattern` names; after the inputs comes what flows back."""
    sources = [source(x) if wanted else x for x, wanted in zip(given, pattern, strict=False)]
    outputs = [x for x in module(*sources) if _is_differentiable(x)]
    wanted = [x for x, chosen in zip(sources, pattern, strict=True) if chosen]
    pairs = zip(outputs, given[len(pattern) :], strict=True)
    live = [(x, upstream) for x, upstream in pairs if x.requires_grad]
    if not live:
        return [torch.zeros_like(x) for x in wanted]
    tops, flowing = zip(*live, strict=True)
    return torch.autograd.grad(tops, wanted, flowing, create_graph=True, allow_unused=True, materialize_grads=True)


def _kept(run: Run) -> Run:
    """A run whose outputs are the caller's: a CUDA graph writes to the same memory at each run."""
    return lambda *inputs: [x.clone() for x in run(*inputs)]


def compile_graph(module: torch.fx.GraphModule, fakes: Sequence[torch.Tensor], mode: str) -> Run:
    """Inductor's form of a graph. Random numbers come from PyTorch's own stream, as in eager code."""
    from torch._inductor import list_mode_options
    from torch._inductor.compile_fx import compile_fx
    from torch._inductor.decomposition import decompositions  # those of `fallback_random`

    for node in module.graph.nodes:
        if node.target in _LOOKUPS:
            node.meta["custom"] = {**node.meta.get("custom", {}), "fallback_to_eager": True}
    parts = {**decompositions, **{operation: _checked(decompositions[operation]) for operation in _UNPOOL}}
    tag = f"{torch.compiler.config.cache_key_tag}-{_MARKS}"  # else kernels could come from a cache that knows no marks
    options = {**(list_mode_options(_OPTIONS[mode]) or {}), "fallback_random": True}
    with torch.compiler.config.patch(cache_key_tag=tag):
        run: Run = compile_fx(module, fakes, config_patches=options, decompositions=parts)
    return run


def _checked(unpool: Callable[..., torch.Tensor]) -> Callable[..., torch.Tensor]:
    """Undoing a pooling in parts, where an index outside of its own channel is outside of them all, and so an error."""

    def apply(x: torch.Tensor, indices: torch.Tensor, sizes: Sequence[int], *window: Any) -> torch.Tensor:
        inside = (indices >= 0) & (indices < math.prod(sizes))
        return unpool(x, torch.where(inside, indices, 2**62), sizes, *window)

    return apply


def _holder(x: torch.Tensor) -> Tensor:
    """Where to find the value of a tensor at each run: the parameter or buffer whose value it is, or itself."""
    variable: Variable | None = capture.variable_of(x)
    whole = variable is not None and variable.storage.data_ptr() == x.data_ptr() and variable.storage.shape == x.shape
    return variable if whole and variable is not None else TorchTensor(x)


def make_step(function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    return function
