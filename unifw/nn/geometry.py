"""Sizes of windows along one, two or three axes, and the padding that "same" means."""

from __future__ import annotations

from typing import Literal, cast

import numpy as np

from unifw.errors import ArgumentError, ShapeError
from unifw.spec.types import Pairs, Sizes
from unifw.tensor import Tensor

DataFormat = Literal["channels_last", "channels_first"]
Window = int | tuple[int, ...]

_NUMBERS = {1: "one", 2: "two", 3: "three"}
_AXES = {0: (), 1: ("L",), 2: ("H", "W"), 3: ("D", "H", "W")}


def count(name: str, value: int | None, least: int = 1) -> int:
    """A whole number, also one of NumPy's. Raises ArgumentError below `least` and for anything else.

    >>> count("in_features", 3)
    3
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ArgumentError(f"{name}: got {value!r}; expected an integer of at least {least}.")
    return int(value)


def each(name: str, value: Window, dims: int, least: int = 1) -> Sizes:
    """One number for every axis of space, or one for each: (depth, height, width). Raises ArgumentError.

    >>> each("stride", 2, dims=3), each("stride", (2, 1), dims=2)
    ((2, 2, 2), (2, 1))
    """
    values = tuple(value) if isinstance(value, (tuple, list)) else (value,) * dims
    try:
        if len(values) != dims:
            raise ArgumentError("another number of axes")
        return tuple(count(name, n, least) for n in values)
    except ArgumentError:
        several = f", or {_NUMBERS[dims]} of them" if dims > 1 else ""
        raise ArgumentError(f"{name}: got {value!r}; expected an integer of at least {least}{several}.") from None


def both_sides(sizes: Sizes) -> Pairs:
    """As much before as after.

    >>> both_sides((1, 2))
    ((1, 1), (2, 2))
    """
    return tuple((n, n) for n in sizes)


def same_padding(size: int, kernel: int, stride: int, dilation: int) -> tuple[int, int]:
    """The zeros before and after, for an output of ceil(size / stride); an odd one goes after.

    >>> same_padding(8, kernel=3, stride=2, dilation=1)
    (0, 1)
    """
    out = -(-size // stride)
    total = max((out - 1) * stride + (kernel - 1) * dilation + 1 - size, 0)
    return total // 2, total - total // 2


def spatial_sizes(name: str, x: Tensor, data_format: str, wanted: str) -> Sizes:
    """The sizes of the axes of space, which must be known. Raises ShapeError; `wanted` says what needs them.

    >>> import unifw
    >>> spatial_sizes("resize", unifw.zeros((2, 4, 5, 3)), "channels_last", "it")
    (4, 5)
    """
    shape = x.ops.static_shape(x.native)
    sizes = shape[1:-1] if data_format == "channels_last" else shape[2:]
    if None in sizes:
        raise ShapeError(
            f"{name}: got images of unknown size {shape}, which {wanted} needs; expected a free axis 0 only."
        )
    return cast(Sizes, sizes)


def data_format_of(value: str) -> DataFormat:
    """The layout of images. Raises ArgumentError for a name that is neither.

    >>> data_format_of("channels_last")
    'channels_last'
    """
    if value not in ("channels_last", "channels_first"):
        raise ArgumentError(f'data_format: got {value!r}; expected "channels_last" (N, H, W, C) or "channels_first".')
    return cast(DataFormat, value)


def form(dims: int, channels: int | str, channels_last: bool) -> str:
    """The shape of a batch in words, for messages.

    >>> form(2, 3, True), form(1, "C", False)
    ('(N, H, W, 3)', '(N, C, L)')
    """
    axes = ("N", *_AXES[dims], str(channels)) if channels_last else ("N", str(channels), *_AXES[dims])
    return f"({', '.join(axes)})"
