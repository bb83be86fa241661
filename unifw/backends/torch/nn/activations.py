"""Smooth activation functions by torch."""

from __future__ import annotations

import torch
from torch.nn import functional as F

sigmoid = torch.sigmoid
logsigmoid = F.logsigmoid
tanh = torch.tanh
silu = F.silu
mish = F.mish
softplus = F.softplus
softsign = F.softsign
glu = F.glu


def gelu(x: torch.Tensor, approximate: str) -> torch.Tensor:
    return F.gelu(x, approximate=approximate)


def tanhshrink(x: torch.Tensor) -> torch.Tensor:
    return x - torch.tanh(x)
