"""Sizes of windows: pairs, and the padding that "same" means."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np

from unifw.errors import ArgumentError

DataFormat = Literal["channels_last", "channels_first"]
Pair = tuple[int, int]
PaddingPairs = tuple[Pair, Pair]


def count(name: str, value: int | None, least: int = 1) -> int:
    """A whole number, also one of NumPy's. Raises ArgumentError below `least` and for anything else.

    >>> count("in_features", 3)
    3
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ArgumentError(f"{name}: got {value!r}; expected an integer of at least {least}.")
    return int(value)


def pair(name: str, value: int | tuple[int, int], least: int = 1) -> Pair:
    """One number for both directions, or (vertical, horizontal). Raises ArgumentError below `least`.

    >>> pair("stride", 2)
    (2, 2)
    """
    both = tuple(value) if isinstance(value, (tuple, list)) else (value, value)
    try:
        first, second = (count(name, n, least) for n in both)
    except ValueError:
        raise ArgumentError(
            f"{name}: got {value!r}; expected an integer of at least {least}, or two of them."
        ) from None
    return first, second


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> Pair:
    """The zeros before and after, for an output of ceil(size / stride); an odd one goes after.

    >>> same_padding(8, kernel=3, stride=2, dilation=1)
    (0, 1)
    """
    out = -(-size // stride)
    total = max((out - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def data_format_of(value: str) -> DataFormat:
    """The layout of images. Raises ArgumentError for a name that is neither.

    >>> data_format_of("channels_last")
    'channels_last'
    """
    if value not in ("channels_last", "channels_first"):
        raise ArgumentError(f'data_format: got {value!r}; expected "channels_last" (N, H, W, C) or "channels_first".')
    return cast(DataFormat, value)
