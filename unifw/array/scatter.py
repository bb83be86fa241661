"""Picking elements by position along an axis, and adding to them."""

from __future__ import annotations

from typing import Any

from unifw.array.axes import axis_of, one_backend
from unifw.array.data_type import astype
from unifw.dtypes import bool_, int64, promote
from unifw.errors import (
    ArgumentError,
    DTypeError,
    OperandError,
    OutOfRangeError,
    ShapeError,
    describe,
    too_many_axes,
)
from unifw.keys import agree
from unifw.tensor import Tensor


def gather(x: Tensor, indices: Tensor, /, *, axis: int) -> Tensor:
    """Elements of `x` by their position along an axis; the other positions are those in `indices` itself.

    For two axes and axis=1: result[i, j] = x[i, indices[i, j]]. `indices` has as many axes as `x`, of sizes not above
    those of `x` but along `axis`. Raises ShapeError, and OutOfRangeError where indices are checked.

    >>> import unifw
    >>> unifw.gather(unifw.asarray([[1, 2], [3, 4]]), unifw.asarray([[1], [0]]), axis=1).tolist()
    [[2], [3]]
    """
    one_backend("gather", (x, indices))
    axis = axis_of("gather", axis, x.ndim)
    places = _places("gather", x, indices, axis)
    try:
        return x.wrap(x.ops.gather(x.native, places.native, axis))
    except Exception as error:
        raise too_many_axes("gather", error, x) or _outside("gather", x, axis) from error


def scatter_add(x: Tensor, indices: Tensor, updates: Tensor, /, *, axis: int) -> Tensor:
    """`x` with `updates` added at positions along an axis: the reverse of `gather`; repeated positions add up.

    For two axes and axis=1: result[i, indices[i, j]] += updates[i, j]. `updates` has the shape of `indices`. Raises
    ShapeError, DTypeError for booleans, and OutOfRangeError where indices are checked.

    >>> import unifw
    >>> x, indices = unifw.zeros((1, 3)), unifw.asarray([[2, 0, 2]])
    >>> unifw.scatter_add(x, indices, unifw.asarray([[1.0, 2.0, 3.0]]), axis=1).tolist()
    [[2.0, 0.0, 4.0]]
    """
    one_backend("scatter_add", (x, indices, updates))
    axis = axis_of("scatter_add", axis, x.ndim)
    places = _places("scatter_add", x, indices, axis)
    if not agree(_sizes(updates), _sizes(indices)):
        raise ShapeError(
            f"scatter_add: got updates of shape {updates.shape}; expected {indices.shape}, as the indices."
        )
    common = _summable("scatter_add", promote(x.dtype, updates.dtype))
    x, updates = astype(x, common, copy=False), astype(updates, common, copy=False)
    try:
        return x.wrap(x.ops.scatter_add(x.native, places.native, updates.native, axis))
    except Exception as error:
        raise too_many_axes("scatter_add", error, x) or _outside("scatter_add", x, axis) from error


def segment_sum(data: Tensor, segment_ids: Tensor, /, num_segments: int) -> Tensor:
    """The sums of the rows of `data` (n, ...) that have the same id (n,): (num_segments, ...), in its dtype.

    Ids need no order; rows whose id is outside 0 to num_segments - 1 are left out. Raises ShapeError, and DTypeError
    for booleans.

    >>> import unifw
    >>> unifw.segment_sum(unifw.asarray([1.0, 2.0, 4.0]), unifw.asarray([1, 0, 1]), 3).tolist()
    [2.0, 5.0, 0.0]
    """
    one_backend("segment_sum", (data, segment_ids))
    if num_segments < 0:
        raise ArgumentError(f"segment_sum: got num_segments={num_segments}; expected 0 or more.")
    ids = positions("segment_sum", segment_ids)
    if ids.ndim != 1 or not data.ndim or not agree(_sizes(data)[:1], _sizes(ids)):
        raise ShapeError(
            f"segment_sum: got ids of shape {ids.shape} for data of shape {data.shape}; expected one id for each row."
        )
    _summable("segment_sum", data.dtype)
    return data.wrap(data.ops.segment_sum(data.native, ids.native, num_segments))


def positions(name: str, indices: Tensor) -> Tensor:
    """Indices as int64. Raises DTypeError unless they are integers.

    >>> import unifw
    >>> positions("gather", unifw.asarray([1], dtype=unifw.uint8)).dtype
    unifw.int64
    """
    if not isinstance(indices, Tensor):
        raise OperandError(f"{name}: got {describe(indices)} for indices; expected a Tensor of integers.")
    if "integer" not in indices.dtype.kind:
        raise DTypeError(f"{name}: got indices of dtype {indices.dtype}; expected integers.")
    return astype(indices, int64, copy=False)


def _sizes(x: Tensor) -> tuple[int | None, ...]:
    sizes: tuple[int | None, ...] = x.ops.static_shape(x.native)
    return sizes


def _places(name: str, x: Tensor, indices: Tensor, axis: int) -> Tensor:
    places = positions(name, indices)
    sizes, own = _sizes(indices), _sizes(x)
    if len(sizes) != len(own) or any(
        i != axis and size is not None and most is not None and size > most
        for i, (size, most) in enumerate(zip(sizes, own, strict=True))
    ):
        raise ShapeError(
            f"{name}: got indices of shape {indices.shape} for shape {x.shape}; expected as many axes, with sizes not "
            f"above these but along axis {axis}. Write unifw.take(x, indices, axis=...) to pick whole slices."
        )
    return places


def _summable(name: str, dtype: Any) -> Any:
    if dtype is bool_:
        raise DTypeError(f"{name}: got dtype bool; expected numbers. Write unifw.astype(x, unifw.int64) to count.")
    return dtype


def _outside(name: str, x: Tensor, axis: int) -> OutOfRangeError:
    return OutOfRangeError(
        f"{name}: got an index outside 0 to {x.shape[axis] - 1}, the range of axis {axis} of shape {x.shape}; "
        "expected indices inside it."
    )
