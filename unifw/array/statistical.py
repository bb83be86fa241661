"""Sums, means and extremes along axes: one, several, or all (`axis=None`).

All raise AxisError for an axis that is not there; `keepdims` leaves the axes in place with size 1.
"""

from __future__ import annotations

from typing import Any

from unifw.array.axes import Axis, axes_of
from unifw.array.elementwise import root
from unifw.errors import AxisError, ShapeError
from unifw.operators import call, not_a_tensor
from unifw.tensor import Tensor


def reduce(name: str, x: Tensor, axis: Axis, keepdims: bool, correction: float | None = None) -> Tensor:
    """Call the backend's reduction `name`; if it fails, find out why."""
    try:
        if axis is not None:
            if axis == ():  # nothing is reduced, but dtypes change as they do in a reduction
                return reduce(name, call("expand_dims", x, x.ndim), -1, False, correction)
            if x.native.ndim == 0:
                raise AxisError(f"{name}: got axis {axis} for 0 axes; expected None.")
        if correction is None:
            return x.wrap(getattr(x.ops, name)(x.native, axis, keepdims))
        return x.wrap(getattr(x.ops, name)(x.native, axis, keepdims, correction))
    except Exception as error:
        raise _explain_reduction(name, error, x, axis) from error


def _explain_reduction(name: str, error: Exception, x: Any, axis: Axis) -> Exception:
    if not isinstance(x, Tensor):
        return not_a_tensor(name, x)
    axes_of(name, axis, x.ndim)
    return ShapeError(
        f"{name}: failed on shape {x.shape}, dtype {x.dtype}, axis {axis}; expected at least one element. "
        f"The native framework says: {error}"
    )


def sum(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The sum; of small integers and booleans in 64 bits.

    >>> import unifw
    >>> unifw.sum(unifw.asarray([[1, 2], [3, 4]]), axis=0).tolist()
    [4, 6]
    """
    return reduce("sum", x, axis, keepdims)


def prod(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The product; of small integers and booleans in 64 bits.

    >>> import unifw
    >>> unifw.prod(unifw.asarray([[1, 2], [3, 4]]), axis=0).tolist()
    [3, 8]
    """
    return reduce("prod", x, axis, keepdims)


def mean(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The arithmetic mean; of integers as float32.

    >>> import unifw
    >>> unifw.mean(unifw.asarray([[1.0, 2.0], [3.0, 4.0]]), axis=0).tolist()
    [2.0, 3.0]
    """
    return reduce("mean", x, axis, keepdims)


def max(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The greatest element; NaN if there is one.

    >>> import unifw
    >>> unifw.max(unifw.asarray([[1, 4], [3, 2]]), axis=0).tolist()
    [3, 4]
    """
    return reduce("max", x, axis, keepdims)


def min(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The smallest element; NaN if there is one.

    >>> import unifw
    >>> unifw.min(unifw.asarray([[1, 4], [3, 2]]), axis=0).tolist()
    [1, 2]
    """
    return reduce("min", x, axis, keepdims)


def var(x: Tensor, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """The variance, sum((x - mean)^2) / (n - correction); `correction=1` is the unbiased estimate.

    >>> import unifw
    >>> unifw.var(unifw.asarray([1.0, 3.0]), correction=1).item()
    2.0
    """
    return reduce("var", x, axis, keepdims, correction)


def std(x: Tensor, /, *, axis: Axis = None, correction: float = 0.0, keepdims: bool = False) -> Tensor:
    """The standard deviation: the square root of `var`. The gradient for equal elements is 0.

    >>> import unifw
    >>> unifw.std(unifw.asarray([1.0, 3.0])).item()
    1.0
    """
    return root(reduce("var", x, axis, keepdims, correction))
