"""Shapes, by torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from unifw.backends.torch.unsigned import SIGNED as _SIGNED

reshape = torch.reshape
permute_dims = torch.permute
expand_dims = torch.unsqueeze
squeeze = torch.squeeze
stack = torch.stack
unstack = torch.unbind
roll = torch.roll


def concat(xs: Sequence[torch.Tensor], axis: int) -> torch.Tensor:
    if len({x.ndim for x in xs}) > 1:
        raise ValueError("tensors of one number of axes")  # torch leaves out empty ones that do not fit
    return torch.cat(list(xs), axis)


def broadcast_to(x: torch.Tensor, shape: tuple[Any, ...]) -> torch.Tensor:
    if any(type(size) is int and size < 0 for size in shape):  # -1 is to torch the size that there is
        raise ValueError("negative size")
    return torch.broadcast_to(x, shape)


def flip(x: torch.Tensor, axes: Sequence[int]) -> torch.Tensor:
    if x.dtype in _SIGNED:
        return torch.flip(x.view(_SIGNED[x.dtype]), axes).view(x.dtype)
    return torch.flip(x, axes)


def shares_memory(x: torch.Tensor, y: torch.Tensor) -> bool:
    """Whether a reshaped tensor has the memory of the other."""
    return x.untyped_storage()._cdata == y.untyped_storage()._cdata
