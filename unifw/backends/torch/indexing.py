"""Indexing `torch.Tensor` as the standard does: with negative steps, and assignment that leaves the original alone."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from unifw.backends.torch.manipulation import flip
from unifw.backends.torch.native import is_traced
from unifw.backends.torch.unsigned import SIGNED as _SIGNED
from unifw.keys import Index, Mask, Split, split


def getitem(x: torch.Tensor, key: Any) -> torch.Tensor:
    if type(key) is int:
        return x[key]
    for part in key if isinstance(key, tuple) else (key,):
        kind = type(part)
        if kind is slice:
            if part.step is not None and part.step < 0:  # which torch refuses
                return _picked(x, key)
        elif kind is not int and part is not None and part is not Ellipsis:
            return _picked(x, key)
    if type(key) is tuple and key.count(Ellipsis) > 1:
        raise IndexError("more than one ellipsis")
    return x[key]


def _picked(x: torch.Tensor, key: Any) -> torch.Tensor:
    if isinstance(key, torch.Tensor) and key.ndim and x.ndim and (key.dtype is torch.int64 or _is_mask_of(key, x)):
        return x[key]
    known = _split(x, key)
    flips, basic = _without_negative_steps(known.basic)
    x = (flip(x, flips) if flips else x)[basic]
    if not known.arrays:
        return x
    first, index = _axes_first(x, known)
    count = max(array.ndim for array in index)
    picked = first[tuple(array.reshape(array.shape or (1,)) for array in index)]
    if not count:
        return picked[0]
    return torch.movedim(picked, tuple(range(count)), tuple(range(known.front, known.front + count)))


def _is_mask_of(key: torch.Tensor, x: torch.Tensor) -> bool:
    """Whether a key is a mask of the first axes of `x`, of their sizes."""
    return key.dtype is torch.bool and key.shape == x.shape[: key.ndim]


def _split(x: torch.Tensor, key: Any) -> Split:
    parts = [_part(part, x) for part in (key if isinstance(key, tuple) else (key,))]
    return split(parts, tuple(x.shape), _nonzero)


def _part(part: Any, x: torch.Tensor) -> Any:
    """One part of an index with what is an array in it named as such."""
    if part is None or part is Ellipsis or isinstance(part, slice) or type(part) is int:
        return part
    if not isinstance(part, torch.Tensor):
        part = torch.as_tensor(np.asarray(part), device=x.device)
    if part.dtype is torch.bool:
        return Mask(part, tuple(part.shape))
    return Index(part.to(torch.int64)) if part.ndim or is_traced(part) else int(part)


def _nonzero(mask: torch.Tensor, ndim: int) -> Sequence[torch.Tensor]:
    return mask.reshape(mask.shape or (1,)).nonzero(as_tuple=True)


def _axes_first(x: torch.Tensor, key: Split) -> tuple[torch.Tensor, list[torch.Tensor]]:
    """`x` with the axes that arrays index in front, where torch's rule for their result is simple, and the arrays."""
    axes = [axis for axis, _ in key.arrays]
    others = [axis for axis in range(x.ndim) if axis not in axes]
    return x.permute(*axes, *others), [torch.as_tensor(index, device=x.device) for _, index in key.arrays]


def _without_negative_steps(key: tuple[Any, ...]) -> tuple[list[int], tuple[Any, ...]]:
    """The axes to flip first, and the key with every negative step turned into the positive one that does the same.

    No size is looked at, as a graph may leave it open: on the flipped axis -1 - i stands where i did, of both signs.
    """
    flips, parts, axis = [], [], 0
    for part in key:
        if isinstance(part, slice) and part.step is not None and part.step < 0:
            flips.append(axis)
            start, stop = (None if end is None else -1 - end for end in (part.start, part.stop))
            part = slice(start, stop, -part.step)
        parts.append(part)
        axis += part is not None
    return flips, tuple(parts)


# ---- assignment


def setitem(x: torch.Tensor, key: Any, value: Any) -> torch.Tensor:
    value = torch.as_tensor(value, dtype=x.dtype, device=x.device)
    if not value.ndim and isinstance(key, torch.Tensor) and _is_mask_of(key, x):
        return torch.where(key.reshape((*key.shape, *[1] * (x.ndim - key.ndim))), value, x)
    known = _split(x, key)
    flips, basic = _without_negative_steps(known.basic)
    result = flip(x, flips) if flips else x.clone()
    _write(result[basic], known, value)
    return flip(result, flips) if flips else result


def _write(target: torch.Tensor, key: Split, value: torch.Tensor) -> None:
    """Change what a key, behind its slices, picks of `target`."""
    if not key.arrays:
        target[...] = value
        return
    if target.dtype in _SIGNED:  # torch's kernel takes no unsigned integers but uint8
        target, value = target.view(_SIGNED[target.dtype]), value.view(_SIGNED[value.dtype])
    first, index = _axes_first(target, key)
    picked, others = torch.broadcast_shapes(*(array.shape for array in index)), first.shape[len(index) :]
    shape = (*others[: key.front], *picked, *others[key.front :])
    while value.ndim > len(shape) and value.shape[0] == 1:
        value = value[0]
    moved = tuple(range(key.front, key.front + len(picked)))
    first[tuple(index)] = torch.movedim(value.broadcast_to(shape), moved, tuple(range(len(picked))))


def take(x: torch.Tensor, indices: torch.Tensor, axis: int) -> torch.Tensor:
    indices = indices.to(torch.int64)
    indices = torch.where(indices < 0, indices + x.shape[axis], indices)
    if x.dtype in _SIGNED:
        return torch.index_select(x.view(_SIGNED[x.dtype]), axis, indices).view(x.dtype)
    return torch.index_select(x, axis, indices)


def take_along_axis(x: torch.Tensor, indices: torch.Tensor, axis: int) -> torch.Tensor:
    """Both have the same sizes but along `axis`."""
    size, indices = x.shape[axis], indices.to(torch.int64)
    if not is_traced(indices) and indices.device.type == "cpu" and bool(((indices < -size) | (indices >= size)).any()):
        raise IndexError(f"an index is out of bounds for axis {axis} with size {size}")
    indices = torch.where(indices < 0, indices + size, indices)
    if x.dtype in _SIGNED:
        return torch.gather(x.view(_SIGNED[x.dtype]), axis, indices).view(x.dtype)
    return torch.gather(x, axis, indices)
