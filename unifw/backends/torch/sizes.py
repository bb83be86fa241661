"""Axes whose size a graph leaves open: stand-ins with symbolic sizes, and what the graph assumes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensorMode

Dims = Sequence[Mapping[int, str]]


class Sizes:
    """The open axes of the inputs, and what the graph assumes of their sizes: `fixed` ones, or all that it asked."""

    def __init__(self, environment: Any, dims: Dims, symbols: Mapping[str, Any], fixed: tuple[int, ...] | None) -> None:
        self.open = _open(dims)
        self._environment = environment
        self._symbols = symbols
        self._fixed = fixed
        self._known: dict[tuple[int, ...], bool] = {}

    @property
    def depend_on_values(self) -> bool:
        """Whether the graph has sizes that depend on values, as `x[x > 0]` has."""
        return getattr(self._environment, "unbacked_symint_counter", 1) > 0

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
        """Compare with everything that was asked of a size; an empty axis gets a graph of its own."""
        if self._fixed is not None or 0 in sizes:
            return sizes == self._fixed
        given = {name: size for (_, _, name), size in zip(self.open, sizes, strict=True)}
        values = {self._symbols[name].node.expr: size for name, size in given.items()}
        return all(bool(guard.expr.subs(values)) for guard in self._environment.guards)


def stand_ins(mode: FakeTensorMode, inputs: Sequence[torch.Tensor], dims: Dims, fixed: bool) -> tuple[list[Any], Sizes]:
    """Contiguous fake tensors for the inputs; axes of one name have one symbolic size, or with `fixed` that of now."""
    sizes = tuple(int(inputs[i].shape[axis]) for i, axis, _ in _open(dims))
    if fixed or 0 in sizes:
        symbols, held = {}, sizes
    else:
        symbols, held = {name: _symbol(mode, name, hint) for name, hint in _hints(inputs, dims).items()}, None
    fakes: list[Any] = []
    for x, named in zip(inputs, dims, strict=True):
        shape = [symbols[named[axis]] if named.get(axis) in symbols else size for axis, size in enumerate(x.shape)]
        fakes.append(torch.empty(shape, dtype=x.dtype, device=x.device))
    return fakes, Sizes(mode.shape_env, dims, symbols, held)


def all_told_apart(inputs: Sequence[torch.Tensor], dims: Dims) -> bool:
    """Whether every name could have the size that its axes have now: no two of a size, none of size 1."""
    hints = _hints(inputs, dims)
    return all(inputs[i].shape[axis] == hints[name] for i, axis, name in _open(dims))


def _open(dims: Dims) -> list[tuple[int, int, str]]:
    return [(i, axis, name) for i, named in enumerate(dims) for axis, name in named.items()]


def _hints(inputs: Sequence[torch.Tensor], dims: Dims) -> dict[str, int]:
    """An example size for each name: no two alike, nor 1, at which code would take a special path."""
    hints: dict[str, int] = {}
    for i, axis, name in _open(dims):
        size = int(inputs[i].shape[axis])
        while name not in hints and (size < 2 or size in hints.values()):
            size += 1
        hints.setdefault(name, size)
    return hints


def _symbol(mode: FakeTensorMode, name: str, hint: int) -> Any:
    """A symbolic size."""
    from torch._dynamo.source import ConstantSource  # two seconds and 38 MiB, if at the top
    from torch.fx.experimental.symbolic_shapes import DimDynamic

    environment, source = mode.shape_env, ConstantSource(f"size_{name}")
    assert environment is not None
    symbol = environment.create_symbol(hint, source, DimDynamic.DYNAMIC, None)
    return environment.create_symintnode(symbol, hint=hint, source=source)
