"""Dropout layers."""

from __future__ import annotations

from unifw.nn import functional as F
from unifw.nn.functional.dropout import check_probability
from unifw.nn.geometry import data_format_of
from unifw.nn.inplace import NotInPlace
from unifw.tensor import Tensor


class _Dropout(NotInPlace):
    """A layer with a probability."""

    def __init__(self, p: float = 0.5, inplace: bool = False) -> None:
        super().__init__(inplace)
        check_probability(type(self).__name__, p)
        self.p = p

    def _describe(self) -> str:
        return f"p={self.p}"


class Dropout(_Dropout, leaf=True):
    """In training each element 0 with probability `p`, else scaled by 1 / (1 - p) (Srivastava et al., 2014).

    Raises ArgumentError for `p` outside 0 to 1.

    >>> import unifw
    >>> unifw.nn.Dropout(0.5).eval()(unifw.ones(2)).tolist()
    [1.0, 1.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.dropout(x, self.p, self.training)


class AlphaDropout(_Dropout, leaf=True):
    """Dropout that keeps mean 0 and variance 1, for networks of SELU (Klambauer et al., 2017).

    >>> import unifw
    >>> unifw.nn.AlphaDropout(0.5).eval()(unifw.ones(2)).tolist()
    [1.0, 1.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.alpha_dropout(x, self.p, self.training)


class _ChannelDropout(_Dropout):
    """Dropout of whole channels."""

    def __init__(self, p: float = 0.5, inplace: bool = False, data_format: str = "channels_last") -> None:
        super().__init__(p, inplace)
        self.data_format = data_format_of(data_format)


class FeatureAlphaDropout(_ChannelDropout, leaf=True):
    """`AlphaDropout` of whole channels of (N, *space, C), or (N, C, *space) with data_format="channels_first".

    >>> import unifw
    >>> unifw.nn.FeatureAlphaDropout(0.5).eval()(unifw.ones((1, 2, 1))).tolist()
    [[[1.0], [1.0]]]
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, *space, C) to the same shape."""
        return F.feature_alpha_dropout(x, self.p, self.training, data_format=self.data_format)


class Dropout1d(_ChannelDropout, leaf=True):
    """In training whole channels of sequences (N, L, C) 0 with probability `p`, else scaled by 1 / (1 - p).

    >>> import unifw
    >>> unifw.nn.Dropout1d(1.0)(unifw.ones((1, 2, 1))).tolist()
    [[[0.0], [0.0]]]
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, L, C) to the same shape."""
        return F.dropout1d(x, self.p, self.training, data_format=self.data_format)


class Dropout2d(_ChannelDropout, leaf=True):
    """In training whole channels of images (N, H, W, C) 0 with probability `p`, else scaled by 1 / (1 - p).

    >>> import unifw
    >>> unifw.nn.Dropout2d(1.0)(unifw.ones((1, 1, 2, 1))).tolist()
    [[[[0.0], [0.0]]]]
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, C) to the same shape."""
        return F.dropout2d(x, self.p, self.training, data_format=self.data_format)


class Dropout3d(_ChannelDropout, leaf=True):
    """In training whole channels of volumes (N, D, H, W, C) 0 with probability `p`, else scaled by 1 / (1 - p).

    >>> import unifw
    >>> unifw.nn.Dropout3d(1.0)(unifw.ones((1, 1, 1, 2, 1))).tolist()
    [[[[[0.0], [0.0]]]]]
    """

    def forward(self, x: Tensor) -> Tensor:
        """(N, D, H, W, C) to the same shape."""
        return F.dropout3d(x, self.p, self.training, data_format=self.data_format)
