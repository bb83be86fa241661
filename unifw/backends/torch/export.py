"""Writing and reading TorchScript (`.pt`) and exported programs (`.pt2`)."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch.fx import GraphModule

from unifw import tree
from unifw.backends.torch import capture, control
from unifw.backends.torch.tensor import TorchTensor
from unifw.backends.torch.tracing import graph_for
from unifw.spec.export import ExportRequest
from unifw.tensor import Tensor
from unifw.variable import Buffer


class _Program(torch.nn.Module):
    """A `torch.nn.Module` with the model's parameters under their own names, whose forward runs the unifw model."""

    def __init__(self, request: ExportRequest) -> None:
        super().__init__()
        self._unifw_forward = request.forward
        self._unifw_scripted = request.format == "torchscript"
        self._unifw_places = [(tensor, *self._place(name, tensor)) for name, tensor in request.state.items()]
        self._unifw_run: Callable[[Sequence[torch.Tensor]], Sequence[torch.Tensor]] = self._run
        self.forward = _named(self._forward, list(request.inputs))

    def _place(self, name: str, tensor: Any) -> tuple[torch.nn.Module, str]:
        """Register a tensor as `a.b.c` in a chain of modules; returns the last module and the last name."""
        module: torch.nn.Module = self
        *path, last = name.split(".")
        for step in path:
            if step not in module._modules:
                module.add_module(step, torch.nn.Module())
            module = module._modules[step]
        value = tensor.native.contiguous()  # a writer takes a kernel in channels-last memory for part of a tensor
        if self._unifw_scripted:  # whose tracer runs what assigns to them
            value = value.clone()
        if isinstance(tensor, Buffer):
            module.register_buffer(last, value)
        else:
            module.register_parameter(last, torch.nn.Parameter(value, requires_grad=False))
        return module, last

    @contextmanager
    def _traced_state(self) -> Iterator[None]:
        """Let the model see this module's tensors, which a tracer replaces by its own."""
        originals = [(tensor, tensor.storage) for tensor, _, _ in self._unifw_places]
        for tensor, module, name in self._unifw_places:
            tensor._stand_in(getattr(module, name))
        try:
            yield
        finally:
            for tensor, storage in originals:
                tensor._stand_in(storage)

    def _forward(self, *inputs: torch.Tensor) -> Any:
        with self._traced_state():
            natives = iter(self._unifw_run(inputs))
        return tree.map_leaves(lambda leaf: next(natives) if isinstance(leaf, Tensor) else leaf, self._unifw_outputs)

    def _run(self, inputs: Sequence[torch.Tensor]) -> Sequence[torch.Tensor]:
        """The model's Python, as the tracer sees it."""
        with capture.noting(captured=False) as notes:
            return capture.written_down(self._natives(inputs), notes)

    def _natives(self, inputs: Sequence[torch.Tensor]) -> list[torch.Tensor]:
        self._unifw_outputs = self._unifw_forward(*(TorchTensor(x) for x in inputs))
        return [x.native for x in tree.leaves(self._unifw_outputs) if isinstance(x, Tensor)]

    def lower(self, inputs: Sequence[torch.Tensor]) -> None:
        """Run a graph from now on, in which derivatives are plain operations."""
        with self._traced_state():
            graph, _, _ = graph_for(self._natives, inputs, [{0: "batch"} for _ in inputs])
            owners: dict[int, Tensor] = {id(tensor.native): tensor for tensor, _, _ in self._unifw_places}
        outer = [owners.get(id(x), TorchTensor(x)) for x in graph.outer]
        run = graph.module
        if self._unifw_scripted:  # a tracer knows what it runs as a part of what it traces
            self._unifw_graph = run = _scripted(run)
        self._unifw_run = lambda given: run(*given, *(x.native for x in outer))

    def reset(self) -> None:
        """Take the model's values again."""
        for tensor, module, name in self._unifw_places:
            getattr(module, name).copy_(tensor.native)


def _named(forward: Callable[..., Any], names: list[str]) -> Callable[..., Any]:
    """`forward(*inputs)` with a signature that names its inputs, which exporters put into the program."""

    def named(*inputs: torch.Tensor) -> Any:
        return forward(*inputs)

    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    named.__signature__ = inspect.Signature([inspect.Parameter(name, kind) for name in names])  # type: ignore[attr-defined]
    return named


def write(request: ExportRequest) -> None:
    inputs = tuple(request.inputs.values())
    program = _Program(request).eval()
    with torch.no_grad():
        try:
            with capture.noting(captured=False) as notes:
                _WRITERS[request.format](program, inputs, request.path)
        except Exception:
            if not notes.derives:
                raise
            program.lower(inputs)
            _WRITERS[request.format](program, inputs, request.path)


def _write_pt2(program: _Program, inputs: tuple[torch.Tensor, ...], path: str) -> None:
    batch = torch.export.Dim("batch", min=1)
    shapes = tuple({0: batch} for _ in inputs)
    exported = torch.export.export(program, inputs, dynamic_shapes=shapes, strict=False)
    torch.export.save(exported, path)


def _write_torchscript(program: _Program, inputs: tuple[torch.Tensor, ...], path: str) -> None:
    with _no_deprecation():
        warnings.simplefilter("error", torch.jit.TracerWarning)  # a value that tracing would bake in without a word
        # Numbers of the host are constants; those that come from a traced value warn where they leave it.
        warnings.filterwarnings("ignore", ".*results are registered as constants", torch.jit.TracerWarning)
        # PyTorch's own functions ask for sizes to refuse them.
        warnings.filterwarnings("ignore", ".*boolean", torch.jit.TracerWarning, r"torch\.nn\.functional")
        traced = torch.jit.trace(program, inputs, check_trace=False, strict=False)  # not strict: outputs may be dicts
        program.reset()
        torch.jit.save(traced, path)


def _scripted(module: GraphModule) -> Any:
    """A graph as a TorchScript function; its tracer would make every size a constant."""
    nodes = module.graph.nodes
    if any(node.op == "get_attr" for node in nodes):
        raise control.no_torchscript()
    for node in nodes:
        node.target = getattr(node.target, "overloadpacket", node.target)
        node.kwargs = {name: str(x) if isinstance(x, torch.device) else x for name, x in node.kwargs.items()}
    module.recompile()
    with _no_deprecation():
        warnings.filterwarnings("ignore", ".*instance-level annotations", UserWarning)  # in PyTorch's own classes
        return torch.jit.script(module)


@contextmanager
def _no_deprecation() -> Iterator[None]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*torch.jit")
        yield


_WRITERS = {"pt2": _write_pt2, "torchscript": _write_torchscript}


def read(format: str, path: str) -> Callable[[Sequence[torch.Tensor]], Any]:
    with _no_deprecation():
        program = torch.jit.load(path) if format == "torchscript" else torch.export.load(path).module()

    def run(inputs: Sequence[torch.Tensor]) -> Any:
        with torch.no_grad():
            return program(*inputs)

    return run
