"""Pooling."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native


class PoolingOps(Protocol):
    """Pooling."""

    def max_pool2d(
        self,
        x: Native,
        kernel_size: tuple[int, int],
        stride: tuple[int, int],
        padding: tuple[int, int],
        channels_last: bool,
        /,
    ) -> Native: ...
