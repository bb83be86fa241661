"""What the convolutional models share."""

from __future__ import annotations

from unifw import nn
from unifw.array.statistical import mean
from unifw.nn import init
from unifw.tensor import Tensor


def bare_convolution(
    in_channels: int,
    out_channels: int,
    kernel_size: int,
    stride: int = 1,
    groups: int = 1,
    data_format: str = "channels_last",
) -> nn.Conv2d:
    """A convolution for a normalisation to follow: without a bias, padded by half of its odd kernel.

    Its weights start from a normal distribution of variance 2 / fan_out (He et al., 2015, arXiv:1502.01852).

    >>> bare_convolution(3, 8, 3)
    Conv2d(3, 8, kernel_size=(3, 3), stride=(1, 1))
    """
    padding = kernel_size // 2
    layer = nn.Conv2d(
        in_channels, out_channels, kernel_size, stride, padding, groups=groups, bias=False, data_format=data_format
    )
    init.kaiming_normal_(layer.weight, mode="fan_out", nonlinearity="relu")
    return layer


def global_average(x: Tensor, data_format: str) -> Tensor:
    """The mean of each channel over the image: (N, H, W, C), or (N, C, H, W) with channels_first, to (N, C).

    >>> import unifw
    >>> global_average(unifw.ones((2, 4, 4, 3)), "channels_last").shape
    (2, 3)
    """
    return mean(x, axis=(1, 2) if data_format == "channels_last" else (2, 3))
