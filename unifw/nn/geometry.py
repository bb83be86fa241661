"""Sizes of windows: pairs, and the padding that "same" means."""

from __future__ import annotations

from typing import Literal, cast

from unifw.errors import ShapeError

DataFormat = Literal["channels_last", "channels_first"]
Pair = tuple[int, int]
PaddingPairs = tuple[Pair, Pair]


def pair(name: str, value: int | tuple[int, int], least: int = 1) -> Pair:
    """One number for both directions, or (vertical, horizontal). Raises ShapeError below `least`.

    >>> pair("stride", 2)
    (2, 2)
    """
    both = (value, value) if isinstance(value, int) else tuple(value)
    if len(both) != 2 or any(not isinstance(n, int) or n < least for n in both):
        raise ShapeError(f"{name}: got {value!r}; expected an integer of at least {least}, or two of them.")
    return both


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> Pair:
    """The zeros before and after, for an output of ceil(size / stride); an odd one goes after.

    >>> same_padding(8, kernel=3, stride=2, dilation=1)
    (0, 1)
    """
    out = -(-size // stride)
    total = max((out - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def data_format_of(value: str) -> DataFormat:
    """The layout of images. Raises ShapeError for a name that is neither.

    >>> data_format_of("channels_last")
    'channels_last'
    """
    if value not in ("channels_last", "channels_first"):
        raise ShapeError(f'data_format: got {value!r}; expected "channels_last" (N, H, W, C) or "channels_first".')
    return cast(DataFormat, value)
