"""Picking and adding by position along an axis, by torch."""

from __future__ import annotations

import torch

from unifw.backends.torch.unsigned import WIDE as _WIDE
from unifw.backends.torch.unsigned import bits as _bits
from unifw.backends.torch.unsigned import of_bits as _of_bits


def gather(x: torch.Tensor, indices: torch.Tensor, axis: int) -> torch.Tensor:
    if x.dtype in _WIDE:
        return _of_bits(gather(_bits(x), indices, axis), x.dtype)
    return torch.gather(x, axis, indices)


def scatter_add(x: torch.Tensor, indices: torch.Tensor, updates: torch.Tensor, axis: int) -> torch.Tensor:
    if x.dtype in _WIDE:
        return _of_bits(scatter_add(_bits(x), indices, _bits(updates), axis), x.dtype)
    return torch.scatter_add(x, axis, indices, updates)


def segment_sum(data: torch.Tensor, segment_ids: torch.Tensor, num_segments: int) -> torch.Tensor:
    if data.dtype in _WIDE:
        return _of_bits(segment_sum(_bits(data), segment_ids, num_segments), data.dtype)
    inside = (segment_ids >= 0) & (segment_ids < num_segments)
    ids = torch.where(inside, segment_ids, num_segments)  # the others go to a row that is cut off
    rows = data.new_zeros((num_segments + 1, *data.shape[1:]))
    return torch.index_add(rows, 0, ids, data)[:num_segments]
