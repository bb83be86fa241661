"""Undoing pooling by `torch._C._nn`, which takes the wanted size as it is."""

from __future__ import annotations

import torch
from torch._C import _nn

from unifw.backends.torch.nn.layout import LAST, second
from unifw.spec.types import Sizes


def max_unpool(x: torch.Tensor, indices: torch.Tensor, sizes: Sizes, channels_last: bool) -> torch.Tensor:
    dims = len(sizes)
    y = _UNPOOL[dims](second(x, dims, channels_last), second(indices, dims, channels_last), sizes)
    return y.permute(LAST[dims + 2]) if channels_last else y


def _line(x: torch.Tensor, indices: torch.Tensor, sizes: Sizes) -> torch.Tensor:
    y: torch.Tensor = _nn.max_unpool2d(x[..., None], indices[..., None], (*sizes, 1))
    return y[..., 0]


def _volume(x: torch.Tensor, indices: torch.Tensor, sizes: Sizes) -> torch.Tensor:
    y: torch.Tensor = _nn.max_unpool3d(x, indices, sizes, (1, 1, 1), (0, 0, 0))  # of the window nothing is asked
    return y


_UNPOOL = {1: _line, 2: _nn.max_unpool2d, 3: _volume}
