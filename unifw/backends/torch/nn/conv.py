"""Convolutions by `torch.nn.functional`."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from unifw.backends.torch.nn import layout


def conv2d(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    stride: tuple[int, int],
    padding: tuple[tuple[int, int], tuple[int, int]],
    dilation: tuple[int, int],
    groups: int,
    channels_last: bool,
) -> torch.Tensor:
    if channels_last:
        x = layout.channels_second(x)
    (top, bottom), (left, right) = padding
    if top != bottom or left != right:
        x = F.pad(x, (left, right, top, bottom))
        top = left = 0
    y = F.conv2d(x, weight, bias, stride, (top, left), dilation, groups)
    return layout.channels_last(y) if channels_last else y
