"""Creation functions of more axes: coordinate grids and triangles of matrices."""

from __future__ import annotations

from typing import Literal

from unifw.array.axes import one_backend
from unifw.array.creation import zeros_like
from unifw.array.manipulation import broadcast_to, reshape
from unifw.dtypes import int64
from unifw.errors import ArgumentError, DTypeError, ShapeError, describe, explain
from unifw.operators import binary, not_a_tensor
from unifw.tensor import Tensor


def meshgrid(*arrays: Tensor, indexing: Literal["xy", "ij"] = "xy") -> tuple[Tensor, ...]:
    """Coordinates, one tensor per axis: for 1-D tensors of n, m, ... elements (n, m, ...), for "xy" (m, n, ...).

    Raises ShapeError for tensors that are not 1-D, DTypeError for different dtypes.

    >>> import unifw
    >>> [x.tolist() for x in unifw.meshgrid(unifw.asarray([1, 2]), unifw.asarray([3, 4]), indexing="ij")]
    [[[1, 1], [2, 2]], [[3, 4], [3, 4]]]
    """
    if indexing not in ("xy", "ij"):
        raise ArgumentError(f"meshgrid: got indexing {indexing!r}; expected 'xy' or 'ij'.")
    if not arrays:
        return ()
    _check_grid(arrays)
    order = [*range(len(arrays))]
    if indexing == "xy":
        order[:2] = order[:2][::-1]
    shape = tuple(arrays[i].shape[0] for i in order)
    sizes = [tuple(-1 if i == own else 1 for i in order) for own in range(len(arrays))]
    return tuple(broadcast_to(reshape(x, size), shape) for x, size in zip(arrays, sizes, strict=True))


def _check_grid(arrays: tuple[Tensor, ...]) -> None:
    first = one_backend("meshgrid", arrays)
    for x in arrays:
        if x.ndim != 1:
            raise ShapeError(f"meshgrid: got {describe(x)}; expected one axis. Write unifw.reshape(x, (-1,)).")
        if x.dtype is not first.dtype:
            raise DTypeError(f"meshgrid: got dtypes {first.dtype} and {x.dtype}; expected one. Write x.to(dtype).")


def tril(x: Tensor, /, *, k: int = 0) -> Tensor:
    """The lower triangle of matrices (..., m, n): zeros above the k-th diagonal. Raises ShapeError below two axes.

    >>> import unifw
    >>> unifw.tril(unifw.ones((2, 3)), k=1).tolist()
    [[1.0, 1.0, 0.0], [1.0, 1.0, 1.0]]
    """
    return _triangle("tril", x, "less_equal", k)


def triu(x: Tensor, /, *, k: int = 0) -> Tensor:
    """The upper triangle of matrices (..., m, n): zeros below the k-th diagonal. Raises ShapeError below two axes.

    >>> import unifw
    >>> unifw.triu(unifw.ones((2, 3)), k=1).tolist()
    [[0.0, 1.0, 1.0], [0.0, 0.0, 1.0]]
    """
    return _triangle("triu", x, "greater_equal", k)


def _triangle(name: str, x: Tensor, side: str, k: int) -> Tensor:
    if not isinstance(x, Tensor):
        raise not_a_tensor(name, x)
    if x.ndim < 2:
        raise ShapeError(
            f"{name}: got shape {x.shape}; expected at least two axes. Write unifw.expand_dims(x, axis=0)."
        )
    columns, rows = (x.wrap(x.ops.arange(0, size, 1, int64, x.device)) for size in (x.shape[-1], x.shape[-2]))
    kept = binary(side, columns, reshape(rows, (-1, 1)) + k)
    try:
        return x.wrap(x.ops.where(kept.native, x.native, zeros_like(x).native))
    except Exception as error:
        raise explain(name, error, x) from error
