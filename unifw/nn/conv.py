"""Convolution layers."""

from __future__ import annotations

from typing import Literal

from unifw.errors import ArgumentError, ShapeError
from unifw.nn import functional as F
from unifw.nn import init
from unifw.nn.geometry import PaddingPairs, count, data_format_of, pair, same_padding
from unifw.nn.module import Module
from unifw.tensor import Tensor
from unifw.variable import Parameter


class Conv2d(Module, leaf=True, lazy="in_channels"):
    """2-D convolution of images (N, H, W, in_channels), or (N, in_channels, H, W) with data_format="channels_first".

    `padding` is a number, (vertical, horizontal), "valid", or "same" for an output of ceil(size / stride).
    `weight` is (out_channels, in_channels / groups, kh, kw), as in PyTorch; weight and bias start as
    U(-1/sqrt(fan_in), 1/sqrt(fan_in)).

    >>> import unifw
    >>> unifw.nn.Conv2d(3, 8, 3, stride=2, padding="same")(unifw.zeros((1, 9, 9, 3))).shape
    (1, 5, 5, 8)
    """

    def __init__(
        self,
        in_channels: int | None,
        out_channels: int,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] = 1,
        padding: int | tuple[int, int] | Literal["same", "valid"] = 0,
        dilation: int | tuple[int, int] = 1,
        groups: int = 1,
        bias: bool = True,
        data_format: str = "channels_last",
    ) -> None:
        in_channels = count("in_channels", in_channels)
        for name, value in (("out_channels", out_channels), ("groups", groups)):
            count(name, value)
        if in_channels % groups or out_channels % groups:
            raise ArgumentError(
                f"Conv2d: got {in_channels} input and {out_channels} output channels for {groups} groups; "
                "expected both to be multiples of groups."
            )
        self.kernel_size = pair("kernel_size", kernel_size)
        self.stride = pair("stride", stride)
        self.dilation = pair("dilation", dilation)
        self.groups = groups
        self.data_format = data_format_of(data_format)
        self.padding = self._padding_pairs(padding)
        shape = (out_channels, in_channels // groups, *self.kernel_size)
        bound = init.fan_in_bound(shape)
        self.weight = Parameter(init.uniform(shape, bound))
        self.bias = Parameter(init.uniform((out_channels,), bound)) if bias else None

    def _padding_pairs(self, padding: int | tuple[int, int] | str) -> PaddingPairs | None:
        """Zeros as ((top, bottom), (left, right)), or None where "same" depends on the size of the image."""
        if isinstance(padding, str):
            if padding not in ("same", "valid"):
                raise ArgumentError(f'padding: got {padding!r}; expected a number, two of them, "same" or "valid".')
            if padding == "valid":
                return (0, 0), (0, 0)
            return self._same(1, 1) if self.stride == (1, 1) else None
        vertical, horizontal = pair("padding", padding, least=0)
        return (vertical, vertical), (horizontal, horizontal)

    def _same_for(self, x: Tensor) -> PaddingPairs:
        """The padding of "same" for the images `x`, whose height and width must be known."""
        sizes = x.ops.static_shape(x.native)
        height, width = sizes[1:3] if self.data_format == "channels_last" else sizes[2:4]
        if height is None or width is None:
            raise ShapeError(
                f'Conv2d: got images of unknown size {sizes}, which padding="same" with stride {self.stride} needs; '
                "expected a free axis 0 only. Write padding=... as a number."
            )
        return self._same(height, width)

    def _same(self, height: int, width: int) -> PaddingPairs:
        rows, columns = zip((height, width), self.kernel_size, self.stride, self.dilation, strict=True)
        return same_padding(*rows), same_padding(*columns)

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, in_channels) to (N, H', W', out_channels); channels second with channels_first."""
        padding = self._same_for(x) if self.padding is None else self.padding
        return F.conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups, self.data_format)

    def _describe(self) -> str:
        out_channels, in_channels, *_ = self.weight.shape
        return f"{in_channels * self.groups}, {out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"
