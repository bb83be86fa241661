"""Norms of vectors and matrices, of the standard's `linalg` extension: `unifw.linalg.<name>`."""

from __future__ import annotations

import math
from typing import Literal

from unifw.array.arithmetic import abs as abs_
from unifw.array.arithmetic import pow as pow_
from unifw.array.arithmetic import root
from unifw.array.arithmetic import square as square_
from unifw.array.axes import Axis
from unifw.array.comparison import not_equal, where
from unifw.array.data_type import astype
from unifw.array.manipulation import expand_dims
from unifw.array.matrices import FINITE, floating, has_kernel, matrix, solved
from unifw.array.statistical import max as max_
from unifw.array.statistical import min as min_
from unifw.array.statistical import sum as sum_
from unifw.errors import ArgumentError
from unifw.tensor import Tensor

MatrixOrder = float | Literal["fro", "nuc"] | None


def vector_norm(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> Tensor:
    """The p-norm along the axes, sum(|x|^ord)^(1/ord); its gradient at zero is 0.

    The order inf is the greatest, -inf the smallest absolute value, 0 counts what is not zero. The result is real.
    The norm of nothing is 0. Raises DTypeError unless x is floating.

    >>> import unifw
    >>> x = unifw.asarray([3.0, -4.0])
    >>> unifw.linalg.vector_norm(x).item(), unifw.linalg.vector_norm(x, ord=1).item()
    (5.0, 7.0)
    """
    floating("vector_norm", x)
    if not isinstance(ord, (int, float)):
        raise ArgumentError(f"vector_norm: got ord={ord!r}; expected a number, such as 2 or unifw.inf.")
    if ord == 2 and x.dtype.kind == "real floating":
        return root(sum_(square_(x), axis=axis, keepdims=keepdims))
    size = abs_(x)
    if ord == 0:
        return sum_(astype(not_equal(x, 0), size.dtype), axis=axis, keepdims=keepdims)
    if math.isinf(ord):
        return (_greatest if ord > 0 else min_)(size, axis=axis, keepdims=keepdims)
    if ord in (1, 2):
        total = sum_(size if ord == 1 else square_(size), axis=axis, keepdims=keepdims)
        return total if ord == 1 else root(total)
    return _power(sum_(_power(size, float(ord)), axis=axis, keepdims=keepdims), 1 / ord)


def _greatest(sizes: Tensor, axis: Axis, keepdims: bool = False) -> Tensor:
    """The greatest of numbers that are not negative: 0 of none."""
    return (sum_ if 0 in sizes.ops.static_shape(sizes.native) else max_)(sizes, axis=axis, keepdims=keepdims)


def _power(x: Tensor, exponent: float) -> Tensor:
    """`x ** exponent`, whose gradient at 0 is 0 where the power is."""
    if exponent < 0:
        return pow_(x, exponent)
    there = not_equal(x, 0)
    return where(there, pow_(where(there, x, 1.0), exponent), x)


def matrix_norm(x: Tensor, /, *, keepdims: bool = False, ord: MatrixOrder = "fro") -> Tensor:
    """A norm of the matrices in the last two axes: (..., m, n) to a real (...).

    "fro" is the root of the sum of squares, "nuc" the sum of the singular values, 2 and -2 the greatest and smallest
    of them, 1 and -1 the greatest and smallest column sum of absolute values, inf and -inf those of rows.
    Raises ArgumentError for another order, DTypeError unless x is floating.

    >>> import unifw
    >>> x = unifw.asarray([[3.0, 0.0], [0.0, -4.0]])
    >>> unifw.linalg.matrix_norm(x).item(), unifw.linalg.matrix_norm(x, ord=1).item()
    (5.0, 4.0)
    """
    floating("matrix_norm", x)
    matrix("matrix_norm", x)
    if ord in ("fro", None):
        return vector_norm(x, axis=(-2, -1), keepdims=keepdims)
    if ord in ("nuc", 2, -2):
        result = _spectral(x, ord)
    elif ord in (1, -1, math.inf, -math.inf):
        sums = sum_(abs_(x), axis=-2 if abs(float(ord)) == 1 else -1)
        result = (_greatest if float(ord) > 0 else min_)(sums, axis=-1)
    else:
        raise ArgumentError(f'matrix_norm: got ord={ord!r}; expected one of "fro", "nuc", 1, -1, 2, -2, inf or -inf.')
    return expand_dims(expand_dims(result, axis=-1), axis=-1) if keepdims else result


def _spectral(x: Tensor, ord: MatrixOrder) -> Tensor:
    has_kernel("matrix_norm", x)
    values = solved("svdvals", FINITE, x)
    return sum_(values, axis=-1) if ord == "nuc" else (_greatest if ord == 2 else min_)(values, axis=-1)
