"""Activation functions with a corner, by torch."""

from __future__ import annotations

import torch
from torch.nn import functional as F

from unifw.backends.torch.capture import differentiated_again

relu = torch.relu
relu6 = F.relu6
leaky_relu = F.leaky_relu
elu = F.elu
selu = torch.selu
celu = torch.celu
hardtanh = F.hardtanh
hardswish = F.hardswish
threshold = torch.threshold
hardshrink = torch.hardshrink
softshrink = F.softshrink


def hardsigmoid(x: torch.Tensor) -> torch.Tensor:
    if differentiated_again.get():  # of which torch's kernel knows nothing
        return F.relu6(x + 3) / 6
    return F.hardsigmoid(x)


def prelu(x: torch.Tensor, weight: torch.Tensor, channels_last: bool) -> torch.Tensor:
    if channels_last and x.ndim > 2 and weight.numel() > 1:
        return torch.prelu(x.movedim(-1, 1), weight).movedim(1, -1)
    return torch.prelu(x, weight)


def rrelu(x: torch.Tensor, lower: float, upper: float) -> torch.Tensor:
    if x.dtype is torch.float16:  # for which a CPU has no kernel
        return torch.rrelu(x.float(), lower, upper, True).half()
    return torch.rrelu(x, lower, upper, True)
