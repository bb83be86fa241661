"""Images as patches and back."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native, Sizes


class PatchOps(Protocol):
    """Patches are (N, L, C k), or (N, C k, L) with channels first: k the elements of a window, C the slower axis."""

    def unfold(
        self, x: Native, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, channels_last: bool, /
    ) -> Native:
        """Every window of images."""
        ...

    def fold(
        self,
        x: Native,
        size: Sizes,
        kernel: Sizes,
        stride: Sizes,
        padding: Sizes,
        dilation: Sizes,
        channels_last: bool,
        /,
    ) -> Native:
        """Images of a size from the sum of what the patches put there."""
        ...
