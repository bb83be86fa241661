"""The kernels of layers and losses by `torch.nn.functional`.

A channels-last image is handed over as a permuted view without a copy: that is torch's own channels-last memory
format, and hits its fastest convolutions.
"""

from __future__ import annotations

import torch
from torch.nn import functional as F

linear = F.linear
relu = torch.relu
flatten = torch.flatten


def conv2d(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    stride: tuple[int, int],
    padding: tuple[tuple[int, int], tuple[int, int]],
    dilation: tuple[int, int],
    groups: int,
    channels_last: bool,
) -> torch.Tensor:
    if channels_last:
        x = x.permute(0, 3, 1, 2)
    (top, bottom), (left, right) = padding
    if top != bottom or left != right:
        x = F.pad(x, (left, right, top, bottom))
        top = left = 0
    y = F.conv2d(x, weight, bias, stride, (top, left), dilation, groups)
    return y.permute(0, 2, 3, 1) if channels_last else y


def max_pool2d(
    x: torch.Tensor,
    kernel_size: tuple[int, int],
    stride: tuple[int, int],
    padding: tuple[int, int],
    channels_last: bool,
) -> torch.Tensor:
    if not channels_last:
        return F.max_pool2d(x, kernel_size, stride, padding)
    return F.max_pool2d(x.permute(0, 3, 1, 2), kernel_size, stride, padding).permute(0, 2, 3, 1)


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
    y = F.batch_norm(x.movedim(-1, 1), running_mean, running_var, weight, bias, training, momentum, eps)
    return y.movedim(1, -1)


def dropout(x: torch.Tensor, p: float) -> torch.Tensor:
    return F.dropout(x, p, True)


_NOTHING = -(2**62)  # torch ignores the class -100 unless told otherwise, and would hide a wrong target


def cross_entropy(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    rows, classes = logits.reshape(-1, logits.shape[-1]), targets.reshape(-1).long()
    return F.cross_entropy(rows, classes, reduction="none", ignore_index=_NOTHING).reshape(targets.shape)
