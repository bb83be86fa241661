"""Images of other sizes."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native, Sizes


class ResizingOps(Protocol):
    """Images of other sizes."""

    def resize(
        self,
        x: Native,
        sizes: Sizes | None,
        scales: tuple[float, ...] | None,
        mode: str,
        align_corners: bool | None,
        recompute: bool,
        antialias: bool,
        channels_last: bool,
        /,
    ) -> Native:
        """Either `sizes` or `scales` say how large; places are taken at that ratio, of the sizes with `recompute`."""
        ...
