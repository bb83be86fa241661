"""Axes whose size a graph leaves open: stand-ins with symbolic sizes, and what the graph assumes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch._dynamo.source import ConstantSource
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.fx.experimental.symbolic_shapes import DimDynamic

Dims = Sequence[Mapping[int, str]]


class Sizes:
    """The open axes of the inputs, and what the graph assumed of them."""

    def __init__(self, environment: Any, dims: Dims, symbols: dict[str, Any]) -> None:
        self.open = [(i, axis, name) for i, named in enumerate(dims) for axis, name in named.items()]
        self._environment = environment
        self._symbols = symbols
        self._known: dict[tuple[int, ...], bool] = {}

    def hold_for(self, inputs: Sequence[torch.Tensor]) -> bool:
        """Whether the graph is right for inputs of these sizes."""
        sizes = tuple([inputs[i].shape[axis] for i, axis, _ in self.open])
        known = self._known.get(sizes)
        if known is None:
            known = self._known[sizes] = self._check(sizes)
        return known

    def forget(self) -> None:
        """Look again: the graph has been worked on."""
        self._known.clear()

    def _check(self, sizes: tuple[int, ...]) -> bool:
        """Compare with everything that the traced code asked of a size; an empty axis gets a graph of its own."""
        if 0 in sizes:
            return False
        given = {name: size for (_, _, name), size in zip(self.open, sizes, strict=True)}
        values = {self._symbols[name].node.expr: size for name, size in given.items()}
        return all(bool(guard.expr.subs(values)) for guard in self._environment.guards)


def stand_ins(mode: FakeTensorMode, inputs: Sequence[torch.Tensor], dims: Dims) -> tuple[list[Any], Sizes]:
    """Contiguous fake tensors for the inputs; axes of one name have one symbolic size."""
    symbols: dict[str, Any] = {}
    hints = _hints(inputs, dims)
    fakes: list[Any] = []
    for x, named in zip(inputs, dims, strict=True):
        shape: list[Any] = list(x.shape)
        for axis, name in named.items():
            if hints[name] != 0 and name not in symbols:
                symbols[name] = _symbol(mode, name, hints[name])
            shape[axis] = symbols.get(name, 0)
        fakes.append(torch.empty(shape, dtype=x.dtype, device=x.device))
    return fakes, Sizes(mode.shape_env, [{a: n for a, n in d.items() if n in symbols} for d in dims], symbols)


def _hints(inputs: Sequence[torch.Tensor], dims: Dims) -> dict[str, int]:
    """An example size for each name: no two alike, nor 1, at which code would take a special path."""
    hints: dict[str, int] = {}
    for x, named in zip(inputs, dims, strict=True):
        for axis, name in named.items():
            size = x.shape[axis]
            while size and name not in hints and (size == 1 or size in hints.values()):
                size += 1
            hints.setdefault(name, size)
    return hints


def _symbol(mode: FakeTensorMode, name: str, hint: int) -> Any:
    """A symbolic size."""
    environment, source = mode.shape_env, ConstantSource(f"size_{name}")
    assert environment is not None
    symbol = environment.create_symbol(hint, source, DimDynamic.DYNAMIC, None)
    return environment.create_symintnode(symbol, hint=hint, source=source)
