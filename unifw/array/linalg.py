"""The standard's `linalg` extension: `unifw.linalg`."""

from __future__ import annotations

from typing import Any

from unifw import names as _names
from unifw.array.arithmetic import multiply, subtract
from unifw.array.axes import one_backend
from unifw.array.data_type import astype
from unifw.array.decompositions import (
    EighResult,
    EigResult,
    QRResult,
    SVDResult,
    cholesky,
    eig,
    eigh,
    eigvals,
    eigvalsh,
    qr,
    svd,
    svdvals,
)
from unifw.array.linear_algebra import matmul, tensordot, vecdot
from unifw.array.manipulation import expand_dims, matrix_transpose, reshape, stack
from unifw.array.matrices import known, numeric, sizes_of
from unifw.array.norms import matrix_norm, vector_norm
from unifw.array.statistical import sum as sum_
from unifw.array.systems import SlogdetResult, det, inv, matrix_power, matrix_rank, pinv, slogdet, solve
from unifw.dtypes import as_dtype
from unifw.errors import AxisError, ShapeError
from unifw.tensor import Tensor

__all__ = [
    "EigResult", "EighResult", "QRResult", "SVDResult", "SlogdetResult", "cholesky", "cross", "det", "diagonal", "eig",
    "eigh", "eigvals", "eigvalsh", "inv", "matmul", "matrix_norm", "matrix_power", "matrix_rank", "matrix_transpose",
    "outer", "pinv", "qr", "slogdet", "solve", "svd", "svdvals", "tensordot", "trace", "vecdot", "vector_norm",
]  # fmt: skip  # fmt: skip


def cross(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """The cross product of vectors of three elements along an axis, which is counted from the last; others broadcast.

    Raises AxisError, DTypeError for booleans, and ShapeError for another number of elements.

    >>> import unifw
    >>> unifw.linalg.cross(unifw.asarray([1, 0, 0]), unifw.asarray([0, 1, 0])).tolist()
    [0, 0, 1]
    """
    one_backend("cross", (x1, x2))
    numeric("cross", x1, x2)
    ndim = min(x1.ndim, x2.ndim)
    if axis >= 0 and x1.ndim == x2.ndim:
        axis -= ndim
    if not -ndim <= axis < 0:
        raise AxisError(f"cross: got axis {axis} for {x1.ndim} and {x2.ndim} axes; expected {-ndim} to -1.")
    if any(sizes_of("cross", x)[axis] not in (3, None) for x in (x1, x2)):
        raise ShapeError(f"cross: got shapes {x1.shape} and {x2.shape}; expected size 3 along axis {axis} of both.")
    a, b = _components(x1, axis), _components(x2, axis)
    turns = ((1, 2), (2, 0), (0, 1))
    return stack([subtract(multiply(a[i], b[j]), multiply(a[j], b[i])) for i, j in turns], axis=axis)


def _components(x: Tensor, axis: int) -> list[Tensor]:
    after = (slice(None),) * (-1 - axis)
    return [x[(..., i, *after)] for i in range(3)]


def diagonal(x: Tensor, /, *, offset: int = 0) -> Tensor:
    """The diagonal of the last two axes, or the one `offset` columns to the right: (..., m, n) to (..., k).

    >>> import unifw
    >>> unifw.linalg.diagonal(unifw.asarray([[1, 2], [3, 4]])).tolist()
    [1, 4]
    """
    rows, columns = known("diagonal", x)
    start = offset if offset >= 0 else -offset * columns
    count = max(min(rows + min(offset, 0), columns - max(offset, 0)), 0)
    flat = reshape(x, (*x.shape[:-2], rows * columns))
    stop = start + (count - 1) * (columns + 1) + 1 if count else start
    return flat[..., start : stop : columns + 1]


def outer(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The products of each element of the first vector with each of the second: (m,) and (n,) to (m, n).

    Raises ShapeError for other than one axis, DTypeError for booleans.

    >>> import unifw
    >>> unifw.linalg.outer(unifw.asarray([1, 2]), unifw.asarray([3, 4])).tolist()
    [[3, 4], [6, 8]]
    """
    one_backend("outer", (x1, x2))
    numeric("outer", x1, x2)
    if x1.ndim != 1 or x2.ndim != 1:
        raise ShapeError(
            f"outer: got shapes {x1.shape} and {x2.shape}; expected one axis each. Write unifw.reshape(x, (-1,)) first."
        )
    return multiply(expand_dims(x1, axis=-1), x2)


def trace(x: Tensor, /, *, offset: int = 0, dtype: Any = None) -> Tensor:
    """The sum along a diagonal of the last two axes: (..., m, n) to (...); of small integers in 64 bits.

    Raises DTypeError for booleans.

    >>> import unifw
    >>> unifw.linalg.trace(unifw.asarray([[1, 2], [3, 4]])).item()
    5
    """
    elements = diagonal(x, offset=offset)
    numeric("trace", x)
    if dtype is None:
        return sum_(elements, axis=-1)
    wanted = as_dtype(dtype)
    return astype(sum_(astype(elements, wanted), axis=-1), wanted, copy=False)


_FROM_OTHER_FILES = [
    "EighResult", "EigResult", "QRResult", "SVDResult", "SlogdetResult", "cholesky", "det",
    "eig", "eigh", "eigvals", "eigvalsh", "inv", "matmul", "matrix_norm",
    "matrix_power", "matrix_rank", "matrix_transpose", "pinv", "qr", "slogdet", "solve",
    "svd", "svdvals", "tensordot", "vecdot", "vector_norm",
]  # fmt: skip


def __dir__() -> list[str]:
    return _names.of_module(globals(), *_FROM_OTHER_FILES)
