"""Reductions along axes, by torch."""

from __future__ import annotations

import math
from typing import Any

import torch
from array_api_compat import torch as compat


def sum(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    if x.is_floating_point():
        return torch.sum(x, axis, keepdims)
    return compat.sum(x, axis=axis, keepdims=keepdims)


def prod(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return compat.prod(x, axis=axis, keepdims=keepdims)


def mean(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return torch.mean(x if x.is_floating_point() else _floating(x), axis, keepdims)


def max(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return compat.max(x, axis=axis, keepdims=keepdims)


def min(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return compat.min(x, axis=axis, keepdims=keepdims)


def any(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return compat.any(x, axis=axis, keepdims=keepdims)


def all(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return compat.all(x, axis=axis, keepdims=keepdims)


def var(x: torch.Tensor, axis: Any, keepdims: bool, correction: float) -> torch.Tensor:
    x = _floating(x)
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if not x.numel() or math.prod(x.shape[i] for i in axes) <= correction:  # undefined, of which torch warns
        return torch.sum(x, axis, keepdims) * math.nan
    return torch.var(x, dim=axis, correction=correction, keepdim=keepdims)


def argmax(x: torch.Tensor, axis: int | None, keepdims: bool) -> torch.Tensor:
    return torch.argmax(x, dim=axis, keepdim=keepdims)


def argmin(x: torch.Tensor, axis: int | None, keepdims: bool) -> torch.Tensor:
    return torch.argmin(x, dim=axis, keepdim=keepdims)


def _floating(x: torch.Tensor) -> torch.Tensor:
    return x if x.is_floating_point() or x.is_complex() else x.to(torch.float32)
