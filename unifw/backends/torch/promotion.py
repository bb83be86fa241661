"""Bringing two operands to the dtype that they have in common."""

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
    """Two tensors of one dtype; one operand may be a Python scalar."""
    if not isinstance(x1, torch.Tensor):
        x1 = like(x1, x2)
        x2 = x2.to(x1.dtype)
    elif not isinstance(x2, torch.Tensor):
        x2 = like(x2, x1)
        x1 = x1.to(x2.dtype)
    return x1, x2


def floats(x1: Any, x2: Any) -> tuple[torch.Tensor, torch.Tensor]:
    """Two tensors of one floating dtype: float32 for integers."""
    x1, x2 = both(x1, x2)
    if x1.is_complex():
        raise TypeError("expected real numbers")
    return (x1, x2) if x1.is_floating_point() else (x1.to(torch.float32), x2.to(torch.float32))
