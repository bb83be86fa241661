"""Images as patches and back, as layers."""

from __future__ import annotations

from unifw.nn.functional.patches import folding, unfolding, windows
from unifw.nn.geometry import Window, each
from unifw.nn.module import Module
from unifw.tensor import Tensor


class _Patches(Module):
    """Settings that are worked out once."""

    def __init__(
        self,
        kernel_size: Window,
        dilation: Window = 1,
        padding: Window = 0,
        stride: Window = 1,
        data_format: str = "channels_last",
    ) -> None:
        self._settings = windows(kernel_size, dilation, padding, stride, data_format)

    def _describe(self) -> str:
        kernel, stride, padding, dilation, _ = self._settings
        return f"{kernel}, dilation={dilation}, padding={padding}, stride={stride}"


class Unfold(_Patches, leaf=True):
    """Every window of images (N, H, W, C) as a row: (N, L, C k); see `functional.unfold`.

    >>> import unifw
    >>> unifw.nn.Unfold(2, stride=2)(unifw.zeros((1, 4, 6, 3))).shape
    (1, 6, 12)
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, C) to (N, L, C k)."""
        return unfolding(x, self._settings)


class Fold(_Patches, leaf=True):
    """Images of `output_size` from patches as `Unfold` makes them, added where they overlap.

    >>> import unifw
    >>> unifw.nn.Fold((4, 6), 2, stride=2)(unifw.zeros((1, 6, 12))).shape
    (1, 4, 6, 3)
    """

    def __init__(
        self,
        output_size: Window,
        kernel_size: Window,
        dilation: Window = 1,
        padding: Window = 0,
        stride: Window = 1,
        data_format: str = "channels_last",
    ) -> None:
        super().__init__(kernel_size, dilation, padding, stride, data_format)
        self.output_size = each("output_size", output_size, 2)

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, C k) to (N, H, W, C)."""
        return folding(x, self.output_size, self._settings)
