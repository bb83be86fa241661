"""Where the channels of an image are.

A channels-last image is handed over as a permuted view without a copy: that is torch's own channels-last memory
format, and hits its fastest kernels.
"""

from __future__ import annotations

import torch

SECOND = {rank: (0, rank - 1, *range(1, rank - 1)) for rank in range(2, 6)}
LAST = {rank: (0, *range(2, rank), 1) for rank in range(2, 6)}


def channels_last(x: torch.Tensor) -> torch.Tensor:
    """(N, C, ...) as (N, ..., C)."""
    return x.permute(LAST[x.ndim])


def second(x: torch.Tensor, dims: int, channels_last: bool) -> torch.Tensor:
    """(N, C, *space); raises for another number of axes, which torch would take for one image without a batch."""
    if channels_last:
        return x.permute(SECOND[dims + 2])
    if x.ndim != dims + 2:
        raise ValueError(f"{x.ndim} axes instead of {dims + 2}")
    return x
