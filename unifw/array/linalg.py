"""The standard's `linalg` extension: `unifw.linalg`."""

from __future__ import annotations

from unifw.array.axes import Axis
from unifw.array.elementwise import root, square
from unifw.array.linear_algebra import matmul, vecdot
from unifw.array.manipulation import matrix_transpose
from unifw.array.statistical import sum as sum_
from unifw.tensor import Tensor

__all__ = ["matmul", "matrix_transpose", "vecdot", "vector_norm"]


def vector_norm(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """The Euclidean norm of real elements along the axes; its gradient at zero is 0.

    >>> import unifw
    >>> unifw.linalg.vector_norm(unifw.asarray([3.0, 4.0])).item()
    5.0
    """
    return root(sum_(square(x), axis=axis, keepdims=keepdims))
