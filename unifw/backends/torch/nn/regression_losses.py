"""Losses of numbers and distributions by torch's native functions."""

from __future__ import annotations

import math

import torch
from torch.nn import functional as F

nn = torch._C._nn
CODE = {"none": 0, "mean": 1, "sum": 2}  # as the native functions name the reductions
_LINEAR_FROM = 40.0  # where log1p(exp(z)) is z to the last bit, and before exp(z) overflows


def reduced(losses: torch.Tensor, reduction: str) -> torch.Tensor:
    """The losses themselves, their mean or their sum."""
    return losses if reduction == "none" else losses.mean() if reduction == "mean" else losses.sum()


def mse_loss(x: torch.Tensor, targets: torch.Tensor, reduction: str) -> torch.Tensor:
    return nn.mse_loss(x, targets, CODE[reduction])


def l1_loss(x: torch.Tensor, targets: torch.Tensor, reduction: str) -> torch.Tensor:
    return nn.l1_loss(x, targets, CODE[reduction])


def smooth_l1_loss(x: torch.Tensor, targets: torch.Tensor, beta: float, reduction: str) -> torch.Tensor:
    return nn.smooth_l1_loss(x, targets, CODE[reduction], beta) if beta else l1_loss(x, targets, reduction)


def huber_loss(x: torch.Tensor, targets: torch.Tensor, delta: float, reduction: str) -> torch.Tensor:
    return nn.huber_loss(x, targets, CODE[reduction], delta)


def soft_margin_loss(x: torch.Tensor, targets: torch.Tensor, reduction: str) -> torch.Tensor:
    return reduced(F.softplus(-targets * x, 1.0, _LINEAR_FROM), reduction)


def hinge_embedding_loss(x: torch.Tensor, targets: torch.Tensor, margin: float, reduction: str) -> torch.Tensor:
    return torch.hinge_embedding_loss(x, targets, margin, CODE[reduction])


def kl_div(x: torch.Tensor, targets: torch.Tensor, log_target: bool, reduction: str) -> torch.Tensor:
    return torch.kl_div(x, targets, CODE[reduction], log_target=log_target)


def poisson_nll_loss(
    x: torch.Tensor, targets: torch.Tensor, log_input: bool, full: bool, eps: float, reduction: str
) -> torch.Tensor:
    return torch.poisson_nll_loss(x, targets, log_input, full, eps, CODE[reduction])


def gaussian_nll_loss(
    x: torch.Tensor, targets: torch.Tensor, var: torch.Tensor, full: bool, eps: float, reduction: str
) -> torch.Tensor:
    # torch's own asks for the smallest variance on the host, which a graph cannot; its limit is no part of the gradient
    limited = var + (var.detach().clamp(min=eps) - var.detach())
    losses = 0.5 * (torch.log(limited) + (x - targets) ** 2 / limited)
    return reduced(losses + 0.5 * math.log(2 * math.pi) if full else losses, reduction)
