"""Rows of a table by `torch.nn.functional`."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from unifw.backends.torch import capture


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
    if capture.differentiated_again.get() or capture.is_capturing():  # of which torch's kernel knows nothing
        return _bags(indices, weight, mode, per_sample_weights, padding_idx)
    return F.embedding_bag(indices, weight, mode=mode, per_sample_weights=per_sample_weights, padding_idx=padding_idx)


def _bags(
    indices: torch.Tensor,
    weight: torch.Tensor,
    mode: str,
    per_sample_weights: torch.Tensor | None,
    padding_idx: int | None,
) -> torch.Tensor:
    rows = F.embedding(indices, weight)
    counts = torch.ones_like(indices, dtype=torch.bool) if padding_idx is None else indices != padding_idx
    if mode == "max":
        lowest = torch.where(counts[..., None], rows, -torch.inf)
        most = lowest.max(-2).values if indices.shape[-1] else rows.sum(-2)
        return torch.where(counts.any(-1, keepdim=True), most, 0.0)
    if per_sample_weights is not None:
        rows = rows * per_sample_weights[..., None]
    total = torch.where(counts[..., None], rows, 0.0).sum(-2)
    return total if mode == "sum" else total / counts.sum(-1, keepdim=True).clamp(min=1)
