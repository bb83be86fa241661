"""Running a captured graph: by TorchInductor, which gets the graph and never sees the Python that made it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import torch
from torch._C._functorch import peek_interpreter_stack
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd import forward_ad
from torch.fx.experimental.symbolic_shapes import ShapeEnv

from unifw.backends.torch import capture
from unifw.backends.torch.sizes import Sizes, all_told_apart, stand_ins
from unifw.backends.torch.tensor import TorchTensor
from unifw.spec import Program
from unifw.tensor import Tensor
from unifw.variable import Variable

outside = capture.outside
Run = Callable[..., Sequence[torch.Tensor]]

_tracing = torch._C._get_tracing_state
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
            return Captured(*_graph(function, inputs, dims, fixed=False), mode, warn)
        except Exception:
            if not any(dims) or all_told_apart(inputs, dims):
                raise
            # It was told sizes that are none of the call's, so that no two are alike by chance: here they have to be.
            return Captured(*_graph(function, inputs, dims, fixed=True), mode, warn)


def _graph(
    function: Callable[..., Any], inputs: Sequence[torch.Tensor], dims: Sequence[Mapping[int, str]], fixed: bool
) -> tuple[capture.Graph, list[Any], Sizes]:
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
        self._sizes = sizes if sizes.open else None
        self._mode = mode
        self._warn = warn
        self._held: list[Tensor] = [_holder(x) for x in graph.outer]
        self._compiled: dict[tuple[bool, ...], Run] = {}
        self.variables: Sequence[Variable] = [x for x in self._held if isinstance(x, Variable)]

    def __call__(self, inputs: list[torch.Tensor]) -> Any:
        if self._sizes is not None and not self._sizes.hold_for(inputs):
            return None
        every = [x if x.is_contiguous() else x.contiguous() for x in inputs]
        every += [x.native for x in self._held]
        pattern = tuple([x.requires_grad for x in every]) if torch.is_grad_enabled() else ()
        if True not in pattern:
            pattern = ()
        elif self._own_gradient or capture.differentiated_again.get():
            return NotImplemented
        run = self._compiled.get(pattern)
        if run is None:
            run = self._compiled[pattern] = self._compile(pattern)
        return run(*every)

    def _compile(self, pattern: tuple[bool, ...]) -> Run:
        with self._fakes[0].fake_mode if self._fakes else torch.no_grad():
            flags = pattern or [False] * len(self._fakes)
            fakes = [x.detach().requires_grad_(flag) for x, flag in zip(self._fakes, flags, strict=True)]
        module = torch.fx.GraphModule(self._module, copy.deepcopy(self._module.graph))
        try:
            with capture.quiet():
                return compile_graph(module, fakes, self._mode)
        except Exception as error:  # whatever a compiler may raise, the graph itself still runs
            self._warn(next(iter(str(error).strip().splitlines()), type(error).__name__))
            return self._module.forward
        finally:
            if self._sizes is not None:
                self._sizes.forget()  # the compiler may have assumed more


def compile_graph(module: torch.fx.GraphModule, fakes: Sequence[torch.Tensor], mode: str) -> Run:
    """Inductor's form of a graph. Random numbers come from PyTorch's own stream, as in eager code."""
    from torch._inductor import list_mode_options
    from torch._inductor.compile_fx import compile_fx

    options = {**(list_mode_options(_OPTIONS[mode]) or {}), "fallback_random": True}
    run: Run = compile_fx(module, fakes, config_patches=options)
    return run


def _holder(x: torch.Tensor) -> Tensor:
    """Where to find the value of a tensor at each run: the parameter or buffer whose value it is, or itself."""
    reference = getattr(x.untyped_storage(), "_unifw_changes", None)
    variable: Variable | None = None if reference is None else reference()
    whole = variable is not None and variable.storage.data_ptr() == x.data_ptr() and variable.storage.shape == x.shape
    return variable if whole and variable is not None else TorchTensor(x)


def make_step(function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    return function
