"""Determinants, inverses and linear equations of the standard's `linalg` extension: `unifw.linalg.<name>`.

They take float32, float64, complex64 and complex128, each matrix of a stack on its own, and raise DTypeError for
another dtype, ShapeError for a shape that does not fit and LinAlgError for a singular matrix.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from unifw.array.arithmetic import multiply
from unifw.array.axes import one_backend
from unifw.array.comparison import greater
from unifw.array.manipulation import expand_dims, squeeze
from unifw.array.matrices import (
    FINITE,
    SINGULAR,
    decompose,
    epsilon,
    has_kernel,
    identity_like,
    known,
    matrix,
    sizes_of,
    solved,
    square,
)
from unifw.array.statistical import sum as sum_
from unifw.errors import ArgumentError, ShapeError
from unifw.operators import promoted
from unifw.tensor import Tensor


class SlogdetResult(NamedTuple):
    """What `slogdet` returns: two tensors of shape (...)."""

    sign: Tensor
    logabsdet: Tensor


def det(x: Tensor, /) -> Tensor:
    """The determinant of square matrices: (..., n, n) to (...).

    >>> import unifw
    >>> unifw.linalg.det(unifw.asarray([[2.0, 0.0], [0.0, 4.0]])).item()
    8.0
    """
    has_kernel("det", x)
    square("det", x)
    return solved("det", FINITE, x)


def slogdet(x: Tensor, /) -> SlogdetResult:
    """The sign (a unit complex number for complex x) of the determinant and the logarithm of its absolute value.

    They are 0 and -inf where x is singular.

    >>> import unifw
    >>> sign, logabsdet = unifw.linalg.slogdet(unifw.asarray([[0.0, 1.0], [1.0, 0.0]]))
    >>> sign.item(), logabsdet.item()
    (-1.0, 0.0)
    """
    has_kernel("slogdet", x)
    square("slogdet", x)
    sign, logabsdet = decompose("slogdet", FINITE, x)
    return SlogdetResult(sign, logabsdet)


def inv(x: Tensor, /) -> Tensor:
    """The inverse of square matrices. Raises LinAlgError where x is singular.

    >>> import unifw
    >>> unifw.linalg.inv(unifw.asarray([[2.0, 0.0], [0.0, 4.0]])).tolist()
    [[0.5, 0.0], [0.0, 0.25]]
    """
    has_kernel("inv", x)
    square("inv", x)
    return solved("inv", SINGULAR, x)


def solve(x1: Tensor, x2: Tensor, /) -> Tensor:
    """The y with x1 @ y = x2, for square x1 and a vector x2 (n,) or matrices (..., n, k), which broadcast.

    Raises LinAlgError where x1 is singular.

    >>> import unifw
    >>> unifw.linalg.solve(unifw.asarray([[2.0, 0.0], [0.0, 4.0]]), unifw.asarray([2.0, 2.0])).tolist()
    [1.0, 0.5]
    """
    one_backend("solve", (x1, x2))
    has_kernel("solve", x1, x2)
    square("solve", x1)
    _check_right_side(x1, x2)
    if x2.ndim == 1:
        return squeeze(solve(x1, expand_dims(x2, axis=-1)), -1)
    if x1.dtype is not x2.dtype:
        x1, x2 = (x1.wrap(native) for native in promoted(x1.ops, x1.native, x2.native))
    return solved("solve", SINGULAR, x1, x2.native)


def _check_right_side(x1: Tensor, x2: Tensor) -> None:
    left, right = sizes_of("solve", x1), sizes_of("solve", x2)
    if None in (*left, *right):
        return
    fits = bool(right) and left[-1] == right[0 if len(right) == 1 else -2]
    try:
        np.broadcast_shapes(left[:-2], right[:-2])  # type: ignore[arg-type]  # None is ruled out above
    except ValueError:
        fits = False
    if not fits:
        raise ShapeError(
            f"solve: got shapes {x1.shape} and {x2.shape}; expected (..., n, n) with (n,) or (..., n, k), whose "
            "first axes broadcast. Write unifw.expand_dims(x2, axis=-1) for a stack of vectors."
        )


def pinv(x: Tensor, /, *, rtol: float | Tensor | None = None) -> Tensor:
    """The Moore-Penrose pseudo-inverse: (..., m, n) to (..., n, m).

    Singular values up to `rtol` times the greatest count as zero; by default max(m, n) times the dtype's epsilon.

    >>> import unifw
    >>> unifw.linalg.pinv(unifw.asarray([[2.0], [0.0]])).tolist()
    [[0.5, 0.0]]
    """
    has_kernel("pinv", x)
    return solved("pinv", FINITE, x, _tolerance("pinv", x, rtol))


def matrix_rank(x: Tensor, /, *, rtol: float | Tensor | None = None) -> Tensor:
    """The number of singular values above `rtol` times the greatest: int64, (..., m, n) to (...).

    `rtol` is max(m, n) times the dtype's epsilon by default; a tensor of it broadcasts with (...).

    >>> import unifw
    >>> unifw.linalg.matrix_rank(unifw.asarray([[1.0, 2.0], [2.0, 4.0]])).item()
    1
    """
    has_kernel("matrix_rank", x)
    limit = _tolerance("matrix_rank", x, rtol)
    values = solved("svdvals", FINITE, x)
    least = values[..., :1] * (x.wrap(limit) if not isinstance(limit, float) else limit)
    return sum_(greater(values, least), axis=-1)


def _tolerance(name: str, x: Tensor, rtol: float | Tensor | None) -> object:
    """A Python float, or a native tensor with one more axis, to stand beside the singular values."""
    if rtol is None:
        return max(known(name, x)) * epsilon(x)
    matrix(name, x)
    if not isinstance(rtol, Tensor):
        return float(rtol)
    one_backend(name, (x, rtol))
    return expand_dims(multiply(rtol, 1.0), axis=-1).native


def matrix_power(x: Tensor, n: int, /) -> Tensor:
    """The product of n copies of square matrices; of their inverses for negative n, identity matrices for 0.

    >>> import unifw
    >>> unifw.linalg.matrix_power(unifw.asarray([[1.0, 1.0], [0.0, 1.0]]), 5).tolist()
    [[1.0, 5.0], [0.0, 1.0]]
    """
    if not isinstance(n, int):
        raise ArgumentError(f"matrix_power: got n={n!r}; expected an integer. Write n=2 for x @ x.")
    has_kernel("matrix_power", x)
    square("matrix_power", x)
    if n == 0:
        return identity_like(x)
    return _power(inv(x) if n < 0 else x, abs(n))


def _power(x: Tensor, n: int) -> Tensor:
    """By squaring: about log2(n) products."""
    if n == 1:
        return x
    half = _power(x, n // 2)
    return half @ half @ x if n % 2 else half @ half
