"""Changes of shape."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native


class ShapingOps(Protocol):
    """Changes of shape."""

    def flatten(self, x: Native, start: int, end: int, /) -> Native: ...
    def pixel_shuffle(self, x: Native, factor: int, channels_last: bool, /) -> Native:
        """Channels (c, i, j) at a place become channel c of a square of `factor` x `factor` places (i, j)."""
        ...

    def pixel_unshuffle(self, x: Native, factor: int, channels_last: bool, /) -> Native: ...
    def channel_shuffle(self, x: Native, groups: int, axis: int, /) -> Native:
        """Channels (group, i) on an axis as (i, group)."""
        ...
