"""Normalisation by `torch.nn.functional`."""

from __future__ import annotations

from typing import Any

import torch
from torch.nn import functional as F

from unifw.backends.torch.native import lacks_half, static_shape
from unifw.backends.torch.nn.layout import LAST, SECOND
from unifw.spec.types import Sizes

layer_norm = torch.layer_norm


def rms_norm(x: torch.Tensor, shape: Sizes, weight: torch.Tensor | None, eps: float | None) -> torch.Tensor:
    if weight is not None and weight.dtype is not x.dtype:  # which torch's own takes, unlike its other norms
        raise TypeError("an input of another dtype than the weights")
    return torch.rms_norm(x, shape, weight, eps)


def batch_norm(
    x: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    running_mean: torch.Tensor | None,
    running_var: torch.Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    dims: int,
    channels_last: bool,
) -> torch.Tensor:
    rank = x.ndim if dims < 2 else dims + 2
    _check(x, dims)
    if not channels_last:
        return F.batch_norm(x, running_mean, running_var, weight, bias, training, momentum, eps)
    image = x.permute(SECOND[rank])
    y = F.batch_norm(image, running_mean, running_var, weight, bias, training, momentum, eps)
    return y.permute(LAST[rank])


def _check(x: torch.Tensor, dims: int) -> None:
    if dims and x.ndim != dims + 2 and (dims, x.ndim) != (1, 2):
        raise ValueError(f"{x.ndim} axes instead of {dims + 2}")


def group_norm(
    x: torch.Tensor,
    groups: int,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    eps: float,
    channels_last: bool,
) -> torch.Tensor:
    return _by_channels(F.group_norm, x, channels_last, groups, weight, bias, eps)


def instance_norm(
    x: torch.Tensor,
    weight: torch.Tensor | None,
    bias: torch.Tensor | None,
    running_mean: torch.Tensor | None,
    running_var: torch.Tensor | None,
    training: bool,
    momentum: float,
    eps: float,
    dims: int,
    channels_last: bool,
) -> torch.Tensor:
    _check(x, dims)
    settings = running_mean, running_var, weight, bias, training, momentum, eps
    # torch's own has a wrong gradient for one channels-last image, and makes NaN of the statistics for none
    norm = F.batch_norm if static_shape(x)[0] in (0, 1) else F.instance_norm
    return _by_channels(norm, x, channels_last, *settings)


def local_response_norm(
    x: torch.Tensor, size: int, alpha: float, beta: float, k: float, channels_last: bool
) -> torch.Tensor:
    if lacks_half(x):
        return local_response_norm(x.float(), size, alpha, beta, k, channels_last).to(x.dtype)
    return _by_channels(F.local_response_norm, x, channels_last, size, alpha, beta, k)


def _by_channels(function: Any, x: torch.Tensor, channels_last: bool, *settings: Any) -> torch.Tensor:
    if not channels_last:
        return function(x, *settings)
    return function(x.permute(SECOND[x.ndim]), *settings).permute(LAST[x.ndim])
