"""Losses."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native


class LossOps(Protocol):
    """Losses."""

    def cross_entropy(self, logits: Native, targets: Native, /) -> Native:
        """The loss of each row: logits (..., classes), integer targets (...)."""
        ...
