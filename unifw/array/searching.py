"""Where elements are: the extreme ones, those that are not zero, and places in an ordered row."""

from __future__ import annotations

from typing import Any, Literal

from unifw.array.axes import Axis, axes_of, axis_of, ndim_of, one_backend
from unifw.array.comparison import not_equal
from unifw.array.data_type import astype
from unifw.array.scatter import gather
from unifw.array.statistical import sum as sum_
from unifw.conversion import to_native
from unifw.dtypes import bool_, held, promote, promote_scalar
from unifw.errors import ArgumentError, DTypeError, ShapeError, describe, explain
from unifw.operators import Scalar, call
from unifw.tensor import Tensor


def argmax(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position of the first greatest element (NaN, if there is one) along an axis, or of all elements: int64.

    Raises ShapeError where there are no elements and DTypeError for complex ones.

    >>> import unifw
    >>> unifw.argmax(unifw.asarray([[1, 5], [7, 2]]), axis=1).tolist()
    [1, 0]
    """
    return _extreme("argmax", x, axis, keepdims)


def argmin(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position of the first smallest element (NaN, if there is one) along an axis, or of all elements: int64.

    Raises ShapeError where there are no elements and DTypeError for complex ones.

    >>> import unifw
    >>> unifw.argmin(unifw.asarray([3, 1, 2])).item()
    1
    """
    return _extreme("argmin", x, axis, keepdims)


def _extreme(name: str, x: Tensor, axis: int | None, keepdims: bool) -> Tensor:
    ndim = ndim_of(name, x)
    require_order(name, x)
    if axis is not None:
        axis = axis_of(name, axis, ndim)
    if 0 in (x.native.shape if axis is None else (x.native.shape[axis],)):
        raise ShapeError(f"{name}: got shape {x.shape}, axis {axis}; expected at least one element.")
    return call(name, x, axis, keepdims)


def require_order(name: str, x: Tensor) -> None:
    """Raise DTypeError for complex numbers, which have no order.

    >>> import unifw
    >>> require_order("sort", unifw.asarray([1.0]))
    """
    if x.dtype.kind == "complex floating":
        raise DTypeError(
            f"{name}: got {describe(x)}; expected real numbers, as complex ones have no order. "
            "Write unifw.abs(x) for their sizes."
        )


def nonzero(x: Tensor, /) -> tuple[Tensor, ...]:
    """The positions of the elements that are not zero, in row-major order: one int64 tensor (n,) for each axis.

    NaN is not zero. Raises ShapeError for a tensor without axes.

    >>> import unifw
    >>> [places.tolist() for places in unifw.nonzero(unifw.asarray([[0, 5], [7, 0]]))]
    [[0, 1], [1, 0]]
    """
    if not ndim_of("nonzero", x):
        raise ShapeError("nonzero: got a tensor without axes; expected at least one. Write unifw.reshape(x, (1,)).")
    try:
        return tuple(x.wrap(places) for places in x.ops.nonzero(x.native))
    except Exception as error:
        raise explain("nonzero", error, x) from error


def count_nonzero(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """How many elements along the axes are not zero: int64. NaN is not zero.

    >>> import unifw
    >>> unifw.count_nonzero(unifw.asarray([[0, 5], [7, 1]]), axis=1).tolist()
    [1, 2]
    """
    axes_of("count_nonzero", axis, ndim_of("count_nonzero", x))
    return sum_(x if x.dtype is bool_ else not_equal(x, 0), axis=axis, keepdims=keepdims)


def searchsorted(
    x1: Tensor,
    x2: Tensor | int | float,
    /,
    *,
    side: Literal["left", "right"] = "left",
    sorter: Tensor | None = None,
) -> Tensor:
    """Where each element of `x2` fits into the rising row `x1` (n,): int64, of the shape of `x2`.

    Before equal elements with side="left", after them with "right"; `sorter` are the positions that sort `x1`. NaN
    is the greatest number. Raises ShapeError unless `x1` has one axis, ArgumentError for another side.

    >>> import unifw
    >>> unifw.searchsorted(unifw.asarray([1, 3, 3, 5]), unifw.asarray([3, 6]), side="right").tolist()
    [3, 4]
    """
    if side not in ("left", "right"):
        raise ArgumentError(f'searchsorted: got side {side!r}; expected "left" or "right".')
    if ndim_of("searchsorted", x1) != 1:
        raise ShapeError(f"searchsorted: got shape {x1.shape} to search in; expected one axis.")
    values = beside("searchsorted", x2, x1)
    common = promote(x1.dtype, values.dtype)
    row = x1 if sorter is None else gather(x1, sorter, axis=0)
    row, values = astype(row, common, copy=False), astype(values, common, copy=False)
    require_order("searchsorted", row)
    try:
        return row.wrap(row.ops.searchsorted(row.native, values.native, side == "right"))
    except Exception as error:
        raise explain("searchsorted", error, values) from error


def beside(name: str, x: Tensor | Scalar, like: Tensor) -> Tensor:
    """`x` itself if it is a tensor of the backend of `like`; a number as a tensor beside it.

    >>> import unifw
    >>> beside("isin", 2, unifw.asarray([1.5])).dtype
    unifw.float32
    """
    if isinstance(x, Scalar):
        kind: Any = type(x)
        dtype = promote_scalar(like.dtype, kind)
        return like.wrap(to_native(held(name, x, dtype), like.backend, dtype, like.device))
    one_backend(name, (like, x))
    return x
