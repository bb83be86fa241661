"""Where the extreme elements are."""

from __future__ import annotations

from unifw.array.axes import axis_of
from unifw.tensor import Tensor


def argmax(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position of the first greatest element along an axis, or in the flattened tensor: int64.

    >>> import unifw
    >>> unifw.argmax(unifw.asarray([[1, 5], [7, 2]]), axis=1).tolist()
    [1, 0]
    """
    axis = None if axis is None else axis_of("argmax", axis, x.ndim)
    return x.wrap(x.ops.argmax(x.native, axis, keepdims))


def argmin(x: Tensor, /, *, axis: int | None = None, keepdims: bool = False) -> Tensor:
    """The position of the first smallest element along an axis, or in the flattened tensor: int64.

    >>> import unifw
    >>> unifw.argmin(unifw.asarray([3, 1, 2])).item()
    1
    """
    axis = None if axis is None else axis_of("argmin", axis, x.ndim)
    return x.wrap(x.ops.argmin(x.native, axis, keepdims))
