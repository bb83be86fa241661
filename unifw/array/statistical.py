"""Sums, products, means, extremes and running totals along axes: one, several, or all (`axis=None`).

All raise AxisError for an axis that is not there; `keepdims` leaves the axes in place with size 1.
"""

from __future__ import annotations

from typing import Any

from unifw.array.arithmetic import root
from unifw.array.axes import Axis, axes_of, axis_of, ndim_of
from unifw.array.data_type import astype
from unifw.array.manipulation import concat
from unifw.dtypes import as_dtype
from unifw.errors import AxisError, DTypeError, OperandError, ShapeError, describe, explain
from unifw.operators import call, not_a_tensor
from unifw.tensor import Tensor


def reduce(name: str, x: Tensor, axis: Axis, keepdims: bool, correction: float | None = None) -> Tensor:
    """Call the backend's reduction `name`; if it fails, find out why."""
    try:
        native = x.native
        if axis is not None:
            if type(axis) is not int and not (type(axis) is tuple and _INTEGERS.issuperset(map(type, axis))):
                axis = axes_of(name, axis, native.ndim)
            if axis == ():  # nothing is reduced, but dtypes change as they do in a reduction
                return reduce(name, call("expand_dims", x, x.ndim), -1, False, correction)
            if not native.ndim:
                raise AxisError(f"{name}: got axis {axis} for 0 axes; expected None.")
        if correction is None:
            return x.wrap(getattr(x.ops, name)(native, axis, keepdims))
        if not isinstance(correction, (int, float)):
            raise OperandError(f"{name}: got correction {describe(correction)}; expected a number. Write correction=1.")
        return x.wrap(getattr(x.ops, name)(native, axis, keepdims, correction))
    except Exception as error:
        raise _explain_reduction(name, error, x, axis) from error


_INTEGERS = frozenset({int})


def _explain_reduction(name: str, error: Exception, x: Any, axis: Axis) -> Exception:
    if not isinstance(x, Tensor):
        return not_a_tensor(name, x)
    axes_of(name, axis, x.ndim)
    if x.dtype.kind == "complex floating" and name in ("max", "min"):
        return DTypeError(
            f"{name}: got dtype {x.dtype}; expected real numbers, as complex ones have no order. Write unifw.abs(x)."
        )
    if 0 in x.native.shape:
        return ShapeError(
            f"{name}: got shape {x.shape}, axis {axis}; expected at least one element. "
            "Write unifw.full(shape, value) for what it is of none."
        )
    return explain(name, error, x)


def _in_dtype(name: str, x: Tensor, dtype: Any) -> Tensor:
    """`x` in the dtype that its sum or product is wanted in."""
    if not isinstance(x, Tensor):
        raise not_a_tensor(name, x)
    wanted = as_dtype(dtype)
    if wanted.kind == "bool" or (x.dtype.kind == "complex floating" and wanted.kind != "complex floating"):
        raise DTypeError(
            f"{name}: got dtype={wanted} for elements of dtype {x.dtype}; expected one that holds their {name}. "
            f"Write unifw.{'any(x)' if wanted.kind == 'bool' else 'abs(x)'} first if that is what you mean."
        )
    return astype(x, wanted, copy=False)


def sum(x: Tensor, /, *, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """The sum; of small integers and booleans in 64 bits unless a dtype is given.

    Integers wrap around where it does not hold the sum. Raises DTypeError for a dtype that cannot be summed in.

    >>> import unifw
    >>> unifw.sum(unifw.asarray([[1, 2], [3, 4]]), axis=0).tolist()
    [4, 6]
    """
    if dtype is None:
        try:
            return x.quick.sum(x, axis, keepdims)  # type: ignore[no-any-return]
        except Exception:
            pass  # what follows says why, or does without
        return reduce("sum", x, axis, keepdims)
    return astype(reduce("sum", _in_dtype("sum", x, dtype), axis, keepdims), dtype, copy=False)


def prod(x: Tensor, /, *, axis: Axis = None, dtype: Any = None, keepdims: bool = False) -> Tensor:
    """The product; of small integers and booleans in 64 bits unless a dtype is given.

    Integers wrap around where it does not hold the product. Raises DTypeError for a dtype without a product.

    >>> import unifw
    >>> unifw.prod(unifw.asarray([[1, 2], [3, 4]]), axis=0).tolist()
    [3, 8]
    """
    if dtype is None:
        return reduce("prod", x, axis, keepdims)
    return astype(reduce("prod", _in_dtype("prod", x, dtype), axis, keepdims), dtype, copy=False)


def cumulative_sum(
    x: Tensor, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Tensor:
    """The sums of the first one, two, ... elements along an axis (needed unless `x` has one axis).

    Dtypes are those of `sum`. With `include_initial=True` a 0 comes first. Raises AxisError and DTypeError.

    >>> import unifw
    >>> unifw.cumulative_sum(unifw.asarray([1, 2, 3]), include_initial=True).tolist()
    [0, 1, 3, 6]
    """
    return _running("cumulative_sum", x, axis, dtype, include_initial, 0)


cumsum = cumulative_sum


def cumulative_prod(
    x: Tensor, /, *, axis: int | None = None, dtype: Any = None, include_initial: bool = False
) -> Tensor:
    """The products of the first one, two, ... elements along an axis (needed unless `x` has one axis).

    Dtypes are those of `prod`. With `include_initial=True` a 1 comes first. Raises AxisError and DTypeError.

    >>> import unifw
    >>> unifw.cumulative_prod(unifw.asarray([1, 2, 3])).tolist()
    [1, 2, 6]
    """
    return _running("cumulative_prod", x, axis, dtype, include_initial, 1)


def _running(name: str, x: Tensor, axis: int | None, dtype: Any, include_initial: bool, initial: int) -> Tensor:
    ndim = ndim_of(name, x)
    if axis is None and ndim != 1:
        raise AxisError(f"{name}: got axis None for {ndim} axes; expected an axis unless there is one. Write axis=0.")
    axis = axis_of(name, 0 if axis is None else axis, ndim)
    result = call(name, x if dtype is None else _in_dtype(name, x, dtype), axis)
    if dtype is not None:
        result = astype(result, dtype, copy=False)
    if not include_initial:
        return result
    sizes = tuple(1 if i == axis else size for i, size in enumerate(x.shape))
    first = result.wrap(result.ops.full(sizes, initial, result.dtype, result.device))
    return concat([first, result], axis=axis)


def mean(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The arithmetic mean; of integers as float32.

    >>> import unifw
    >>> unifw.mean(unifw.asarray([[1.0, 2.0], [3.0, 4.0]]), axis=0).tolist()
    [2.0, 3.0]
    """
    try:
        return x.quick.mean(x, axis, keepdims)  # type: ignore[no-any-return]
    except Exception:
        pass  # what follows says why, or does without
    return reduce("mean", x, axis, keepdims)


def max(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The greatest element; NaN if there is one.

    >>> import unifw
    >>> unifw.max(unifw.asarray([[1, 4], [3, 2]]), axis=0).tolist()
    [3, 4]
    """
    try:
        return x.quick.max(x, axis, keepdims)  # type: ignore[no-any-return]
    except Exception:
        pass  # what follows says why, or does without
    return reduce("max", x, axis, keepdims)


def min(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The smallest element; NaN if there is one.

    >>> import unifw
    >>> unifw.min(unifw.asarray([[1, 4], [3, 2]]), axis=0).tolist()
    [1, 2]
    """
    try:
        return x.quick.min(x, axis, keepdims)  # type: ignore[no-any-return]
    except Exception:
        pass  # what follows says why, or does without
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
