"""Pooling layers by a norm."""

from __future__ import annotations

from typing import ClassVar

from unifw.nn.functional.lp_pooling import lp_pooling, lp_settings
from unifw.nn.geometry import Window
from unifw.nn.module import Module
from unifw.tensor import Tensor


class _LPPool(Module, leaf=True):
    dims: ClassVar[int]

    def __init__(
        self,
        norm_type: float,
        kernel_size: Window,
        stride: Window | None = None,
        ceil_mode: bool = False,
        data_format: str = "channels_last",
    ) -> None:
        self.norm_type = norm_type
        self._settings = lp_settings(self.dims, norm_type, kernel_size, stride, ceil_mode, data_format)

    def forward(self, x: Tensor) -> Tensor:
        """(N, *space, C) to (N, *space', C); channels second with channels_first."""
        return lp_pooling(x, self.norm_type, self._settings)

    def _describe(self) -> str:
        kernel, stride, *_ = self._settings
        return f"{self.norm_type}, {kernel}, stride={stride}"


class LPPool1d(_LPPool):
    """The p-th root of the sum of p-th powers in each window of sequences (N, L, C).

    As `LPPool2d`.

    >>> import unifw
    >>> unifw.nn.LPPool1d(2, 2)(unifw.asarray([[[3.0], [4.0]]])).tolist()
    [[[5.0]]]
    """

    dims = 1


class LPPool2d(_LPPool):
    """The p-th root of the sum of p-th powers in each window of images (N, H, W, C); see `functional.lp_pool2d`.

    The stride is the window unless given. With data_format="channels_first" images are (N, C, H, W).

    >>> import unifw
    >>> unifw.nn.LPPool2d(2, 2)(unifw.ones((1, 4, 4, 3))).shape
    (1, 2, 2, 3)
    """

    dims = 2


class LPPool3d(_LPPool):
    """The p-th root of the sum of p-th powers in each window of volumes (N, D, H, W, C).

    As `LPPool2d`.

    >>> import unifw
    >>> unifw.nn.LPPool3d(1, 2)(unifw.ones((1, 2, 2, 2, 1))).tolist()
    [[[[[8.0]]]]]
    """

    dims = 3
