"""Pooling by the functions behind `torch.nn.functional`, whose own Python costs as much as small images."""

from __future__ import annotations

import torch
from torch._C import _nn

from unifw.backends.torch.native import lacks_half
from unifw.backends.torch.nn.layout import LAST, second
from unifw.spec.types import Sizes

_MAX = (None, torch.max_pool1d, torch.max_pool2d, torch.max_pool3d)
_MAX_INDICES = (None, torch.max_pool1d_with_indices, _nn.max_pool2d_with_indices, _nn.max_pool3d_with_indices)
_AVG = (None, torch.avg_pool1d, _nn.avg_pool2d, _nn.avg_pool3d)
_ADAPTIVE_AVG = (None, torch.adaptive_avg_pool1d, _nn.adaptive_avg_pool2d, _nn.adaptive_avg_pool3d)
_ADAPTIVE_MAX = (None, torch.adaptive_max_pool1d, _nn.adaptive_max_pool2d, _nn.adaptive_max_pool3d)


def max_pool(
    x: torch.Tensor,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    channels_last: bool,
) -> torch.Tensor:
    dims = len(kernel)
    image = second(x, dims, channels_last)
    _check(image, padding, dilation)
    y = _MAX[dims](image, kernel, stride, padding, dilation, ceil_mode)  # type: ignore[misc]
    return y.permute(LAST[dims + 2]) if channels_last else y


def max_pool_indices(
    x: torch.Tensor,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    dilation: Sizes,
    ceil_mode: bool,
    channels_last: bool,
) -> tuple[torch.Tensor, torch.Tensor]:
    dims = len(kernel)
    image = second(x, dims, channels_last)
    _check(image, padding, dilation)
    y, where = _MAX_INDICES[dims](image, kernel, stride, padding, dilation, ceil_mode)  # type: ignore[misc]
    last = LAST[dims + 2]
    return (y.permute(last), where.permute(last)) if channels_last else (y, where)


def _check(image: torch.Tensor, padding: Sizes, dilation: Sizes) -> None:
    """A window that sees nothing but padding has a maximum outside of the image, where torch's gradient writes."""
    if max(dilation) > 1 and any(p and n < d for n, p, d in zip(image.shape[2:], padding, dilation, strict=True)):
        raise ValueError("windows that see nothing of an image")


def avg_pool(
    x: torch.Tensor,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
    channels_last: bool,
) -> torch.Tensor:
    dims = len(kernel)
    if dims == 3 and lacks_half(x):
        form = (kernel, stride, padding, ceil_mode, count_include_pad, divisor, channels_last)
        return avg_pool(x.float(), *form).to(x.dtype)
    settings = (kernel, stride, padding, ceil_mode, count_include_pad, *((divisor,) if dims > 1 else ()))
    y = _AVG[dims](second(x, dims, channels_last), *settings)  # type: ignore[misc]
    return y.permute(LAST[dims + 2]) if channels_last else y


def adaptive_avg_pool(x: torch.Tensor, sizes: tuple[int | None, ...], channels_last: bool) -> torch.Tensor:
    image = second(x, len(sizes), channels_last)
    y = _ADAPTIVE_AVG[len(sizes)](image, _whole(image, sizes))  # type: ignore[misc]
    return y.permute(LAST[y.ndim]) if channels_last else y


def adaptive_max_pool(x: torch.Tensor, sizes: tuple[int | None, ...], channels_last: bool) -> torch.Tensor:
    return adaptive_max_pool_indices(x, sizes, channels_last)[0]


def adaptive_max_pool_indices(
    x: torch.Tensor, sizes: tuple[int | None, ...], channels_last: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    image = second(x, len(sizes), channels_last)
    y, where = _ADAPTIVE_MAX[len(sizes)](image, _whole(image, sizes))  # type: ignore[misc]
    last = LAST[y.ndim]
    return (y.permute(last), where.permute(last)) if channels_last else (y, where)


def _whole(image: torch.Tensor, sizes: tuple[int | None, ...]) -> tuple[int, ...]:
    if None in sizes:
        return tuple([n if size is None else size for n, size in zip(image.shape[2:], sizes, strict=True)])
    return sizes  # type: ignore[return-value]
