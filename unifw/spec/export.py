"""The framework's own model formats."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from unifw.spec.types import Native

if TYPE_CHECKING:
    from unifw.variable import Variable


class ExportOps(Protocol):
    """Writing and reading the framework's own model formats."""

    def write(self, request: ExportRequest, /) -> None: ...
    def read(self, format: str, path: str, /) -> Callable[[Sequence[Native]], Any]:
        """A function from the native inputs, in the order of export, to a tree of native outputs."""
        ...


@dataclass(frozen=True, slots=True)
class ExportRequest:
    """What a backend needs to write one artefact.

    `forward` maps wrapped inputs to a tree of wrapped outputs; axis 0 of each input is the batch and stays free.
    """

    format: str
    path: str
    forward: Callable[..., Any]
    state: Mapping[str, Variable]
    inputs: Mapping[str, Native]
