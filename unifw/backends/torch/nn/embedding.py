"""Rows of a table by `torch.nn.functional`."""

from __future__ import annotations

import torch
from torch.nn import functional as F


def embedding(indices: torch.Tensor, weight: torch.Tensor, padding_idx: int | None, by_frequency: bool) -> torch.Tensor:
    return torch.embedding(weight, indices, -1 if padding_idx is None else padding_idx, by_frequency)


def embedding_renorm(weight: torch.Tensor, indices: torch.Tensor, max_norm: float, norm_type: float) -> None:
    torch.embedding_renorm_(weight.detach(), indices.contiguous(), max_norm, norm_type)


def embedding_bag(
    indices: torch.Tensor,
    weight: torch.Tensor,
    mode: str,
    per_sample_weights: torch.Tensor | None,
    padding_idx: int | None,
) -> torch.Tensor:
    return F.embedding_bag(indices, weight, mode=mode, per_sample_weights=per_sample_weights, padding_idx=padding_idx)
