"""Operations that users bring."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from unifw.dtypes import DType
from unifw.spec.types import Native

Kernel = Callable[..., Any]
Natives = Sequence[Native]


@dataclass(frozen=True, slots=True)
class CustomRequest:
    """What a backend needs to make one operation of a user's function, all in native tensors.

    `function` takes the arguments and returns `outputs` native tensors (a tuple of them for more than one). `places`
    says which arguments are tensors: `gradient(upstream, results, arguments, places)` returns a gradient or None for
    each of those; it is None if the framework differentiates the function itself. `shapes(arguments, places)` returns
    the shape and the dtype of each result; it is None if running the function on a tracer's tensors tells.
    """

    name: str
    function: Kernel
    gradient: Callable[[Natives, Natives, Sequence[Any], Sequence[int]], Sequence[Native | None]] | None
    shapes: Callable[[Sequence[Any], Sequence[int]], Sequence[tuple[tuple[Any, ...], DType]]] | None
    outputs: int


class CustomOps(Protocol):
    """Operations that users bring."""

    def register(self, request: CustomRequest, /) -> Kernel:
        """The function as an operation that graphs can hold; called once for each operation."""
        ...
