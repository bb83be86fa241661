"""Undoing pooling."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native, Sizes


class UnpoolingOps(Protocol):
    """Images from what pooling left of them, over as many axes as `sizes` has numbers."""

    def max_unpool(self, x: Native, indices: Native, sizes: Sizes, channels_last: bool, /) -> Native:
        """Zeros of a size with each value at its position in the flattened space."""
        ...
