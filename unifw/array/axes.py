"""Checking axes and shapes before a backend sees them, so that the message is the same on each."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from unifw.errors import AxisError, OperandError, describe
from unifw.operators import mixed_backends, not_a_tensor
from unifw.tensor import Tensor

Axis = int | tuple[int, ...] | None


def axis_of(name: str, axis: int, ndim: int) -> int:
    """One axis, counted from the front. Raises AxisError.

    >>> axis_of("sum", -1, 3)
    2
    """
    if isinstance(axis, bool) or not hasattr(axis, "__index__"):
        raise OperandError(f"{name}: got axis {describe(axis)}; expected an integer. Write axis=0.")
    number = index(axis)
    if not -ndim <= axis < ndim:
        allowed = f"{-ndim} to {ndim - 1}" if ndim else "none, for a tensor without axes"
        raise AxisError(f"{name}: got axis {axis} for {ndim} axes; expected {allowed}.")
    return number % ndim


def axes_of(name: str, axis: Axis, ndim: int) -> tuple[int, ...] | int | None:
    """The `axis` argument of a reduction, counted from the front. Raises AxisError, also for a repeated axis.

    >>> axes_of("sum", (-1, 0), 3)
    (2, 0)
    """
    if not isinstance(axis, (tuple, list)):
        return None if axis is None else axis_of(name, axis, ndim)
    axes = tuple(axis_of(name, one, ndim) for one in axis)
    if len(set(axes)) != len(axes):
        raise AxisError(f"{name}: got axis {axis}, which names one twice; expected distinct axes.")
    return axes


def as_shape(shape: Any) -> tuple[Any, ...]:
    """A shape as a tuple; Tensors of one integer count as that.

    >>> as_shape(3), as_shape([2, 3])
    ((3,), (2, 3))
    """
    sizes = shape if isinstance(shape, (tuple, list)) else (shape,)
    return tuple(index(size) if isinstance(size, Tensor) else size for size in sizes)


def is_no_size(size: Any) -> bool:
    """Whether a number cannot be the size of an axis, or of elements; a size that a graph leaves open can.

    >>> is_no_size(3), is_no_size(-1), is_no_size(2.5), is_no_size(True)
    (False, True, True, True)
    """
    if isinstance(size, (int, np.integer)):
        return isinstance(size, bool) or int(size) < 0
    return size is None or isinstance(size, (float, complex, str, tuple, list, np.generic))


def ndim_of(name: str, x: Any) -> int:
    """The number of axes of a Tensor. Raises OperandError for anything else, also a NumPy array.

    >>> import unifw
    >>> ndim_of("flip", unifw.zeros((2, 3)))
    2
    """
    if not isinstance(x, Tensor):
        raise not_a_tensor(name, x)
    return x.ndim


def one_backend(name: str, tensors: Any) -> Tensor:
    """The first of several tensors, once all are known to be tensors of one backend."""
    for x in tensors:
        if not isinstance(x, Tensor):
            raise not_a_tensor(name, x)
    first: Tensor = tensors[0]
    if any(x.ops is not first.ops for x in tensors):
        raise mixed_backends(name, *tensors)
    return first
