"""Picking elements by position."""

from __future__ import annotations

from unifw.array.axes import axis_of, one_backend
from unifw.errors import DTypeError, OutOfRangeError
from unifw.tensor import Tensor


def take(x: Tensor, indices: Tensor, /, *, axis: int | None = None) -> Tensor:
    """The slices of `x` at 1-D integer `indices` along `axis` (needed unless `x` has one axis); -1 is the last.

    Raises AxisError and, outside a traced graph, OutOfRangeError.

    >>> import unifw
    >>> unifw.take(unifw.asarray([10, 20, 30]), unifw.asarray([2, 0])).tolist()
    [30, 10]
    """
    one_backend("take", (x, indices))
    if "integer" not in indices.dtype.kind:
        raise DTypeError(f"take: got indices of dtype {indices.dtype}; expected integers. Write x[mask] for a mask.")
    axis = axis_of("take", 0 if axis is None and x.ndim == 1 else axis, x.ndim)  # type: ignore[arg-type]
    try:
        return x.wrap(x.ops.take(x.native, indices.native, axis))
    except Exception as error:
        size = x.shape[axis]
        raise OutOfRangeError(
            f"take: got an index outside {-size} to {size - 1}, the range of axis {axis} of shape {x.shape}; "
            "expected indices inside it."
        ) from error
