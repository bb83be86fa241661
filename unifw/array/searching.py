"""Where the extreme elements are."""

from __future__ import annotations

from unifw.array.axes import axis_of, ndim_of
from unifw.errors import ShapeError
from unifw.operators import call
from unifw.tensor import Tensor


def argmax(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position of the first greatest element along an axis, or in the flattened tensor: int64.

    >>> import unifw
    >>> unifw.argmax(unifw.asarray([[1, 5], [7, 2]]), axis=1).tolist()
    [1, 0]
    """
    return _extreme("argmax", x, axis, keepdims)


def argmin(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position of the first smallest element along an axis, or in the flattened tensor: int64.

    >>> import unifw
    >>> unifw.argmin(unifw.asarray([3, 1, 2])).item()
    1
    """
    return _extreme("argmin", x, axis, keepdims)


def _extreme(name: str, x: Tensor, axis: int | None, keepdims: bool) -> Tensor:
    ndim = ndim_of(name, x)
    if axis is not None:
        axis = axis_of(name, axis, ndim)
    if 0 in (x.native.shape if axis is None else (x.native.shape[axis],)):
        raise ShapeError(f"{name}: got shape {x.shape}, axis {axis}; expected at least one element.")
    return call(name, x, axis, keepdims)
