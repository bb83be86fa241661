"""Layers that pad images."""

from __future__ import annotations

from typing import ClassVar

from unifw.errors import ArgumentError
from unifw.nn.functional.padding import padding_of_space, space_pairs
from unifw.nn.geometry import data_format_of
from unifw.nn.module import Module
from unifw.tensor import Tensor


class _Pad(Module, leaf=True):
    """Padding of `dims` axes of space."""

    dims: ClassVar[int]
    mode: ClassVar[str] = "constant"

    def __init__(self, padding: int | tuple[int, ...], data_format: str = "channels_last") -> None:
        pairs = space_pairs((padding,) * (2 * self.dims) if isinstance(padding, int) else padding)
        if len(pairs) != self.dims:
            raise ArgumentError(f"padding: got {padding!r}; expected one integer, or {2 * self.dims} of them.")
        self.padding = pairs
        self.value = 0.0
        self.data_format = data_format_of(data_format)

    def forward(self, x: Tensor) -> Tensor:
        """(N, *space, C) to (N, *wider, C); channels second with channels_first."""
        return padding_of_space(x, self.padding, self.mode, self.value, self.data_format == "channels_last")

    def _describe(self) -> str:
        return f"{self.padding}"


class _ConstantPad(_Pad):
    def __init__(self, padding: int | tuple[int, ...], value: float, data_format: str = "channels_last") -> None:
        super().__init__(padding, data_format)
        self.value = value


class ConstantPad1d(_ConstantPad):
    """`value` around (N, L, C): one width, or (left, right); a negative one cuts off.

    >>> import unifw
    >>> unifw.nn.ConstantPad1d(1, 7.0)(unifw.zeros((1, 3, 2))).shape
    (1, 5, 2)
    """

    dims = 1


class ConstantPad2d(_ConstantPad):
    """`value` around (N, H, W, C): one width, or (left, right, top, bottom); a negative one cuts off.

    >>> import unifw
    >>> unifw.nn.ConstantPad2d(1, 7.0)(unifw.zeros((1, 3, 4, 2))).shape
    (1, 5, 6, 2)
    """

    dims = 2


class ConstantPad3d(_ConstantPad):
    """`value` around (N, D, H, W, C): one width, or (left, right, top, bottom, front, back); a negative one cuts off.

    >>> import unifw
    >>> unifw.nn.ConstantPad3d(1, 7.0)(unifw.zeros((1, 3, 3, 4, 2))).shape
    (1, 5, 5, 6, 2)
    """

    dims = 3


class ZeroPad1d(_Pad):
    """Zeros around (N, L, C): one width, or (left, right); a negative one cuts off.

    >>> import unifw
    >>> unifw.nn.ZeroPad1d(1)(unifw.zeros((1, 3, 2))).shape
    (1, 5, 2)
    """

    dims = 1


class ZeroPad2d(_Pad):
    """Zeros around (N, H, W, C): one width, or (left, right, top, bottom); a negative one cuts off.

    >>> import unifw
    >>> unifw.nn.ZeroPad2d(1)(unifw.zeros((1, 3, 4, 2))).shape
    (1, 5, 6, 2)
    """

    dims = 2


class ZeroPad3d(_Pad):
    """Zeros around (N, D, H, W, C): one width, or (left, right, top, bottom, front, back); a negative one cuts off.

    >>> import unifw
    >>> unifw.nn.ZeroPad3d(1)(unifw.zeros((1, 3, 3, 4, 2))).shape
    (1, 5, 5, 6, 2)
    """

    dims = 3


class ReflectionPad1d(_Pad):
    """(N, L, C), mirrored at its edges: one width, or (left, right).

    >>> import unifw
    >>> unifw.nn.ReflectionPad1d(1)(unifw.zeros((1, 3, 2))).shape
    (1, 5, 2)
    """

    dims = 1
    mode = "reflect"


class ReflectionPad2d(_Pad):
    """(N, H, W, C), mirrored at its edges: one width, or (left, right, top, bottom).

    >>> import unifw
    >>> unifw.nn.ReflectionPad2d(1)(unifw.zeros((1, 3, 4, 2))).shape
    (1, 5, 6, 2)
    """

    dims = 2
    mode = "reflect"


class ReflectionPad3d(_Pad):
    """(N, D, H, W, C), mirrored at its edges: one width, or (left, right, top, bottom, front, back).

    >>> import unifw
    >>> unifw.nn.ReflectionPad3d(1)(unifw.zeros((1, 3, 3, 4, 2))).shape
    (1, 5, 5, 6, 2)
    """

    dims = 3
    mode = "reflect"


class ReplicationPad1d(_Pad):
    """(N, L, C) with its edges repeated: one width, or (left, right).

    >>> import unifw
    >>> unifw.nn.ReplicationPad1d(1)(unifw.zeros((1, 3, 2))).shape
    (1, 5, 2)
    """

    dims = 1
    mode = "replicate"


class ReplicationPad2d(_Pad):
    """(N, H, W, C) with its edges repeated: one width, or (left, right, top, bottom).

    >>> import unifw
    >>> unifw.nn.ReplicationPad2d(1)(unifw.zeros((1, 3, 4, 2))).shape
    (1, 5, 6, 2)
    """

    dims = 2
    mode = "replicate"


class ReplicationPad3d(_Pad):
    """(N, D, H, W, C) with its edges repeated: one width, or (left, right, top, bottom, front, back).

    >>> import unifw
    >>> unifw.nn.ReplicationPad3d(1)(unifw.zeros((1, 3, 3, 4, 2))).shape
    (1, 5, 5, 6, 2)
    """

    dims = 3
    mode = "replicate"


class CircularPad1d(_Pad):
    """(N, L, C), going on at its other end: one width, or (left, right).

    >>> import unifw
    >>> unifw.nn.CircularPad1d(1)(unifw.zeros((1, 3, 2))).shape
    (1, 5, 2)
    """

    dims = 1
    mode = "circular"


class CircularPad2d(_Pad):
    """(N, H, W, C), going on at its other end: one width, or (left, right, top, bottom).

    >>> import unifw
    >>> unifw.nn.CircularPad2d(1)(unifw.zeros((1, 3, 4, 2))).shape
    (1, 5, 6, 2)
    """

    dims = 2
    mode = "circular"


class CircularPad3d(_Pad):
    """(N, D, H, W, C), going on at its other end: one width, or (left, right, top, bottom, front, back).

    >>> import unifw
    >>> unifw.nn.CircularPad3d(1)(unifw.zeros((1, 3, 3, 4, 2))).shape
    (1, 5, 5, 6, 2)
    """

    dims = 3
    mode = "circular"
