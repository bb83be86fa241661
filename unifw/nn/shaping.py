"""Layers that change shapes only."""

from __future__ import annotations

from unifw.array.axes import ndim_of
from unifw.array.manipulation import permute_dims
from unifw.nn import functional as F
from unifw.nn.geometry import data_format_of
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
