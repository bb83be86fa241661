"""Modules made of other Modules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, overload

from unifw.errors import OperandError, describe
from unifw.nn.module import Module


class Sequential(Module):
    """Layers one after the other; their names are their positions.

    >>> import unifw
    >>> model = unifw.nn.Sequential(unifw.nn.Linear(3, 4), unifw.nn.ReLU(), unifw.nn.Linear(4, 2))
    >>> model(unifw.zeros((5, 3))).shape, list(model.state_dict())
    ((5, 2), ['0.weight', '0.bias', '2.weight', '2.bias'])
    """

    def __init__(self, *layers: Module) -> None:
        for layer in layers:
            if not isinstance(layer, Module):
                raise OperandError(f"Sequential: got {describe(layer)}; expected Modules, as nn.ReLU() with its ().")
        self.layers = layers

    def forward(self, x: Any) -> Any:
        """The output of the last layer."""
        for layer in self.layers:
            x = layer(x)
        return x

    def _fields(self) -> Iterator[tuple[str, Any]]:
        yield from ((str(i), layer) for i, layer in enumerate(self.layers))
        yield from ((name, value) for name, value in vars(self).items() if name != "layers")

    def __len__(self) -> int:
        return len(self.layers)

    def __iter__(self) -> Iterator[Module]:
        return iter(self.layers)

    @overload
    def __getitem__(self, index: int) -> Module: ...
    @overload
    def __getitem__(self, index: slice) -> Sequential: ...
    def __getitem__(self, index: int | slice) -> Module | Sequential:
        return Sequential(*self.layers[index]) if isinstance(index, slice) else self.layers[index]
