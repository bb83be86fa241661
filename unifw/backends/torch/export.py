"""Writing and reading TorchScript (`.pt`) and exported programs (`.pt2`)."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import torch

from unifw import tree
from unifw.backends.torch.tensor import TorchTensor
from unifw.spec import ExportRequest
from unifw.tensor import Tensor
from unifw.variable import Buffer


class _Program(torch.nn.Module):
    """A `torch.nn.Module` with the model's parameters under their own names, whose forward runs the unifw model."""

    def __init__(self, request: ExportRequest) -> None:
        super().__init__()
        self._unifw_forward = request.forward
        self._unifw_places = [(tensor, *self._place(name, tensor)) for name, tensor in request.state.items()]
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
        if isinstance(tensor, Buffer):
            module.register_buffer(last, value)
        else:
            module.register_parameter(last, torch.nn.Parameter(value, requires_grad=False))
        return module, last

    @contextmanager
    def _traced_state(self) -> Iterator[None]:
        """Let the model see this module's tensors, which a tracer replaces by its own."""
        originals = [tensor.native for tensor, _, _ in self._unifw_places]
        for tensor, module, name in self._unifw_places:
            tensor.native = getattr(module, name)
        try:
            yield
        finally:
            for (tensor, _, _), native in zip(self._unifw_places, originals, strict=True):
                tensor.native = native

    def _forward(self, *inputs: torch.Tensor) -> Any:
        with self._traced_state():
            outputs = self._unifw_forward(*(TorchTensor(x) for x in inputs))
        return tree.map_leaves(lambda leaf: leaf.native if isinstance(leaf, Tensor) else leaf, outputs)


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
    _WRITERS[request.format](program, inputs, request)


def _write_pt2(program: _Program, inputs: tuple[torch.Tensor, ...], request: ExportRequest) -> None:
    batch = torch.export.Dim("batch", min=1)
    shapes = tuple({0: batch} for _ in inputs)
    with torch.no_grad():
        exported = torch.export.export(program, inputs, dynamic_shapes=shapes, strict=False)
    torch.export.save(exported, request.path)


def _write_torchscript(program: _Program, inputs: tuple[torch.Tensor, ...], request: ExportRequest) -> None:
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("error", torch.jit.TracerWarning)  # a value that tracing would bake in without a word
        # PyTorch's own functions ask for sizes to refuse them.
        warnings.filterwarnings("ignore", ".*boolean", torch.jit.TracerWarning, r"torch\.nn\.functional")
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*torch.jit")
        traced = torch.jit.trace(program, inputs, check_trace=False, strict=False)  # not strict: outputs may be dicts
        torch.jit.save(traced, request.path)


_WRITERS = {"pt2": _write_pt2, "torchscript": _write_torchscript}


def read(format: str, path: str) -> Callable[[Sequence[torch.Tensor]], Any]:
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=DeprecationWarning, message=".*torch.jit")
        program = torch.jit.load(path) if format == "torchscript" else torch.export.load(path).module()

    def run(inputs: Sequence[torch.Tensor]) -> Any:
        with torch.no_grad():
            return program(*inputs)

    return run
