"""Dropout by `torch.nn.functional`."""

from __future__ import annotations

import torch


def dropout(x: torch.Tensor, p: float) -> torch.Tensor:
    return torch.dropout(x, p, True)


def keep_mask(x: torch.Tensor, p: float, channels: int | None) -> torch.Tensor:
    whole = channels is None
    sizes = [n if whole or i in (0, channels) else 1 for i, n in enumerate(x.shape)]
    return torch.empty(sizes, dtype=x.dtype, device=x.device).bernoulli_(1 - p)
