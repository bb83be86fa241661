"""Convolution layers."""

from __future__ import annotations

from typing import ClassVar

from unifw.errors import ArgumentError
from unifw.nn import init
from unifw.nn.functional.conv import (
    Padding,
    convolution,
    cut_pairs,
    padding_for,
    padding_pairs,
    transposed_convolution,
)
from unifw.nn.functional.padding import MODES, padding_of_space
from unifw.nn.geometry import Window, count, data_format_of, each, spatial_sizes
from unifw.nn.module import Module
from unifw.spec.types import Sizes
from unifw.tensor import Tensor
from unifw.variable import Parameter


class _Convolution(Module):
    """What both directions share: sizes, weights and their initial values."""

    dims: ClassVar[int]

    def _set_up(
        self, channels: tuple[int, int], kernel_size: Window, stride: Window, dilation: Window, groups: int, layout: str
    ) -> None:
        """Check and keep what the window is; `channels` are (in, out)."""
        for name, value in (("in_channels", channels[0]), ("out_channels", channels[1]), ("groups", groups)):
            count(name, value)
        if channels[0] % groups or channels[1] % groups:
            raise ArgumentError(
                f"{type(self).__name__}: got {channels[0]} input and {channels[1]} output channels for {groups} "
                "groups; expected both to be multiples of groups."
            )
        self.in_channels, self.out_channels = channels
        self.kernel_size = each("kernel_size", kernel_size, self.dims)
        self.stride = each("stride", stride, self.dims)
        self.dilation = each("dilation", dilation, self.dims)
        self.groups = groups
        self.data_format = data_format_of(layout)
        self._last = layout == "channels_last"

    def _start(self, shape: Sizes, bias: bool) -> None:
        """PyTorch's initial values: uniform, by the fan-in that it takes the weight's second axis for."""
        bound = init.fan_in_bound(shape)
        self.weight = Parameter(init.uniform(shape, bound))
        self.bias = Parameter(init.uniform((self.out_channels,), bound)) if bias else None

    def _describe(self) -> str:
        return f"{self.in_channels}, {self.out_channels}, kernel_size={self.kernel_size}, stride={self.stride}"


class _Conv(_Convolution, leaf=True, lazy="in_channels"):
    """A convolution over `dims` axes of space."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Window,
        stride: Window = 1,
        padding: Padding = 0,
        dilation: Window = 1,
        groups: int = 1,
        bias: bool = True,
        padding_mode: str = "zeros",
        data_format: str = "channels_last",
    ) -> None:
        self._set_up((in_channels, out_channels), kernel_size, stride, dilation, groups, data_format)
        if padding_mode not in ("zeros", *MODES):
            raise ArgumentError(f"padding_mode: got {padding_mode!r}; expected one of {('zeros', *MODES)}.")
        self.padding = padding_pairs(padding, self.kernel_size, self.stride, self.dilation)
        self.padding_mode = padding_mode
        self._start((out_channels, in_channels // groups, *self.kernel_size), bias)

    def forward(self, x: Tensor) -> Tensor:
        """(N, *space, in_channels) to (N, *space', out_channels); channels second with channels_first."""
        padding = self.padding
        if padding is None:
            name = f"conv{self.dims}d"
            padding = padding_for(name, x, self.kernel_size, self.stride, self.dilation, self.data_format)
        if self.padding_mode != "zeros":
            x = padding_of_space(x, padding, self.padding_mode, 0.0, self._last)
            padding = ((0, 0),) * self.dims
        return convolution(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups, self._last)


class Conv1d(_Conv):
    """1-D convolution of sequences (N, L, in_channels), or (N, in_channels, L) with data_format="channels_first".

    As `Conv2d`, with one number where that has two.

    >>> import unifw
    >>> unifw.nn.Conv1d(3, 8, 3, padding="same")(unifw.zeros((1, 9, 3))).shape
    (1, 9, 8)
    """

    dims = 1


class Conv2d(_Conv):
    """2-D convolution of images (N, H, W, in_channels), or (N, in_channels, H, W) with data_format="channels_first".

    `padding` is a number, (vertical, horizontal), "valid", or "same" for an output of ceil(size / stride), with
    "zeros" around the image or, by `padding_mode`, what "reflect", "replicate" or "circular" finds there.
    `weight` is (out_channels, in_channels / groups, kh, kw), as in PyTorch; weight and bias start as
    U(-1/sqrt(fan_in), 1/sqrt(fan_in)). Raises ArgumentError, and when it is called ShapeError and DTypeError.

    >>> import unifw
    >>> unifw.nn.Conv2d(3, 8, 3, stride=2, padding="same")(unifw.zeros((1, 9, 9, 3))).shape
    (1, 5, 5, 8)
    """

    dims = 2


class Conv3d(_Conv):
    """3-D convolution of volumes (N, D, H, W, in_channels), or (N, in_channels, D, H, W) with channels_first.

    As `Conv2d`, with three numbers where that has two.

    >>> import unifw
    >>> unifw.nn.Conv3d(3, 8, (1, 3, 3))(unifw.zeros((1, 4, 9, 9, 3))).shape
    (1, 4, 7, 7, 8)
    """

    dims = 3


class _ConvTranspose(_Convolution, leaf=True, lazy="in_channels"):
    """A transposed convolution over `dims` axes of space."""

    def __init__(
        self,
        in_channels: int,
        out_channels: int,
        kernel_size: Window,
        stride: Window = 1,
        padding: Padding = 0,
        output_padding: Window = 0,
        groups: int = 1,
        bias: bool = True,
        dilation: Window = 1,
        padding_mode: str = "zeros",
        data_format: str = "channels_last",
    ) -> None:
        self._set_up((in_channels, out_channels), kernel_size, stride, dilation, groups, data_format)
        if padding_mode != "zeros":
            raise ArgumentError(f'padding_mode: got {padding_mode!r}; expected "zeros" in a transposed convolution.')
        extra = each("output_padding", output_padding, self.dims, least=0)
        self.padding, self.output_padding = cut_pairs(padding, extra, self.kernel_size, self.stride, self.dilation)
        self._start((in_channels, out_channels // groups, *self.kernel_size), bias)

    def forward(self, x: Tensor, output_size: Sizes | None = None) -> Tensor:
        """(N, *space, in_channels) to (N, *space', out_channels).

        `output_size`, the wanted space', stands for `output_padding`; it must be within a stride of the least one.
        """
        extra = self.output_padding if output_size is None else self._extra_for(x, tuple(output_size))
        settings = self.stride, self.padding, extra, self.dilation, self.groups, self._last
        return transposed_convolution(x, self.weight, self.bias, *settings)

    def _extra_for(self, x: Tensor, wanted: Sizes) -> Sizes:
        name = f"conv_transpose{self.dims}d"
        sizes = spatial_sizes(name, x, self.data_format, "output_size")
        rows = zip(sizes, self.kernel_size, self.stride, self.padding, self.dilation, strict=True)
        least = [(n - 1) * s - sum(cut) + d * (k - 1) + 1 for n, k, s, cut, d in rows]
        extra = tuple(n - m for n, m in zip(wanted, least, strict=False))
        if len(wanted) != self.dims or any(not 0 <= n < s for n, s in zip(extra, self.stride, strict=True)):
            most = [m + s - 1 for m, s in zip(least, self.stride, strict=True)]
            raise ArgumentError(f"{name}: got output_size {wanted}; expected from {tuple(least)} to {tuple(most)}.")
        return extra


class ConvTranspose1d(_ConvTranspose):
    """1-D transposed convolution of sequences (N, L, in_channels); as `ConvTranspose2d`.

    >>> import unifw
    >>> unifw.nn.ConvTranspose1d(3, 8, 4, stride=2, padding=1)(unifw.zeros((1, 5, 3))).shape
    (1, 10, 8)
    """

    dims = 1


class ConvTranspose2d(_ConvTranspose):
    """2-D transposed convolution of images (N, H, W, in_channels), or (N, in_channels, H, W) with channels_first.

    Each axis has (n - 1) stride - 2 padding + dilation (k - 1) + 1 + output_padding elements; padding="same" gives
    n stride, as TensorFlow has it. `weight` is (in_channels, out_channels / groups, kh, kw), as in PyTorch, with
    PyTorch's initial values. Raises ArgumentError, and when it is called ShapeError and DTypeError.

    >>> import unifw
    >>> unifw.nn.ConvTranspose2d(3, 8, 4, stride=2, padding=1)(unifw.zeros((1, 5, 5, 3))).shape
    (1, 10, 10, 8)
    """

    dims = 2


class ConvTranspose3d(_ConvTranspose):
    """3-D transposed convolution of volumes (N, D, H, W, in_channels); as `ConvTranspose2d`.

    >>> import unifw
    >>> unifw.nn.ConvTranspose3d(3, 8, 2, stride=2)(unifw.zeros((1, 2, 3, 4, 3))).shape
    (1, 4, 6, 8, 8)
    """

    dims = 3
