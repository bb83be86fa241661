"""Normalisation by `torch.nn.functional`."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from unifw.backends.torch.nn import layout


def batch_norm(
    x: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    running_mean: torch.Tensor,
    running_var: torch.Tensor,
    training: bool,
    momentum: float,
    eps: float,
    channels_last: bool,
) -> torch.Tensor:
    if not channels_last:
        return F.batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps)
    y = F.batch_norm(layout.channels_second(x), running_mean, running_var, weight, bias, training, momentum, eps)
    return layout.channels_last(y)
