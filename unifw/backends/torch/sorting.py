"""Order and position, by torch."""

from __future__ import annotations

import torch

from unifw.backends.torch.native import is_traced
from unifw.backends.torch.ordering import keys

_RANKED = (torch.float32, torch.float64, torch.int32, torch.int64)


def sort(x: torch.Tensor, axis: int, descending: bool) -> torch.Tensor:
    return torch.sort(x, dim=axis, descending=descending, stable=True).values


def argsort(x: torch.Tensor, axis: int, descending: bool) -> torch.Tensor:
    return torch.argsort(x, dim=axis, descending=descending, stable=True)


def top_k(x: torch.Tensor, k: int, axis: int, largest: bool) -> torch.Tensor:
    """By torch.topk where no two of the first elements are equal; it leaves open which of equal ones it takes."""
    known = x.device.type == "cpu" and not is_traced(x)  # elsewhere a look at the values would wait for them
    if known and k < x.shape[axis] and x.dtype in _RANKED:
        values, places = torch.topk(x.detach(), k + 1, axis, largest)
        first, second = values.narrow(axis, 0, k), values.narrow(axis, 1, k)
        if bool((first != second).all() & (second == second).all()):  # NaN differs from itself
            return places.narrow(axis, 0, k)
    return argsort(x, axis, largest).narrow(axis, 0, k)


def searchsorted(x1: torch.Tensor, x2: torch.Tensor, right: bool) -> torch.Tensor:
    return torch.searchsorted(keys(x1).contiguous(), keys(x2).contiguous(), right=right)


def nonzero(x: torch.Tensor) -> tuple[torch.Tensor, ...]:
    return torch.nonzero(x != 0, as_tuple=True)
