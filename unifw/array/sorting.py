"""Sorting along an axis."""

from __future__ import annotations

from unifw.array.axes import axis_of, ndim_of
from unifw.operators import call
from unifw.tensor import Tensor


def sort(x: Tensor, /, *, axis: int = -1, descending: bool = False) -> Tensor:
    """The elements in order along an axis.

    >>> import unifw
    >>> unifw.sort(unifw.asarray([3, 1, 2])).tolist()
    [1, 2, 3]
    """
    return call("sort", x, axis_of("sort", axis, ndim_of("sort", x)), descending)


def argsort(x: Tensor, /, *, axis: int = -1, descending: bool = False) -> Tensor:
    """The positions that sort the elements along an axis, equal ones in their order: int64.

    >>> import unifw
    >>> unifw.argsort(unifw.asarray([3, 1, 2])).tolist()
    [1, 2, 0]
    """
    return call("argsort", x, axis_of("argsort", axis, ndim_of("argsort", x)), descending)
