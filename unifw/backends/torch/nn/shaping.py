"""Changes of shape by torch."""

from __future__ import annotations

import torch

from unifw.backends.torch.nn.layout import LAST, second

flatten = torch.flatten


def pixel_shuffle(x: torch.Tensor, factor: int, channels_last: bool) -> torch.Tensor:
    y = torch.pixel_shuffle(second(x, 2, channels_last), factor)
    return y.permute(LAST[4]) if channels_last else y


def pixel_unshuffle(x: torch.Tensor, factor: int, channels_last: bool) -> torch.Tensor:
    y = torch.pixel_unshuffle(second(x, 2, channels_last), factor)
    return y.permute(LAST[4]) if channels_last else y


def channel_shuffle(x: torch.Tensor, groups: int, axis: int) -> torch.Tensor:
    return x.unflatten(axis, (groups, -1)).transpose(axis, axis + 1).flatten(axis, axis + 1)
