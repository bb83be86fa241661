"""Looking into backward passes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from unifw.spec.types import Native

if TYPE_CHECKING:
    from unifw.tensor import Tensor

Report = Callable[[Native, Sequence[Any]], None]


class DebuggingOps(Protocol):
    """Looking into backward passes."""

    def watch(self, x: Native, operands: Sequence[Tensor], operation: Any, report: Report, /) -> Native:
        """The result `x` of an operation: the same values, whose backward pass is looked into.

        `report(gradient, operations)` runs on each gradient that goes back to the operands, with the operations that
        it can come from: this one, and others that used the same operand.
        """
        ...

    def watching(self, report: Report, /) -> AbstractContextManager[None]:
        """What has to be in place beside `watch` for backward passes to be looked into."""
        ...
