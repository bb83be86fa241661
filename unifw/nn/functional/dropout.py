"""Dropout as functions."""

from __future__ import annotations

from unifw.array.creation import ones_like
from unifw.errors import ArgumentError, ShapeError, describe
from unifw.nn.functional.checks import check_floating, not_in_place
from unifw.nn.geometry import data_format_of
from unifw.random import bernoulli
from unifw.registry import part
from unifw.streams import in_host_mode
from unifw.tensor import Tensor

_ALPHA = -1.7580993408473766  # what SELU tends to: -scale * alpha


def dropout(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Each element 0 with probability `p`, else scaled by 1 / (1 - p); `x` itself outside training.

    Raises ArgumentError for `p` outside 0 to 1, and DTypeError.

    >>> import unifw
    >>> unifw.nn.functional.dropout(unifw.ones(3), 0.5, training=False).tolist()
    [1.0, 1.0, 1.0]
    """
    if inplace:
        raise not_in_place("dropout")
    if not training or p == 0:
        return x
    check_probability("dropout", p)
    check_floating("dropout", x)
    if in_host_mode():
        return x * _mask(x, p, None) * (1 / (1 - p) if p < 1 else 0.0)
    return x.wrap(part(x.backend, "nn").dropout(x.native, p))


def check_probability(name: str, p: float, argument: str = "p") -> None:
    """Raise ArgumentError outside 0 to 1.

    >>> check_probability("dropout", 0.5)
    """
    if not 0 <= p <= 1:
        raise ArgumentError(f"{name}: got {argument}={p}; expected a probability from 0 to 1.")


def _mask(x: Tensor, p: float, channels: int | None) -> Tensor:
    """Ones and, with probability `p`, zeros: for each element, or for each channel of each image."""
    if not in_host_mode():
        return x.wrap(part(x.backend, "nn").keep_mask(x.native, p, channels))
    shape = tuple(n if channels is None or i in (0, channels) else 1 for i, n in enumerate(x.shape))
    kept: Tensor = bernoulli(shape, 1 - p).to_backend(x.backend).to(x.dtype)
    return kept


def _channel_dropout(name: str, dims: int, x: Tensor, p: float, training: bool, data_format: str) -> Tensor:
    if not training or p == 0:
        return x
    check_probability(name, p)
    kept = _mask(x, p, _channel_axis(name, dims, x, data_format))
    return x * kept * (1 / (1 - p) if p < 1 else 0.0)


def _channel_axis(name: str, dims: int, x: Tensor, data_format: str) -> int:
    check_floating(name, x)
    if dims and x.ndim != dims + 2:
        raise ShapeError(f"{name}: got {describe(x)}; expected {dims + 2} axes: the batch, {dims} of space, channels.")
    return x.ndim - 1 if data_format_of(data_format) == "channels_last" else 1


def dropout1d(
    x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, data_format: str = "channels_last"
) -> Tensor:
    """Whole channels of sequences (N, L, C) 0 with probability `p`, else scaled by 1 / (1 - p).

    >>> import unifw
    >>> unifw.nn.functional.dropout1d(unifw.ones((1, 2, 1)), 1.0).tolist()
    [[[0.0], [0.0]]]
    """
    if inplace:
        raise not_in_place("dropout1d")
    return _channel_dropout("dropout1d", 1, x, p, training, data_format)


def dropout2d(
    x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, data_format: str = "channels_last"
) -> Tensor:
    """Whole channels of images (N, H, W, C) 0 with probability `p`, else scaled by 1 / (1 - p) (Tompson et al., 2015).

    Raises ArgumentError for `p` outside 0 to 1, ShapeError and DTypeError.

    >>> import unifw
    >>> unifw.nn.functional.dropout2d(unifw.ones((1, 1, 2, 1)), 1.0).tolist()
    [[[[0.0], [0.0]]]]
    """
    if inplace:
        raise not_in_place("dropout2d")
    return _channel_dropout("dropout2d", 2, x, p, training, data_format)


def dropout3d(
    x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, data_format: str = "channels_last"
) -> Tensor:
    """Whole channels of volumes (N, D, H, W, C) 0 with probability `p`, else scaled by 1 / (1 - p).

    >>> import unifw
    >>> unifw.nn.functional.dropout3d(unifw.ones((1, 1, 1, 2, 1)), 1.0).tolist()
    [[[[[0.0], [0.0]]]]]
    """
    if inplace:
        raise not_in_place("dropout3d")
    return _channel_dropout("dropout3d", 3, x, p, training, data_format)


def alpha_dropout(x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False) -> Tensor:
    """Dropout that keeps mean 0 and variance 1, for networks of SELU (Klambauer et al., 2017).

    An element is replaced by SELU's limit with probability `p`; then all are scaled and shifted.

    >>> import unifw
    >>> unifw.nn.functional.alpha_dropout(unifw.ones(3), 0.5, training=False).tolist()
    [1.0, 1.0, 1.0]
    """
    if inplace:
        raise not_in_place("alpha_dropout")
    if not training or p == 0:
        return x
    check_probability("alpha_dropout", p)
    check_floating("alpha_dropout", x)
    return _self_normalising(x, p, None)


def feature_alpha_dropout(
    x: Tensor, p: float = 0.5, training: bool = True, inplace: bool = False, data_format: str = "channels_last"
) -> Tensor:
    """`alpha_dropout` of whole channels of (N, *space, C).

    >>> import unifw
    >>> unifw.nn.functional.feature_alpha_dropout(unifw.ones((1, 2, 1)), 0.5, training=False).tolist()
    [[[1.0], [1.0]]]
    """
    if inplace:
        raise not_in_place("feature_alpha_dropout")
    if not training or p == 0:
        return x
    check_probability("feature_alpha_dropout", p)
    return _self_normalising(x, p, _channel_axis("feature_alpha_dropout", 0, x, data_format))


def _self_normalising(x: Tensor, p: float, channels: int | None) -> Tensor:
    if p == 1:
        return x * 0.0
    scale = ((1 - p) * (1 + p * _ALPHA**2)) ** -0.5
    kept = _mask(x, p, channels)
    y: Tensor = x * kept * scale + (ones_like(kept) - kept) * (scale * _ALPHA) - scale * _ALPHA * p
    return y
