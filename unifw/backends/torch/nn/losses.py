"""Losses of classes and labels by torch's native functions."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from unifw.backends.torch.capture import differentiated_again
from unifw.backends.torch.native import lacks_half
from unifw.backends.torch.nn.regression_losses import CODE, nn, reduced

_NOTHING = -(2**62)  # torch ignores the class -100 unless told otherwise, and would hide a wrong target


def cross_entropy(
    logits: torch.Tensor,
    targets: torch.Tensor,
    weight: torch.Tensor | None,
    axis: int,
    ignore_index: int | None,
    label_smoothing: float,
    reduction: str,
) -> torch.Tensor:
    ignored = _NOTHING if ignore_index is None else ignore_index
    soft = targets.is_floating_point()
    if not soft and targets.dtype is not torch.int64:
        targets = _classes(targets)
    if logits.ndim == 1 or axis == 1:  # where torch has the classes
        return nn.cross_entropy_loss(logits, targets, weight, CODE[reduction], ignored, label_smoothing)
    rows, classes, lead = _rows(logits, targets, axis, soft)
    losses = nn.cross_entropy_loss(rows, classes, weight, CODE[reduction], ignored, label_smoothing)
    return losses.reshape(lead) if reduction == "none" else losses


def _classes(targets: torch.Tensor) -> torch.Tensor:
    if targets.dtype is torch.bool or targets.is_floating_point():
        raise TypeError("classes are integers")
    return targets.long()


def _rows(
    x: torch.Tensor, targets: torch.Tensor, axis: int, soft: bool
) -> tuple[torch.Tensor, torch.Tensor, torch.Size]:
    """Both as rows of classes, and the shape of the losses."""
    last, wanted = x.movedim(axis, -1), targets.movedim(axis, -1) if soft else targets
    lead, size = last.shape[:-1], last.shape[-1]
    return last.reshape(-1, size), wanted.reshape(-1, size) if soft else wanted.reshape(-1), lead


def nll_loss(
    log_probabilities: torch.Tensor,
    targets: torch.Tensor,
    weight: torch.Tensor | None,
    axis: int,
    ignore_index: int | None,
    reduction: str,
) -> torch.Tensor:
    ignored = _NOTHING if ignore_index is None else ignore_index
    if targets.dtype is not torch.int64:
        targets = _classes(targets)
    if log_probabilities.ndim == 1 or axis == 1:
        return nn.nll_loss_nd(log_probabilities, targets, weight, CODE[reduction], ignored)
    rows, classes, lead = _rows(log_probabilities, targets, axis, False)
    losses = nn.nll_loss_nd(rows, classes, weight, CODE[reduction], ignored)
    return losses.reshape(lead) if reduction == "none" else losses


def binary_cross_entropy(
    x: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor | None, reduction: str
) -> torch.Tensor:
    return F.binary_cross_entropy(x, targets, weight, reduction=reduction)


def binary_cross_entropy_with_logits(
    x: torch.Tensor,
    targets: torch.Tensor,
    weight: torch.Tensor | None,
    pos_weight: torch.Tensor | None,
    reduction: str,
) -> torch.Tensor:
    return torch.binary_cross_entropy_with_logits(x, targets, weight, pos_weight, CODE[reduction])


def multi_margin_loss(
    x: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor | None, p: int, margin: float, reduction: str
) -> torch.Tensor:
    if differentiated_again.get():  # of which torch's kernel knows nothing
        return _multi_margin(x, targets.long(), weight, p, margin, reduction)
    if lacks_half(x):
        wide = None if weight is None else weight.float()
        return F.multi_margin_loss(x.float(), targets.long(), p, margin, wide, reduction=reduction).to(x.dtype)
    return F.multi_margin_loss(x, targets.long(), p, margin, weight, reduction=reduction)


def _multi_margin(
    x: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor | None, p: int, margin: float, reduction: str
) -> torch.Tensor:
    own = targets[..., None]
    short = torch.clamp(margin - x.gather(-1, own) + x, min=0) ** p
    short = short if weight is None else short * weight[own]
    losses = short.scatter(-1, own, 0.0).sum(-1) / x.shape[-1]
    return reduced(losses, reduction)


def multilabel_margin_loss(x: torch.Tensor, targets: torch.Tensor, reduction: str) -> torch.Tensor:
    # torch's own is right eagerly, but what it becomes in a graph counts the labels after the first -1
    if x.ndim != targets.ndim:
        raise ValueError(f"{x.ndim} axes of scores for {targets.ndim} of targets")
    listed = (targets >= 0).long().cumprod(-1).bool()
    places = torch.where(listed, targets.long(), 0)
    hits = (places[..., None] == torch.arange(x.shape[-1], device=x.device)) & listed[..., None]
    short = torch.clamp(1 - x.gather(-1, places)[..., None] + x[..., None, :], min=0)
    counted = listed[..., None] & ~hits.any(-2, keepdim=True)
    losses = (short * counted).sum((-2, -1)) / x.shape[-1]
    return reduced(losses, reduction)


def multilabel_soft_margin_loss(
    x: torch.Tensor, targets: torch.Tensor, weight: torch.Tensor | None, reduction: str
) -> torch.Tensor:
    return F.multilabel_soft_margin_loss(x, targets, weight, reduction=reduction)
