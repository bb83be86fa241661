"""Where the channels of an image are.

A channels-last image is handed over as a permuted view without a copy: that is torch's own channels-last memory
format, and hits its fastest kernels.
"""

from __future__ import annotations

import torch

_SECOND = {rank: (0, rank - 1, *range(1, rank - 1)) for rank in range(2, 6)}
_LAST = {rank: (0, *range(2, rank), 1) for rank in range(2, 6)}


def channels_second(x: torch.Tensor) -> torch.Tensor:
    """(N, ..., C) as (N, C, ...)."""
    return x.permute(_SECOND[x.ndim])


def channels_last(x: torch.Tensor) -> torch.Tensor:
    """(N, C, ...) as (N, ..., C)."""
    return x.permute(_LAST[x.ndim])
