"""Dense layers by `torch.nn.functional`."""

from __future__ import annotations

import torch
from torch.nn import functional as F

linear = F.linear
bilinear = F.bilinear


def affine(x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor | None) -> torch.Tensor:
    return F.linear(x, weight.t(), bias)
