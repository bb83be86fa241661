"""Operations that users bring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from unifw.dtypes import DType
from unifw.errors import OperandError, describe
from unifw.spec.types import Native

Kernel = Callable[..., Any]


@dataclass(frozen=True, slots=True)
class CustomRequest:
    """What a backend needs to make one operation of a user's function, all in native tensors.

    `function` takes the arguments and returns `outputs` native tensors (a tuple of them for more than one). If
    `opaque` it may do what the framework does not see through, and is not differentiated by it. `shapes`, of the
    arguments and the places of the tensors among them, returns the shape and the dtype of each result; it is None if
    running the function on a tracer's tensors tells.
    """

    name: str
    function: Kernel
    opaque: bool
    shapes: Callable[[Sequence[Any], Sequence[int]], Sequence[tuple[tuple[Any, ...], DType]]] | None
    outputs: int

    def results(self, y: Any, kind: type) -> list[Native]:
        """What the function returned, as a list. Raises OperandError unless it is as many tensors of the framework."""
        found = list(y) if isinstance(y, (tuple, list)) else [y]
        if len(found) != self.outputs or not all(isinstance(x, kind) for x in found):
            raise OperandError(
                f"{self.name}: the implementation returned {describe(y)}; expected {self.outputs} {kind.__name__} of "
                "the framework. Write custom_op(..., outputs=n) for n of them, in a tuple."
            )
        return found


class CustomOps(Protocol):
    """Operations that users bring."""

    def register(self, request: CustomRequest, /) -> Kernel:
        """The function as an operation that graphs can hold; called once for each operation."""
        ...
