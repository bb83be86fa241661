"""Order and position, by torch."""

from __future__ import annotations

import torch

from unifw.backends.torch.ordering import keys


def sort(x: torch.Tensor, axis: int, descending: bool) -> torch.Tensor:
    return torch.sort(x, dim=axis, descending=descending, stable=True).values


def argsort(x: torch.Tensor, axis: int, descending: bool) -> torch.Tensor:
    return torch.argsort(x, dim=axis, descending=descending, stable=True)


def top_k(x: torch.Tensor, k: int, axis: int, largest: bool) -> torch.Tensor:
    # torch.topk leaves open which of several equal elements it takes
    return argsort(x, axis, largest).narrow(axis, 0, k)


def searchsorted(x1: torch.Tensor, x2: torch.Tensor, right: bool) -> torch.Tensor:
    return torch.searchsorted(keys(x1).contiguous(), keys(x2).contiguous(), right=right)


def nonzero(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return torch.nonzero(x != 0, as_tuple=True)
