"""Layers that change shapes only."""

from __future__ import annotations

from unifw.array.axes import axis_of, ndim_of
from unifw.array.manipulation import moveaxis, permute_dims, reshape
from unifw.errors import ArgumentError
from unifw.nn import functional as F
from unifw.nn.geometry import count, data_format_of
from unifw.nn.module import Module
from unifw.tensor import Tensor


class Flatten(Module, leaf=True):
    """The axes from `start_dim` to `end_dim` as one, images in PyTorch's order: channels, then rows, then columns.

    So a Linear layer after it takes the weights of a PyTorch checkpoint as they are. `data_format` says where an image
    of 4 axes (or a volume of 5) has its channels; tensors of fewer axes keep their order.

    >>> import unifw
    >>> x = unifw.reshape(unifw.arange(4), (1, 1, 2, 2))  # one row of two pixels with two channels
    >>> unifw.nn.Flatten()(x).tolist(), unifw.nn.Flatten(data_format="channels_first")(x).tolist()
    ([[0, 2, 1, 3]], [[0, 1, 2, 3]])
    """

    def __init__(self, start_dim: int = 1, end_dim: int = -1, data_format: str = "channels_last") -> None:
        self.start_dim = start_dim
        self.end_dim = end_dim
        self.data_format = data_format_of(data_format)

    def forward(self, x: Tensor) -> Tensor:
        """(N, ...) to (N, features) with the default axes."""
        ndim = ndim_of("flatten", x)
        if ndim > 3 and self.data_format == "channels_last":
            x = permute_dims(x, (0, ndim - 1, *range(1, ndim - 1)))
        return F.flatten(x, self.start_dim, self.end_dim)


class Unflatten(Module, leaf=True):
    """One axis as several, the reverse of `Flatten`: (N, C H W) to images (N, H, W, C) for the sizes (C, H, W).

    `unflattened_size` is in PyTorch's order. Where the result is a batch of images of 4 axes, or volumes of 5, its
    channels move to the end, unless data_format="channels_first". One size may be -1.

    >>> import unifw
    >>> unifw.nn.Unflatten(1, (3, 4, 5))(unifw.zeros((2, 60))).shape
    (2, 4, 5, 3)
    """

    def __init__(self, dim: int, unflattened_size: tuple[int, ...], data_format: str = "channels_last") -> None:
        sizes = tuple(unflattened_size)
        if not sizes or any(not isinstance(n, int) or n < -1 for n in sizes) or sizes.count(-1) > 1:
            raise ArgumentError(f"unflattened_size: got {unflattened_size!r}; expected integers, one at most -1.")
        self.dim = dim
        self.unflattened_size = sizes
        self.data_format = data_format_of(data_format)

    def forward(self, x: Tensor) -> Tensor:
        """(..., n, ...) to (..., *unflattened_size, ...)."""
        axis = axis_of("unflatten", self.dim, ndim_of("unflatten", x))
        shape = x.shape
        y = reshape(x, (*shape[:axis], *self.unflattened_size, *shape[axis + 1 :]))
        if y.ndim > 3 and axis == 1 and self.data_format == "channels_last":
            return moveaxis(y, 1, -1)
        return y

    def _describe(self) -> str:
        return f"{self.dim}, {self.unflattened_size}"


class PixelShuffle(Module, leaf=True):
    """Channels turned into places (Shi et al., 2016): (N, H, W, C r^2) to (N, H r, W r, C) for a factor of r.

    >>> import unifw
    >>> unifw.nn.PixelShuffle(2)(unifw.zeros((1, 3, 3, 8))).shape
    (1, 6, 6, 2)
    """

    def __init__(self, upscale_factor: int, data_format: str = "channels_last") -> None:
        self.upscale_factor = count("upscale_factor", upscale_factor)
        self.data_format = data_format_of(data_format)

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, C r^2) to (N, H r, W r, C)."""
        return F.pixel_shuffle(x, self.upscale_factor, self.data_format)

    def _describe(self) -> str:
        return f"{self.upscale_factor}"


class PixelUnshuffle(Module, leaf=True):
    """Places turned into channels, the reverse of `PixelShuffle`: (N, H r, W r, C) to (N, H, W, C r^2).

    >>> import unifw
    >>> unifw.nn.PixelUnshuffle(2)(unifw.zeros((1, 6, 6, 2))).shape
    (1, 3, 3, 8)
    """

    def __init__(self, downscale_factor: int, data_format: str = "channels_last") -> None:
        self.downscale_factor = count("downscale_factor", downscale_factor)
        self.data_format = data_format_of(data_format)

    def forward(self, x: Tensor) -> Tensor:
        """(N, H r, W r, C) to (N, H, W, C r^2)."""
        return F.pixel_unshuffle(x, self.downscale_factor, self.data_format)

    def _describe(self) -> str:
        return f"{self.downscale_factor}"


class ChannelShuffle(Module, leaf=True):
    """Channels of `groups` groups dealt out in turn (Zhang et al., 2018).

    >>> import unifw
    >>> unifw.nn.ChannelShuffle(2)(unifw.zeros((1, 8, 8, 4))).shape
    (1, 8, 8, 4)
    """

    def __init__(self, groups: int, data_format: str = "channels_last") -> None:
        self.groups = count("groups", groups)
        self.data_format = data_format_of(data_format)

    def forward(self, x: Tensor) -> Tensor:
        """(N, *space, C) to the same shape."""
        return F.channel_shuffle(x, self.groups, self.data_format)

    def _describe(self) -> str:
        return f"groups={self.groups}"
