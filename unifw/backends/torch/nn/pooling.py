"""Pooling by `torch.nn.functional`."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from unifw.backends.torch.nn import layout


def max_pool2d(
    x: torch.Tensor,
    kernel_size: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    channels_last: bool,
) -> torch.Tensor:
    if not channels_last:
        return F.max_pool2d(x, kernel_size, stride, padding)
    return layout.channels_last(F.max_pool2d(layout.channels_second(x), kernel_size, stride, padding))
