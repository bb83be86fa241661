"""Passing memory between frameworks."""

from __future__ import annotations

from typing import Any, Protocol

from unifw.spec.types import Native


class InteropOps(Protocol):
    """Passing memory between frameworks."""

    def to_dlpack(self, x: Native, /) -> Any | None:
        """An object with `__dlpack__` that shares the memory of `x`, or None where sharing is not safe."""
        ...

    def from_dlpack(self, x: Any, /) -> Native: ...
    def import_memory(self, x: Any, /) -> Native | None:
        """A tensor in the memory of another library's object, or None where sharing is not safe."""
        ...

    def capsule(self, x: Native, copy: bool, max_version: tuple[int, int] | None, stream: Any, /) -> Any:
        """The DLPack capsule of the memory of `x`, or of a copy."""
        ...
