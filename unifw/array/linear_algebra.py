"""The linear algebra that the standard's main namespace has."""

from __future__ import annotations

from unifw.array.elementwise import multiply
from unifw.array.manipulation import matrix_transpose
from unifw.array.statistical import sum as sum_
from unifw.operators import binary
from unifw.tensor import Tensor

__all__ = ["matmul", "matrix_transpose", "vecdot"]


def matmul(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The matrix product (..., m, k) x (..., k, n) -> (..., m, n); 1-D operands are row and column.

    Raises ShapeError.

    >>> import unifw
    >>> unifw.matmul(unifw.asarray([[1.0, 2.0]]), unifw.asarray([[3.0], [4.0]])).tolist()
    [[11.0]]
    """
    return binary("matmul", x1, x2)


def vecdot(x1: Tensor, x2: Tensor, /, *, axis: int = -1) -> Tensor:
    """The sum of the products of real elements along an axis.

    >>> import unifw
    >>> unifw.vecdot(unifw.asarray([1.0, 2.0]), unifw.asarray([3.0, 4.0])).item()
    11.0
    """
    return sum_(multiply(x1, x2), axis=axis)
