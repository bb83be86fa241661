"""Sorting along an axis. NaN is the greatest number, and the two zeros are equal."""

from __future__ import annotations

from unifw.array.axes import axis_of, ndim_of
from unifw.array.searching import require_order
from unifw.operators import call
from unifw.tensor import Tensor


def sort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The elements in order along an axis; equal ones stay in their order, also with `stable=False`.

    NaN comes last, or first with `descending=True`. Raises AxisError, and DTypeError for complex numbers.

    >>> import unifw
    >>> unifw.sort(unifw.asarray([3, 1, 2])).tolist()
    [1, 2, 3]
    """
    return _ordered("sort", x, axis, descending)


def argsort(x: Tensor, /, *, axis: int = -1, descending: bool = False, stable: bool = True) -> Tensor:
    """The positions that sort the elements along an axis, equal ones in their order: int64.

    NaN comes last, or first with `descending=True`. Raises AxisError, and DTypeError for complex numbers.

    >>> import unifw
    >>> unifw.argsort(unifw.asarray([3, 1, 2])).tolist()
    [1, 2, 0]
    """
    return _ordered("argsort", x, axis, descending)


def _ordered(name: str, x: Tensor, axis: int, descending: bool) -> Tensor:
    axis = axis_of(name, axis, ndim_of(name, x))
    require_order(name, x)
    return call(name, x, axis, descending)
