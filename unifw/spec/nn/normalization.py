"""Normalisation."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native, Storage


class NormalizationOps(Protocol):
    """Normalisation."""

    def batch_norm(
        self,
        x: Native,
        weight: Native | None,
        bias: Native | None,
        running_mean: Storage,
        running_var: Storage,
        training: bool,
        momentum: float,
        eps: float,
        channels_last: bool,
        /,
    ) -> Native:
        """Normalise over all axes but the channels; in training also move the running statistics in place."""
        ...
