"""Pooling."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native, Sizes


class PoolingOps(Protocol):
    """Pooling over one, two or three axes: as many as `kernel` or `sizes` has numbers."""

    def max_pool(
        self,
        x: Native,
        kernel: Sizes,
        stride: Sizes,
        padding: Sizes,
        dilation: Sizes,
        ceil_mode: bool,
        channels_last: bool,
        /,
    ) -> Native:
        """The maximum of each window, with minus infinity around the image."""
        ...

    def max_pool_indices(
        self,
        x: Native,
        kernel: Sizes,
        stride: Sizes,
        padding: Sizes,
        dilation: Sizes,
        ceil_mode: bool,
        channels_last: bool,
        /,
    ) -> tuple[Native, Native]:
        """The maxima, and where each is first found: its position in the flattened space, as int64."""
        ...

    def avg_pool(
        self,
        x: Native,
        kernel: Sizes,
        stride: Sizes,
        padding: Sizes,
        ceil_mode: bool,
        count_include_pad: bool,
        divisor: int | None,
        channels_last: bool,
        /,
    ) -> Native: ...

    def adaptive_avg_pool(self, x: Native, sizes: tuple[int | None, ...], channels_last: bool, /) -> Native:
        """The mean of windows from floor(i n / size) to ceil((i + 1) n / size); None keeps the axis as it is."""
        ...

    def adaptive_max_pool(self, x: Native, sizes: tuple[int | None, ...], channels_last: bool, /) -> Native: ...

    def adaptive_max_pool_indices(
        self, x: Native, sizes: tuple[int | None, ...], channels_last: bool, /
    ) -> tuple[Native, Native]:
        """As `max_pool_indices`."""
        ...
