"""Images as patches and back by `torch.nn.functional`."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from unifw.backends.torch.nn.layout import LAST, second
from unifw.spec.types import Sizes


def unfold(
    x: torch.Tensor, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, channels_last: bool
) -> torch.Tensor:
    patches = F.unfold(second(x, 2, channels_last), kernel, dilation, padding, stride)
    return patches.mT if channels_last else patches


def fold(
    x: torch.Tensor, size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, channels_last: bool
) -> torch.Tensor:
    if x.ndim != 3:
        raise ValueError(f"{x.ndim} axes instead of 3")
    images = F.fold(x.mT if channels_last else x, size, kernel, dilation, padding, stride)
    return images.permute(LAST[4]) if channels_last else images
