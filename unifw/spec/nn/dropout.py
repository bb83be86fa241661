"""Dropout."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native


class DropoutOps(Protocol):
    """Dropout."""

    def dropout(self, x: Native, p: float, /) -> Native: ...
