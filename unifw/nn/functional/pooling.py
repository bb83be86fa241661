"""Pooling as functions."""

from __future__ import annotations

from unifw.nn.functional.checks import misfit
from unifw.nn.geometry import DataFormat, Pair
from unifw.registry import part
from unifw.tensor import Tensor


def max_pool2d(x: Tensor, kernel_size: Pair, stride: Pair, padding: Pair, data_format: DataFormat) -> Tensor:
    """The maximum of each window: (N, H, W, C), or (N, C, H, W) with channels_first.

    Raises ShapeError.

    >>> import unifw
    >>> x = unifw.reshape(unifw.arange(16.0), (1, 4, 4, 1))
    >>> unifw.nn.functional.max_pool2d(x, (2, 2), (2, 2), (0, 0), "channels_last")[0, :, :, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    try:
        if x.ndim != 4:
            raise ValueError("an image batch has 4 axes")
        kernel = part(x.backend, "nn").max_pool2d
        return x.wrap(kernel(x.native, kernel_size, stride, padding, data_format == "channels_last"))
    except Exception as error:
        wanted = f"{data_format} images of 4 axes no smaller than the window {kernel_size}"
        raise misfit("max_pool2d", error, x, None, wanted) from error
