"""Padding of images."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native, Pairs


class PaddingOps(Protocol):
    """Padding of images."""

    def pad_space(self, x: Native, widths: Pairs, mode: str, value: float, channels_last: bool, /) -> Native:
        """Pad the axes of space of (N, *space, C).

        `mode` is "constant", where a negative width cuts off, "reflect", "replicate" or "circular".
        """
        ...
