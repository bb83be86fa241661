"""Control flow in a graph. Outside of one it is Python's own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from unifw.spec.types import Native

Function = Callable[[list[Native]], list[Native]]


class ControlOps(Protocol):
    """Branches and loops whose values are known only when the graph runs; functions may use tensors from outside."""

    def switch(self, index: Native, branches: Sequence[Function], operands: list[Native], /) -> list[Native]:
        """The outputs of the branch at `index`, an int64 scalar, which is clamped."""
        ...

    def while_loop(
        self, condition: Callable[[list[Native]], Native], body: Function, init: list[Native], /
    ) -> list[Native]: ...

    def scan(
        self, function: Function, init: list[Native], xs: list[Native], length: Native | int, reverse: bool, /
    ) -> list[Native] | None:
        """`function` takes carry and row, and returns the new carry and what to stack; returns the last carry and the
        stacks. None where the loop is better written out.
        """
        ...
