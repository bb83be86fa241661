"""Pooling layers."""

from __future__ import annotations

from unifw.errors import ArgumentError
from unifw.nn import functional as F
from unifw.nn.geometry import data_format_of, pair
from unifw.nn.module import Module
from unifw.tensor import Tensor


class MaxPool2d(Module, leaf=True):
    """The maximum of each window of images (N, H, W, C), or (N, C, H, W) with data_format="channels_first".

    The stride is the window unless given; `padding`, at most half of the window, counts as minus infinity.

    >>> import unifw
    >>> unifw.nn.MaxPool2d(2)(unifw.zeros((1, 8, 8, 3))).shape
    (1, 4, 4, 3)
    """

    def __init__(
        self,
        kernel_size: int | tuple[int, int],
        stride: int | tuple[int, int] | None = None,
        padding: int | tuple[int, int] = 0,
        data_format: str = "channels_last",
    ) -> None:
        self.kernel_size = pair("kernel_size", kernel_size)
        self.stride = self.kernel_size if stride is None else pair("stride", stride)
        self.padding = pair("padding", padding, least=0)
        self.data_format = data_format_of(data_format)
        if any(p > k // 2 for p, k in zip(self.padding, self.kernel_size, strict=True)):
            raise ArgumentError(
                f"MaxPool2d: got padding {self.padding} for the window {self.kernel_size}; expected at most half of it."
            )

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, C) to (N, H', W', C); channels second with channels_first."""
        return F.max_pool2d(x, self.kernel_size, self.stride, self.padding, self.data_format)

    def _describe(self) -> str:
        return f"{self.kernel_size}, stride={self.stride}, padding={self.padding}"
