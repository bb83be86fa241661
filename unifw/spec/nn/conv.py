"""Convolutions."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native


class ConvOps(Protocol):
    """Convolutions."""

    def conv2d(
        self,
        x: Native,
        weight: Native,
        bias: Native | None,
        stride: tuple[int, int],
        padding: tuple[tuple[int, int], tuple[int, int]],
        dilation: tuple[int, int],
        groups: int,
        channels_last: bool,
        /,
    ) -> Native: ...
