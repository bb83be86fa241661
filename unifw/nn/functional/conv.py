"""Convolutions as functions."""

from __future__ import annotations

from unifw.nn.functional.checks import misfit
from unifw.nn.geometry import DataFormat, PaddingPairs, Pair
from unifw.operators import mixed_backends
from unifw.registry import part
from unifw.tensor import Tensor


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Pair,
    padding: PaddingPairs,
    dilation: Pair,
    groups: int,
    data_format: DataFormat,
) -> Tensor:
    """2-D cross-correlation: (N, H, W, C), or (N, C, H, W) with channels_first, by weight (out, in/groups, kh, kw).

    `padding` is ((top, bottom), (left, right)), in pixels. Raises ShapeError and DTypeError.

    >>> import unifw
    >>> image, kernel = unifw.ones((1, 3, 3, 1)), unifw.ones((1, 1, 2, 2))
    >>> y = unifw.nn.functional.conv2d(image, kernel, None, (1, 1), ((0, 0), (0, 0)), (1, 1), 1, "channels_last")
    >>> y.shape, y[0, 0, 0, 0].item()
    ((1, 2, 2, 1), 4.0)
    """
    last = data_format == "channels_last"
    try:
        if x.ops is not weight.ops:
            raise mixed_backends("conv2d", x, weight)
        if x.ndim != 4:
            raise ValueError("an image batch has 4 axes")
        offset = None if bias is None else bias.native
        kernel = part(x.backend, "nn").conv2d
        return x.wrap(kernel(x.native, weight.native, offset, stride, padding, dilation, groups, last))
    except Exception as error:
        channels = weight.shape[1] * groups
        form = f"(N, H, W, {channels})" if last else f"(N, {channels}, H, W)"
        raise misfit("conv2d", error, x, weight, f"{data_format} images {form} no smaller than the kernel") from error
