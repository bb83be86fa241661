"""Pooling by a norm as functions: the p-th root of the sum of p-th powers."""

from __future__ import annotations

from math import prod
from typing import Any

from unifw.array.arithmetic import abs as abs_
from unifw.array.arithmetic import sign
from unifw.errors import ArgumentError
from unifw.nn.functional.pooling import avg_pooling, avg_settings
from unifw.nn.geometry import Window
from unifw.operators import not_a_tensor
from unifw.tensor import Tensor


def lp_pool1d(
    x: Tensor,
    norm_type: float,
    kernel_size: Window,
    stride: Window | None = None,
    ceil_mode: bool = False,
    data_format: str = "channels_last",
) -> Tensor:
    """The p-th root of the sum of p-th powers in each window: (N, L, C), or (N, C, L) with channels_first.

    See `lp_pool2d`.

    >>> import unifw
    >>> unifw.nn.functional.lp_pool1d(unifw.asarray([[[3.0], [4.0]]]), 2, 2).tolist()
    [[[5.0]]]
    """
    return lp_pooling(x, norm_type, lp_settings(1, norm_type, kernel_size, stride, ceil_mode, data_format))


def lp_pool2d(
    x: Tensor,
    norm_type: float,
    kernel_size: Window,
    stride: Window | None = None,
    ceil_mode: bool = False,
    data_format: str = "channels_last",
) -> Tensor:
    """The p-th root of the sum of p-th powers in each window: (N, H, W, C), or (N, C, H, W) with channels_first.

    p is `norm_type`, 1 for the sum; the sign counts, so that other than even p want inputs of at least 0. The stride is
    the window unless given. With `ceil_mode` a last window may reach over the edge, and stands for a whole one with the
    mean of its powers. The root has no derivative at 0. Raises ShapeError and ArgumentError.

    >>> import unifw
    >>> x = unifw.reshape(unifw.asarray([1.0, 1.0, 1.0, 1.0]), (1, 2, 2, 1))
    >>> unifw.nn.functional.lp_pool2d(x, 2, 2).tolist()
    [[[[2.0]]]]
    """
    return lp_pooling(x, norm_type, lp_settings(2, norm_type, kernel_size, stride, ceil_mode, data_format))


def lp_pool3d(
    x: Tensor,
    norm_type: float,
    kernel_size: Window,
    stride: Window | None = None,
    ceil_mode: bool = False,
    data_format: str = "channels_last",
) -> Tensor:
    """The p-th root of the sum of p-th powers in each window: (N, D, H, W, C), or channels second.

    See `lp_pool2d`.

    >>> import unifw
    >>> unifw.nn.functional.lp_pool3d(unifw.ones((1, 4, 4, 4, 1)), 1, 4).tolist()
    [[[[[64.0]]]]]
    """
    return lp_pooling(x, norm_type, lp_settings(3, norm_type, kernel_size, stride, ceil_mode, data_format))


def lp_settings(
    dims: int, norm_type: float, kernel_size: Window, stride: Window | None, ceil_mode: bool, data_format: str
) -> tuple[Any, ...]:
    """What `lp_pooling` takes, checked. Raises ArgumentError.

    >>> lp_settings(1, 2, 3, None, False, "channels_last")
    ((3,), (3,), (0,), False, True, None, True)
    """
    if isinstance(norm_type, bool) or not isinstance(norm_type, (int, float)) or not norm_type > 0:
        raise ArgumentError(f"norm_type: got {norm_type!r}; expected a number above 0.")
    return avg_settings(dims, (kernel_size, stride, 0), ceil_mode, True, None, data_format)


def lp_pooling(x: Tensor, norm_type: float, settings: tuple[Any, ...]) -> Tensor:
    """`lp_pool1d`, `2d` and `3d`, with what `lp_settings` made.

    >>> import unifw
    >>> lp_pooling(unifw.ones((1, 4, 1)), 2, lp_settings(1, 2, 4, None, False, "channels_last")).tolist()
    [[[2.0]]]
    """
    kernel = settings[0]
    if not isinstance(x, Tensor):
        raise not_a_tensor(f"lp_pool{len(kernel)}d", x)
    mean = avg_pooling(x**norm_type, settings, "lp_pool")
    y: Tensor = (sign(mean) * abs_(mean) * prod(kernel)) ** (1 / norm_type)  # PyTorch's form: no gradient at 0
    return y
