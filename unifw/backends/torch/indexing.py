"""Indexing `torch.Tensor` as the standard does: with negative steps, and assignment that leaves the original alone."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch


def getitem(x: torch.Tensor, key: Any) -> torch.Tensor:
    for part in key if isinstance(key, tuple) else (key,):
        if type(part) is slice and part.step is not None and part.step < 0:  # which torch refuses
            flips, positive = _without_negative_steps(x, key if isinstance(key, tuple) else (key,))
            return x.flip(flips)[positive]
    return x[key]


def _without_negative_steps(x: torch.Tensor, key: tuple[Any, ...]) -> tuple[list[int], tuple[Any, ...]]:
    """The axes to flip first, and the key with every negative step turned into the positive one that does the same."""
    taken = sum(part.ndim if _is_mask(part) else part is not None and part is not Ellipsis for part in key)
    flips, parts, axis = [], [], 0
    for part in key:
        if isinstance(part, slice) and part.step is not None and part.step < 0:
            size = x.shape[axis]
            start, stop, step = part.indices(size)
            count = len(range(start, stop, step))
            flips.append(axis)
            first = size - 1 - start
            part = slice(first, first + (count - 1) * -step + 1 if count else first, -step)
        parts.append(part)
        axis += x.ndim - taken if part is Ellipsis else part.ndim if _is_mask(part) else part is not None
    return flips, tuple(parts)


def _is_mask(part: Any) -> bool:
    return isinstance(part, (torch.Tensor, np.ndarray)) and part.dtype in (torch.bool, np.bool_)


def setitem(x: torch.Tensor, key: Any, value: Any) -> torch.Tensor:
    flips, key = _without_negative_steps(x, key if isinstance(key, tuple) else (key,))
    result = x.flip(flips) if flips else x.clone()
    result[key] = value
    return result.flip(flips) if flips else result


def take(x: torch.Tensor, indices: torch.Tensor, axis: int) -> torch.Tensor:
    return torch.index_select(x, axis, torch.where(indices < 0, indices + x.shape[axis], indices))
