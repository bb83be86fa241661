"""Layers that undo maximum pooling."""

from __future__ import annotations

from typing import ClassVar

from unifw.nn.functional.unpooling import unpool_settings, unpooling
from unifw.nn.geometry import Window
from unifw.nn.module import Module
from unifw.spec.types import Sizes
from unifw.tensor import Tensor


class _MaxUnpool(Module, leaf=True):
    dims: ClassVar[int]

    def __init__(
        self,
        kernel_size: Window,
        stride: Window | None = None,
        padding: Window = 0,
        data_format: str = "channels_last",
    ) -> None:
        self._settings = unpool_settings(self.dims, kernel_size, stride, padding, data_format)

    def forward(self, x: Tensor, indices: Tensor, output_size: Sizes | None = None) -> Tensor:
        """(N, *space, C), and indices of that shape, to (N, *output_size, C); channels second with channels_first."""
        return unpooling(x, indices, self._settings, output_size)

    def _describe(self) -> str:
        kernel, stride, padding, _ = self._settings
        return f"{kernel}, stride={stride}, padding={padding}"


class MaxUnpool1d(_MaxUnpool):
    """Sequences (N, L, C) from the maxima of `MaxPool1d` and their indices, with zeros elsewhere.

    As `MaxUnpool2d`.

    >>> import unifw
    >>> y, where = unifw.nn.MaxPool1d(2, return_indices=True)(unifw.asarray([[[1.0], [2.0], [4.0], [3.0]]]))
    >>> unifw.nn.MaxUnpool1d(2)(y, where)[0, :, 0].tolist()
    [0.0, 2.0, 4.0, 0.0]
    """

    dims = 1


class MaxUnpool2d(_MaxUnpool):
    """Images (N, H, W, C) from the maxima of `MaxPool2d` and their indices, with zeros elsewhere.

    It takes the window, stride and padding of the pooling, and is called with what `return_indices=True` gives, and
    with `output_size` where another space than the usual one was pooled: see `functional.max_unpool2d`. With
    data_format="channels_first" images are (N, C, H, W).

    >>> import unifw
    >>> y, where = unifw.nn.MaxPool2d(2, return_indices=True)(unifw.zeros((1, 5, 4, 3)))
    >>> unifw.nn.MaxUnpool2d(2)(y, where, output_size=(5, 4)).shape
    (1, 5, 4, 3)
    """

    dims = 2


class MaxUnpool3d(_MaxUnpool):
    """Volumes (N, D, H, W, C) from the maxima of `MaxPool3d` and their indices, with zeros elsewhere.

    As `MaxUnpool2d`.

    >>> import unifw
    >>> y, where = unifw.nn.MaxPool3d(2, return_indices=True)(unifw.zeros((1, 4, 4, 4, 3)))
    >>> unifw.nn.MaxUnpool3d(2)(y, where).shape
    (1, 4, 4, 4, 3)
    """

    dims = 3
