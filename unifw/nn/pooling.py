"""Pooling layers. Global pooling is adaptive pooling to an output size of 1."""

from __future__ import annotations

from typing import Any, ClassVar

from unifw.nn.functional.pooling import (
    OutputSize,
    adaptive_avg_pooling,
    adaptive_max_pooling,
    avg_pooling,
    avg_settings,
    indices_too,
    max_pooling,
    max_settings,
    output_sizes,
)
from unifw.nn.geometry import Window, data_format_of
from unifw.nn.module import Module
from unifw.tensor import Tensor


class _Pool(Module):
    """Pooling over `dims` axes of space, by settings that are worked out once."""

    dims: ClassVar[int]
    _settings: tuple[Any, ...]

    def _describe(self) -> str:
        kernel, stride, padding, *_ = self._settings
        return f"{kernel}, stride={stride}, padding={padding}"


class _MaxPool(_Pool, leaf=True):
    def __init__(
        self,
        kernel_size: Window,
        stride: Window | None = None,
        padding: Window = 0,
        dilation: Window = 1,
        return_indices: bool = False,
        ceil_mode: bool = False,
        data_format: str = "channels_last",
    ) -> None:
        self._settings = max_settings(self.dims, kernel_size, stride, padding, dilation, ceil_mode, data_format)
        self.return_indices = indices_too(return_indices)

    def forward(self, x: Tensor) -> Any:
        """(N, *space, C) to (N, *space', C); channels second with channels_first."""
        return max_pooling(x, self._settings, self.return_indices)


class _AvgPoolBase(_Pool, leaf=True):
    def forward(self, x: Tensor) -> Tensor:
        """(N, *space, C) to (N, *space', C); channels second with channels_first."""
        return avg_pooling(x, self._settings)


class _AvgPool(_AvgPoolBase):
    def __init__(
        self,
        kernel_size: Window,
        stride: Window | None = None,
        padding: Window = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        divisor_override: int | None = None,
        data_format: str = "channels_last",
    ) -> None:
        window = kernel_size, stride, padding
        settings = ceil_mode, count_include_pad, divisor_override, data_format
        self._settings = avg_settings(self.dims, window, *settings)


class _AdaptivePool(_Pool):
    def __init__(self, output_size: OutputSize, data_format: str = "channels_last") -> None:
        self.output_size = output_sizes(self.dims, output_size)
        self._settings = self.output_size, data_format_of(data_format) == "channels_last"

    def _describe(self) -> str:
        return f"{self.output_size}"


class _AdaptiveAvgPool(_AdaptivePool, leaf=True):
    def forward(self, x: Tensor) -> Tensor:
        """(N, *space, C) to (N, *output_size, C); channels second with channels_first."""
        return adaptive_avg_pooling(x, *self._settings)


class _AdaptiveMaxPool(_AdaptivePool, leaf=True):
    def __init__(
        self, output_size: OutputSize, return_indices: bool = False, data_format: str = "channels_last"
    ) -> None:
        super().__init__(output_size, data_format)
        self.return_indices = indices_too(return_indices)

    def forward(self, x: Tensor) -> Any:
        """(N, *space, C) to (N, *output_size, C); channels second with channels_first."""
        sizes, last = self._settings
        return adaptive_max_pooling(x, sizes, last, self.return_indices)


class MaxPool1d(_MaxPool):
    """The maximum of each window of sequences (N, L, C), or (N, C, L) with data_format="channels_first".

    As `MaxPool2d`.

    >>> import unifw
    >>> unifw.nn.MaxPool1d(2)(unifw.zeros((1, 8, 3))).shape
    (1, 4, 3)
    """

    dims = 1


class MaxPool2d(_MaxPool):
    """The maximum of each window of images (N, H, W, C), or (N, C, H, W) with data_format="channels_first".

    The stride is the window unless given; `padding`, at most half of the window, counts as minus infinity. With
    `return_indices` a pair, as `functional.max_pool2d` gives it.

    >>> import unifw
    >>> unifw.nn.MaxPool2d(2)(unifw.zeros((1, 8, 8, 3))).shape
    (1, 4, 4, 3)
    """

    dims = 2


class MaxPool3d(_MaxPool):
    """The maximum of each window of volumes (N, D, H, W, C), or (N, C, D, H, W) with data_format="channels_first".

    As `MaxPool2d`.

    >>> import unifw
    >>> unifw.nn.MaxPool3d(2)(unifw.zeros((1, 8, 8, 8, 3))).shape
    (1, 4, 4, 4, 3)
    """

    dims = 3


class AvgPool1d(_AvgPoolBase):
    """The mean of each window of sequences (N, L, C), or (N, C, L) with data_format="channels_first".

    As `AvgPool2d`.

    >>> import unifw
    >>> unifw.nn.AvgPool1d(2)(unifw.zeros((1, 8, 3))).shape
    (1, 4, 3)
    """

    dims = 1

    def __init__(
        self,
        kernel_size: Window,
        stride: Window | None = None,
        padding: Window = 0,
        ceil_mode: bool = False,
        count_include_pad: bool = True,
        data_format: str = "channels_last",
    ) -> None:
        window = kernel_size, stride, padding
        self._settings = avg_settings(1, window, ceil_mode, count_include_pad, None, data_format)


class AvgPool2d(_AvgPool):
    """The mean of each window of images (N, H, W, C), or (N, C, H, W) with data_format="channels_first".

    The stride is the window unless given. Zeros of `padding`, at most half of the window, count as elements unless
    `count_include_pad` is False; `divisor_override` stands for the number of elements.

    >>> import unifw
    >>> unifw.nn.AvgPool2d(2)(unifw.zeros((1, 8, 8, 3))).shape
    (1, 4, 4, 3)
    """

    dims = 2


class AvgPool3d(_AvgPool):
    """The mean of each window of volumes (N, D, H, W, C), or (N, C, D, H, W) with data_format="channels_first".

    As `AvgPool2d`.

    >>> import unifw
    >>> unifw.nn.AvgPool3d(2)(unifw.zeros((1, 8, 8, 8, 3))).shape
    (1, 4, 4, 4, 3)
    """

    dims = 3


class AdaptiveAvgPool1d(_AdaptiveAvgPool):
    """The mean of windows of sequences (N, L, C), as many as `output_size` says.

    As `AdaptiveAvgPool2d`.

    >>> import unifw
    >>> unifw.nn.AdaptiveAvgPool1d(4)(unifw.zeros((1, 8, 3))).shape
    (1, 4, 3)
    """

    dims = 1


class AdaptiveAvgPool2d(_AdaptiveAvgPool):
    """The mean of windows of images (N, H, W, C), as many as `output_size` says.

    Windows go from floor(i n / size) to ceil((i + 1) n / size); None keeps an axis; 1 is global pooling.

    >>> import unifw
    >>> unifw.nn.AdaptiveAvgPool2d(4)(unifw.zeros((1, 8, 8, 3))).shape
    (1, 4, 4, 3)
    """

    dims = 2


class AdaptiveAvgPool3d(_AdaptiveAvgPool):
    """The mean of windows of volumes (N, D, H, W, C), as many as `output_size` says.

    As `AdaptiveAvgPool2d`.

    >>> import unifw
    >>> unifw.nn.AdaptiveAvgPool3d(4)(unifw.zeros((1, 8, 8, 8, 3))).shape
    (1, 4, 4, 4, 3)
    """

    dims = 3


class AdaptiveMaxPool1d(_AdaptiveMaxPool):
    """The maximum of windows of sequences (N, L, C), as many as `output_size` says.

    As `AdaptiveMaxPool2d`.

    >>> import unifw
    >>> unifw.nn.AdaptiveMaxPool1d(4)(unifw.zeros((1, 8, 3))).shape
    (1, 4, 3)
    """

    dims = 1


class AdaptiveMaxPool2d(_AdaptiveMaxPool):
    """The maximum of windows of images (N, H, W, C), as many as `output_size` says.

    Windows go from floor(i n / size) to ceil((i + 1) n / size); None keeps an axis; 1 is global pooling.
    With `return_indices` a pair, as that of `MaxPool2d`.

    >>> import unifw
    >>> unifw.nn.AdaptiveMaxPool2d(4)(unifw.zeros((1, 8, 8, 3))).shape
    (1, 4, 4, 3)
    """

    dims = 2


class AdaptiveMaxPool3d(_AdaptiveMaxPool):
    """The maximum of windows of volumes (N, D, H, W, C), as many as `output_size` says.

    As `AdaptiveMaxPool2d`.

    >>> import unifw
    >>> unifw.nn.AdaptiveMaxPool3d(4)(unifw.zeros((1, 8, 8, 8, 3))).shape
    (1, 4, 4, 4, 3)
    """

    dims = 3
