"""Reductions along axes and running totals, by torch; integers are added and multiplied in 64 bits."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

from unifw.backends.torch.ordering import keys, signed, unsigned
from unifw.backends.torch.unsigned import WIDE as _WIDE
from unifw.backends.torch.unsigned import bits as _bits

_UNSIGNED = (torch.uint8, *_WIDE)


def _accumulating(function: Callable[..., Any], x: torch.Tensor) -> torch.Tensor:
    if x.is_floating_point() or x.is_complex():
        return function(x)
    total = function(_bits(x))
    return total.view(torch.uint64) if x.dtype in _UNSIGNED else total


def sum(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    if x.is_floating_point():
        return x.sum(axis, keepdims)
    return _accumulating(lambda x: torch.sum(x, axis, keepdims), x)


def prod(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return _accumulating(lambda x: _prod(x, axis, keepdims), x)


def _prod(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    """By one axis after the other: `torch.prod` takes no more at a time."""
    if axis is None and not keepdims:
        return torch.prod(x)
    if axis is not None and not isinstance(axis, tuple):
        return torch.prod(x, axis, keepdims)
    places = range(x.ndim) if axis is None else {range(x.ndim)[i] for i in axis}
    if axis is not None and len(places) < len(axis):
        raise ValueError("one axis twice")
    for i in sorted(places, reverse=True):
        x = torch.prod(x, i, keepdims)
    return x.clone() if axis == () else x


def cumulative_sum(x: torch.Tensor, axis: int) -> torch.Tensor:
    return _accumulating(lambda x: torch.cumsum(x, axis), x)


def cumulative_prod(x: torch.Tensor, axis: int) -> torch.Tensor:
    return _accumulating(lambda x: torch.cumprod(x, axis), x)


def mean(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return torch.mean(x if x.is_floating_point() else _floating(x), axis, keepdims)


def max(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return unsigned(_largest(signed(x), axis, keepdims), x.dtype) if x.dtype in _WIDE else _largest(x, axis, keepdims)


def min(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return unsigned(_least(signed(x), axis, keepdims), x.dtype) if x.dtype in _WIDE else _least(x, axis, keepdims)


# To torch no axes at all are all of them.


def _largest(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return x.clone() if axis == () else torch.amax(x, axis, keepdims)


def _least(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return x.clone() if axis == () else torch.amin(x, axis, keepdims)


def any(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return x.bool() if axis == () else torch.any(x, axis, keepdims).bool()


def all(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return x.bool() if axis == () else torch.all(x, axis, keepdims).bool()


def var(x: torch.Tensor, axis: Any, keepdims: bool, correction: float) -> torch.Tensor:
    x = _floating(x)
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if not x.numel() or math.prod(x.shape[i] for i in axes) <= correction:  # undefined, of which torch warns
        return torch.sum(x.real if x.is_complex() else x, axis, keepdims) * math.nan
    return torch.var(x, dim=axis, correction=correction, keepdim=keepdims)


def argmax(x: torch.Tensor, axis: int | None, keepdims: bool) -> torch.Tensor:
    return torch.argmax(_searchable(x), dim=axis, keepdim=keepdims)


def argmin(x: torch.Tensor, axis: int | None, keepdims: bool) -> torch.Tensor:
    return torch.argmin(_searchable(x), dim=axis, keepdim=keepdims)


def _searchable(x: torch.Tensor) -> torch.Tensor:
    return keys(x) if x.dtype is torch.bool or x.dtype in _WIDE else x


def _floating(x: torch.Tensor) -> torch.Tensor:
    return x if x.is_floating_point() or x.is_complex() else x.to(torch.float32)
