"""Changes of shape."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native


class ShapingOps(Protocol):
    """Changes of shape."""

    def flatten(self, x: Native, start: int, end: int, /) -> Native: ...
