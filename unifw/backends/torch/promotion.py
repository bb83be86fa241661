"""Bringing a Python scalar to the dtype that it and a tensor have in common."""

from __future__ import annotations

from typing import Any

import torch

from unifw.backends.torch.native import TORCH, UNIFW
from unifw.dtypes import promote_scalar


def like(scalar: Any, x: torch.Tensor) -> torch.Tensor:
    """A Python scalar as a 0-d tensor of the dtype that it and `x` have in common."""
    kind: Any = type(scalar)
    common = TORCH[promote_scalar(UNIFW[x.dtype], kind)]
    return torch.scalar_tensor(scalar, dtype=common, device=x.device)


def both(x1: Any, x2: Any) -> tuple[torch.Tensor, torch.Tensor]:
    if not isinstance(x1, torch.Tensor):
        x1 = like(x1, x2)
    elif not isinstance(x2, torch.Tensor):
        x2 = like(x2, x1)
    return x1, x2
