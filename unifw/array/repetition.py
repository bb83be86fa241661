"""Repeating elements and tensors, and moving elements round."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from unifw.array.axes import Axis, axis_of, ndim_of, one_backend
from unifw.array.manipulation import broadcast_to, expand_dims, reshape
from unifw.dtypes import int64
from unifw.errors import ArgumentError, DTypeError, OperandError, ShapeError, describe
from unifw.operators import call
from unifw.tensor import Tensor


def repeat(x: Tensor, repeats: int | Tensor, /, *, axis: int | None = None) -> Tensor:
    """Each slice along `axis` (of the flattened tensor if None) so many times; `repeats` may be one number for each.

    Raises ArgumentError for a negative number, ShapeError for too many or too few.

    >>> import unifw
    >>> x = unifw.asarray([1, 2])
    >>> unifw.repeat(x, 2).tolist(), unifw.repeat(x, unifw.asarray([0, 3])).tolist()
    ([1, 1, 2, 2], [2, 2, 2])
    """
    ndim = ndim_of("repeat", x)
    if axis is None:
        x, axis, ndim = reshape(x, (-1,)), 0, 1
    axis = axis_of("repeat", axis, ndim)
    if isinstance(repeats, Tensor) and repeats.ndim:
        return _repeat_each(x, repeats, axis)
    count = int(repeats) if isinstance(repeats, Tensor) else repeats
    _check_counts("repeat", (count,))
    shape = x.shape
    longer = broadcast_to(expand_dims(x, axis + 1), (*shape[: axis + 1], count, *shape[axis + 1 :]))
    return reshape(longer, (*shape[:axis], shape[axis] * count, *shape[axis + 1 :]))


def _repeat_each(x: Tensor, repeats: Tensor, axis: int) -> Tensor:
    one_backend("repeat", (x, repeats))
    if "integer" not in repeats.dtype.kind:
        raise DTypeError(f"repeat: got repeats of dtype {repeats.dtype}; expected integers.")
    counts = repeats.numpy().astype(np.int64)
    _check_counts("repeat", counts.reshape(-1).tolist())
    if counts.shape not in ((1,), (x.shape[axis],)):
        raise ShapeError(
            f"repeat: got repeats of shape {counts.shape} for axis {axis} of shape {x.shape}; expected one number, or "
            f"one for each of the {x.shape[axis]}."
        )
    positions = np.repeat(np.arange(x.shape[axis]), counts)
    return x.wrap(x.ops.take(x.native, x.ops.from_numpy(positions, int64, x.device, True), axis))


def _check_counts(name: str, counts: Sequence[Any]) -> None:
    for count in counts:
        if not isinstance(count, (int, np.integer)):
            raise OperandError(f"{name}: got {describe(count)}; expected an integer. Write {name}(x, 2).")
        if count < 0:
            raise ArgumentError(f"{name}: got {count} repetitions; expected a number not below 0.")


def tile(x: Tensor, repetitions: tuple[int, ...], /) -> Tensor:
    """The whole tensor so many times along each axis, counted from the last. Raises ArgumentError below 0.

    >>> import unifw
    >>> unifw.tile(unifw.asarray([1, 2]), (2, 2)).tolist()
    [[1, 2, 1, 2], [1, 2, 1, 2]]
    """
    ndim = ndim_of("tile", x)
    counts = tuple(repetitions) if isinstance(repetitions, (tuple, list)) else (repetitions,)
    _check_counts("tile", counts)
    counts = (1,) * (ndim - len(counts)) + counts
    sizes = (1,) * (len(counts) - ndim) + tuple(x.shape)
    longer = reshape(x, tuple(one for size in sizes for one in (1, size)))
    longer = broadcast_to(longer, tuple(one for pair in zip(counts, sizes, strict=True) for one in pair))
    return reshape(longer, tuple(count * size for count, size in zip(counts, sizes, strict=True)))


def roll(x: Tensor, /, shift: int | tuple[int, ...], *, axis: Axis = None) -> Tensor:
    """The elements moved by `shift` along an axis, or several; those pushed out come in again at the other end.

    With `axis=None` the flattened elements move. Raises AxisError, ShapeError for unequal numbers of both.

    >>> import unifw
    >>> unifw.roll(unifw.asarray([1, 2, 3]), 1).tolist()
    [3, 1, 2]
    """
    ndim = ndim_of("roll", x)
    shifts = shift if isinstance(shift, tuple) else (shift,)
    for one in shifts:
        if not isinstance(one, (int, np.integer)):
            raise OperandError(f"roll: got shift {describe(one)}; expected integers. Write roll(x, 1, axis=0).")
    if axis is None:
        return reshape(call("roll", reshape(x, (-1,)), (sum(shifts),), (0,)), x.shape)
    axes = tuple(axis_of("roll", one, ndim) for one in (axis if isinstance(axis, tuple) else (axis,)))
    if len(shifts) not in (1, len(axes)):
        raise ShapeError(f"roll: got {len(shifts)} shifts for {len(axes)} axes; expected one, or one for each axis.")
    return call("roll", x, shifts * len(axes) if len(shifts) == 1 else shifts, axes) if axes else x.wrap(x.native)
