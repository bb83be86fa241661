"""Losses of pairs and triplets, and distances, by torch's native functions."""

from __future__ import annotations

import torch

from unifw.backends.torch.nn.regression_losses import CODE


def cosine_similarity(x1: torch.Tensor, x2: torch.Tensor, axis: int, eps: float) -> torch.Tensor:
    return torch.cosine_similarity(x1, x2, axis, eps)


def pairwise_distance(x1: torch.Tensor, x2: torch.Tensor, p: float, eps: float, keepdims: bool) -> torch.Tensor:
    return torch.pairwise_distance(x1, x2, p, eps, keepdims)


def cosine_embedding_loss(
    x1: torch.Tensor, x2: torch.Tensor, targets: torch.Tensor, margin: float, reduction: str
) -> torch.Tensor:
    return torch.cosine_embedding_loss(x1, x2, targets, margin, CODE[reduction])


def margin_ranking_loss(
    x1: torch.Tensor, x2: torch.Tensor, targets: torch.Tensor, margin: float, reduction: str
) -> torch.Tensor:
    return torch.margin_ranking_loss(x1, x2, targets, margin, CODE[reduction])


def triplet_margin_loss(
    anchor: torch.Tensor,
    positive: torch.Tensor,
    negative: torch.Tensor,
    margin: float,
    p: float,
    eps: float,
    swap: bool,
    reduction: str,
) -> torch.Tensor:
    return torch.triplet_margin_loss(anchor, positive, negative, margin, p, eps, swap, CODE[reduction])
