"""Activation functions."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native


class ActivationOps(Protocol):
    """Activation functions."""

    def relu(self, x: Native, /) -> Native: ...
