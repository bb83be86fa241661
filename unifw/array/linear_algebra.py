"""The linear algebra that the standard's main namespace has."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

from unifw.array.arithmetic import multiply
from unifw.array.axes import axes_of, axis_of, one_backend
from unifw.array.data_type import astype
from unifw.array.manipulation import matrix_transpose, permute_dims, reshape
from unifw.array.matrices import conjugate, numeric, sizes_of
from unifw.array.statistical import sum as sum_
from unifw.dtypes import promote
from unifw.errors import ArgumentError, AxisError, ShapeError
from unifw.operators import binary
from unifw.tensor import Tensor

__all__ = ["matmul", "matrix_transpose", "tensordot", "vecdot"]

Axes = int | tuple[Sequence[int], Sequence[int]]


def matmul(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The matrix product (..., m, k) x (..., k, n) -> (..., m, n); 1-D operands are row and column.

    Raises ShapeError, and DTypeError for booleans.

    >>> import unifw
    >>> unifw.matmul(unifw.asarray([[1.0, 2.0]]), unifw.asarray([[3.0], [4.0]])).tolist()
    [[11.0]]
    """
    try:
        return x1.quick.matmul(x1, x2)  # type: ignore[no-any-return]
    except Exception:
        pass  # what follows says why, or does without
    return binary("matmul", x1, x2)


def vecdot(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """The sum of the products of elements along an axis, of the conjugate of the first with the second.

    The other axes broadcast. `axis` is counted from the last where the operands differ in their number of axes.
    Raises AxisError, DTypeError for booleans, and ShapeError unless the sizes along the axis are equal.

    >>> import unifw
    >>> unifw.vecdot(unifw.asarray([1.0, 2.0]), unifw.asarray([3.0, 4.0])).item()
    11.0
    """
    one_backend("vecdot", (x1, x2))
    numeric("vecdot", x1, x2)
    axis_of("vecdot", axis, min(x1.ndim, x2.ndim))
    if axis >= 0 and x1.ndim != x2.ndim:
        raise AxisError(
            f"vecdot: got axis {axis} for {x1.ndim} and {x2.ndim} axes; expected one counted from the last."
        )
    sizes = sizes_of("vecdot", x1)[axis], sizes_of("vecdot", x2)[axis]
    if None not in sizes and sizes[0] != sizes[1]:
        raise ShapeError(
            f"vecdot: got shapes {x1.shape} and {x2.shape}; expected equal sizes along axis {axis}. "
            "Write axis=... for another one."
        )
    total = sum_(multiply(conjugate(x1), x2), axis=axis)
    common = promote(x1.dtype, x2.dtype)
    return total if total.dtype is common else astype(total, common)


def tensordot(x1: Tensor, x2: Tensor, /, *, axes: Axes = 2) -> Tensor:
    """The sum of products over pairs of axes; the other axes of the first come before those of the second.

    `axes` is a number n, for the last n of the first with the first n of the second, or two sequences of axes.
    Raises AxisError, DTypeError for booleans, and ShapeError unless the sizes of each pair are equal.

    >>> import unifw
    >>> x = unifw.asarray([[1, 2], [3, 4]])
    >>> unifw.tensordot(x, x).item(), unifw.tensordot(x, x, axes=((0,), (1,))).tolist()
    (30, [[7, 15], [10, 22]])
    """
    one_backend("tensordot", (x1, x2))
    numeric("tensordot", x1, x2)
    first, second = _contracted(x1, x2, axes)
    free1 = tuple(i for i in range(x1.ndim) if i not in first)
    free2 = tuple(i for i in range(x2.ndim) if i not in second)
    inner = _size(x1, first)
    left = reshape(permute_dims(x1, (*free1, *first)), (_size(x1, free1), inner))
    right = reshape(permute_dims(x2, (*second, *free2)), (inner, _size(x2, free2)))
    return reshape(left @ right, (*(x1.shape[i] for i in free1), *(x2.shape[i] for i in free2)))


def _contracted(x1: Tensor, x2: Tensor, axes: Axes) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The axes to sum over, counted from the front."""
    if isinstance(axes, int):
        if not 0 <= axes <= min(x1.ndim, x2.ndim):
            raise AxisError(
                f"tensordot: got axes={axes} for {x1.ndim} and {x2.ndim} axes; "
                f"expected 0 to {min(x1.ndim, x2.ndim)}. Write axes=0 for the outer product."
            )
        first, second = tuple(range(x1.ndim - axes, x1.ndim)), tuple(range(axes))
    else:
        first, second = _pairs(x1, x2, axes)
    sizes1, sizes2 = sizes_of("tensordot", x1), sizes_of("tensordot", x2)
    for i, j in zip(first, second, strict=True):
        if sizes1[i] != sizes2[j] and None not in (sizes1[i], sizes2[j]):
            raise ShapeError(
                f"tensordot: got shapes {x1.shape} and {x2.shape} with axes={axes}; expected axis {i} of the first "
                f"({sizes1[i]}) to equal axis {j} of the second ({sizes2[j]})."
            )
    return first, second


def _pairs(
    x1: Tensor, x2: Tensor, axes: tuple[Sequence[int], Sequence[int]]
) -> tuple[tuple[int, ...], tuple[int, ...]]:
    pair = axes if isinstance(axes, (tuple, list)) else ()
    if len(pair) != 2 or not all(isinstance(one, (tuple, list)) for one in pair) or len(pair[0]) != len(pair[1]):
        raise ArgumentError(
            f"tensordot: got axes={axes}; expected a number, or two sequences of one length. Write axes=((0,), (1,))."
        )
    first = axes_of("tensordot", tuple(axes[0]), x1.ndim)
    second = axes_of("tensordot", tuple(axes[1]), x2.ndim)
    assert isinstance(first, tuple)
    assert isinstance(second, tuple)
    return first, second


def _size(x: Tensor, axes: tuple[int, ...]) -> int:
    return prod(x.shape[axis] for axis in axes)  # which may be symbolic integers
