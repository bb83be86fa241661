"""Images of other sizes by `torch.nn.functional`."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from unifw.backends.torch.nn.layout import LAST, second
from unifw.spec.types import Sizes


def resize(
    x: torch.Tensor,
    sizes: Sizes | None,
    scales: tuple[float, ...] | None,
    mode: str,
    align_corners: bool | None,
    recompute: bool,
    antialias: bool,
    channels_last: bool,
) -> torch.Tensor:
    dims = len(sizes or scales or ())
    image = second(x, dims, channels_last)
    y = F.interpolate(image, sizes, scales, mode, align_corners, recompute or None, antialias)
    return y.permute(LAST[dims + 2]) if channels_last else y
