"""Layers that resize images."""

from __future__ import annotations

from unifw.nn import functional as F
from unifw.nn.functional.resizing import check_mode
from unifw.nn.geometry import data_format_of
from unifw.nn.module import Module
from unifw.tensor import Tensor

Size = int | tuple[int, ...] | None
Scale = float | tuple[float, ...] | None


class Upsample(Module, leaf=True):
    """Resize images (N, *space, C) to `size` or by `scale_factor`.

    With data_format="channels_first" they are (N, C, *space); see `functional.interpolate` for the modes.

    >>> import unifw
    >>> unifw.nn.Upsample(scale_factor=2, mode="bilinear")(unifw.zeros((1, 3, 4, 2))).shape
    (1, 6, 8, 2)
    """

    def __init__(
        self,
        size: Size = None,
        scale_factor: Scale = None,
        mode: str = "nearest",
        align_corners: bool | None = None,
        recompute_scale_factor: bool | None = None,
        data_format: str = "channels_last",
    ) -> None:
        check_mode(mode, align_corners, antialias=False)
        self.size = size
        self.scale_factor = scale_factor
        self.mode = mode
        self.align_corners = align_corners
        self.recompute_scale_factor = recompute_scale_factor
        self.data_format = data_format_of(data_format)

    def forward(self, x: Tensor) -> Tensor:
        """(N, *space, C) to (N, *size, C)."""
        return F.interpolate(
            x,
            self.size,
            self.scale_factor,
            self.mode,
            self.align_corners,
            self.recompute_scale_factor,
            data_format=self.data_format,
        )

    def _describe(self) -> str:
        given = f"size={self.size}" if self.size is not None else f"scale_factor={self.scale_factor}"
        return f"{given}, mode={self.mode!r}"


class UpsamplingNearest2d(Upsample):
    """`Upsample` of images by the nearest element.

    >>> import unifw
    >>> unifw.nn.UpsamplingNearest2d(scale_factor=2)(unifw.zeros((1, 3, 4, 2))).shape
    (1, 6, 8, 2)
    """

    def __init__(self, size: Size = None, scale_factor: Scale = None, data_format: str = "channels_last") -> None:
        super().__init__(size, scale_factor, "nearest", data_format=data_format)


class UpsamplingBilinear2d(Upsample):
    """`Upsample` of images, bilinear with aligned corners.

    >>> import unifw
    >>> unifw.nn.UpsamplingBilinear2d(size=(6, 8))(unifw.zeros((1, 3, 4, 2))).shape
    (1, 6, 8, 2)
    """

    def __init__(self, size: Size = None, scale_factor: Scale = None, data_format: str = "channels_last") -> None:
        super().__init__(size, scale_factor, "bilinear", True, data_format=data_format)
