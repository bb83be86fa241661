"""Picking elements by position."""

from __future__ import annotations

from typing import Any

from unifw.array.axes import axis_of, one_backend
from unifw.array.manipulation import broadcast_shapes, broadcast_to
from unifw.errors import DTypeError, OutOfRangeError, ShapeError
from unifw.tensor import Tensor


def take(x: Tensor, indices: Tensor, /, *, axis: int | None = None) -> Tensor:
    """The slices of `x` at 1-D integer `indices` along `axis` (needed unless `x` has one axis); -1 is the last.

    Raises AxisError, ShapeError unless the indices have one axis and, outside a traced graph, OutOfRangeError.

    >>> import unifw
    >>> unifw.take(unifw.asarray([10, 20, 30]), unifw.asarray([2, 0])).tolist()
    [30, 10]
    """
    _check("take", x, indices)
    axis = axis_of("take", 0 if axis is None and x.ndim == 1 else axis, x.ndim)  # type: ignore[arg-type]
    if indices.ndim != 1:
        raise ShapeError(
            f"take: got indices of shape {indices.shape}; expected one axis. "
            f"Write x[{':, ' * axis}indices] for indices of any shape."
        )
    try:
        return x.wrap(x.ops.take(x.native, indices.native, axis))
    except Exception as error:
        raise _outside("take", x, axis) from error


def take_along_axis(x: Tensor, indices: Tensor, /, *, axis: int = -1) -> Tensor:
    """The elements of `x` at `indices` along `axis`, as `argsort` gives them; the other axes broadcast.

    Raises AxisError, ShapeError and, outside a traced graph, OutOfRangeError.

    >>> import unifw
    >>> x = unifw.asarray([[3, 1, 2]])
    >>> unifw.take_along_axis(x, unifw.argsort(x)).tolist()
    [[1, 2, 3]]
    """
    _check("take_along_axis", x, indices)
    axis = axis_of("take_along_axis", axis, x.ndim)
    if indices.ndim != x.ndim:
        raise ShapeError(f"take_along_axis: got indices of {indices.ndim} axes for {x.ndim}; expected as many.")
    shape = _common_shape(x, indices, axis)
    x, indices = (_along(one, shape, axis) for one in (x, indices))
    try:
        return x.wrap(x.ops.take_along_axis(x.native, indices.native, axis))
    except Exception as error:
        raise _outside("take_along_axis", x, axis) from error


def _static(x: Tensor, axis: int) -> tuple[int | None, ...]:
    """The sizes that are known, with 1 for `axis`."""
    return tuple(1 if i == axis else size for i, size in enumerate(x.ops.static_shape(x.native)))


def _common_shape(x: Tensor, indices: Tensor, axis: int) -> tuple[Any, ...]:
    """The sizes to which the axes broadcast; those that a graph leaves open are taken to fit."""
    known = [_static(one, axis) for one in (x, indices)]
    broadcast_shapes(*(tuple(1 if size is None else size for size in shape) for shape in known))
    return tuple(b if size == 1 else a for size, a, b in zip(known[0], x.shape, indices.shape, strict=True))


def _along(x: Tensor, shape: tuple[Any, ...], axis: int) -> Tensor:
    given = _static(x, axis)
    if all(i == axis or size != 1 for i, size in enumerate(given)):
        return x
    return broadcast_to(x, (*shape[:axis], x.shape[axis], *shape[axis + 1 :]))


def _check(name: str, x: Tensor, indices: Tensor) -> None:
    one_backend(name, (x, indices))
    if "integer" not in indices.dtype.kind:
        raise DTypeError(f"{name}: got indices of dtype {indices.dtype}; expected integers. Write x[mask] for a mask.")


def _outside(name: str, x: Tensor, axis: int) -> OutOfRangeError:
    size = x.shape[axis]
    return OutOfRangeError(
        f"{name}: got an index outside {-size} to {size - 1}, the range of axis {axis} of shape {x.shape}; "
        "expected indices inside it."
    )
