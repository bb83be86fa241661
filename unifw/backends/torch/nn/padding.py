"""Padding of images by `torch.nn.functional`."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from unifw.backends.torch.nn.layout import LAST, SECOND
from unifw.spec.types import Pairs


def pad_space(x: torch.Tensor, widths: Pairs, mode: str, value: float, channels_last: bool) -> torch.Tensor:
    if x.ndim != len(widths) + 2:
        raise ValueError(f"{x.ndim} axes instead of {len(widths) + 2}")
    flat = [width for pair in reversed(widths) for width in pair]
    if mode == "constant":
        return F.pad(x, [0, 0, *flat] if channels_last else flat, mode, value)
    if not channels_last:
        return F.pad(x, flat, mode)
    rank = len(widths) + 2
    return F.pad(x.permute(SECOND[rank]), flat, mode).permute(LAST[rank])
