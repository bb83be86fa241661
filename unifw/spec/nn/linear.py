"""Dense layers."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native


class LinearOps(Protocol):
    """Dense layers."""

    def linear(self, x: Native, weight: Native, bias: Native | None, /) -> Native: ...
