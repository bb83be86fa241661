"""Order and distinct elements, by torch."""

from __future__ import annotations

import torch


def sort(x: torch.Tensor, axis: int, descending: bool) -> torch.Tensor:
    return torch.sort(x, dim=axis, descending=descending, stable=True).values


def argsort(x: torch.Tensor, axis: int, descending: bool) -> torch.Tensor:
    return torch.argsort(x, dim=axis, descending=descending, stable=True)


def unique_values(x: torch.Tensor) -> torch.Tensor:
    return torch.unique(x)
