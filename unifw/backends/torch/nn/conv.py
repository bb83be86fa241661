"""Convolutions by `torch.nn.functional`."""

from __future__ import annotations

from functools import cache

import torch
from torch.nn import functional as F

from unifw.backends.torch.nn.layout import LAST, second
from unifw.spec.types import Pairs, Sizes

_CONV = (None, torch.conv1d, torch.conv2d, torch.conv3d)
_TRANSPOSE = (None, F.conv_transpose1d, F.conv_transpose2d, F.conv_transpose3d)


def conv(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    stride: Sizes,
    padding: Pairs,
    dilation: Sizes,
    groups: int,
    channels_last: bool,
) -> torch.Tensor:
    dims = len(stride)
    x = second(x, dims, channels_last)
    before, widths = _sides(padding)
    if widths:
        x = F.pad(x, widths)
    y = _CONV[dims](x, weight, bias, stride, before, dilation, groups)  # type: ignore[misc]
    return y.permute(LAST[dims + 2]) if channels_last else y


@cache
def _sides(padding: Pairs) -> tuple[Sizes, Sizes]:
    """The padding that the kernel takes, which is the same on both sides, and else that to be made before."""
    if all(one == other for one, other in padding):
        return tuple(one for one, _ in padding), ()
    return (0,) * len(padding), tuple(width for pair in reversed(padding) for width in pair)


def conv_transpose(
    x: torch.Tensor,
    weight: torch.Tensor,
    bias: torch.Tensor | None,
    stride: Sizes,
    padding: Pairs,
    output_padding: Sizes,
    dilation: Sizes,
    groups: int,
    channels_last: bool,
) -> torch.Tensor:
    dims = len(stride)
    x = second(x, dims, channels_last)
    before, added, surplus = _ends(padding, output_padding)
    y = _TRANSPOSE[dims](x, weight, bias, stride, before, added, groups, dilation)  # type: ignore[misc]
    for axis, n in surplus:
        y = y.narrow(axis, 0, y.shape[axis] - n)
    return y.permute(LAST[dims + 2]) if channels_last else y


@cache
def _ends(padding: Pairs, output_padding: Sizes) -> tuple[Sizes, Sizes, Pairs]:
    """The padding that the kernel takes off both sides, what it adds at the end, and (axis, what to cut off there)."""
    more = [one - other + extra for (one, other), extra in zip(padding, output_padding, strict=True)]
    surplus = tuple((axis, -n) for axis, n in enumerate(more, 2) if n < 0)
    return tuple(one for one, _ in padding), tuple(max(n, 0) for n in more), surplus
