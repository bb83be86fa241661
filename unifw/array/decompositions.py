"""Matrix decompositions of the standard's `linalg` extension: offered as `unifw.linalg.<name>`.

They take float32, float64, complex64 and complex128 of shape (..., m, n), each matrix of a stack on its own, and raise
DTypeError for another dtype, ShapeError for a shape that does not fit and LinAlgError for a matrix that has no such
decomposition.
"""

from __future__ import annotations

from typing import Literal, NamedTuple

from unifw.array.matrices import FINITE, adjoint, decompose, has_kernel, matrix, solved, square
from unifw.errors import ArgumentError
from unifw.tensor import Tensor


class EigResult(NamedTuple):
    """What `eig` returns: (..., n) and (..., n, n), both complex."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class EighResult(NamedTuple):
    """What `eigh` returns: real (..., n) and (..., n, n)."""

    eigenvalues: Tensor
    eigenvectors: Tensor


class QRResult(NamedTuple):
    """What `qr` returns: (..., m, k) and (..., k, n)."""

    Q: Tensor
    R: Tensor


class SVDResult(NamedTuple):
    """What `svd` returns: (..., m, k), real (..., k) and (..., k, n)."""

    U: Tensor
    S: Tensor
    Vh: Tensor


def cholesky(x: Tensor, /, *, upper: bool = False) -> Tensor:
    """The lower triangular L with x = L @ adjoint(L), or with `upper` its adjoint, of Hermitian positive definite x.

    Only the lower triangle of x is read. Raises LinAlgError where x is not positive definite.

    >>> import unifw
    >>> unifw.linalg.cholesky(unifw.asarray([[4.0, 2.0], [2.0, 5.0]])).tolist()
    [[2.0, 0.0], [1.0, 2.0]]
    """
    has_kernel("cholesky", x)
    square("cholesky", x)
    lower = solved("cholesky", "a positive definite matrix. Write unifw.linalg.eigvalsh(x) to see", x)
    return adjoint(lower) if upper else lower


def eig(x: Tensor, /) -> EigResult:
    """Eigenvalues and right eigenvectors, in columns, of square matrices: complex, in no particular order.

    >>> import unifw
    >>> unifw.linalg.eig(unifw.asarray([[2.0, 0.0], [0.0, 3.0]])).eigenvalues.tolist()
    [(2+0j), (3+0j)]
    """
    has_kernel("eig", x)
    square("eig", x)
    values, vectors = decompose("eig", FINITE, x)
    return EigResult(values, vectors)


def eigvals(x: Tensor, /) -> Tensor:
    """The eigenvalues of square matrices: complex, in no particular order.

    >>> import unifw
    >>> unifw.linalg.eigvals(unifw.asarray([[2.0, 0.0], [0.0, 3.0]])).tolist()
    [(2+0j), (3+0j)]
    """
    has_kernel("eigvals", x)
    square("eigvals", x)
    return solved("eigvals", FINITE, x)


def eigh(x: Tensor, /) -> EighResult:
    """Eigenvalues, ascending, and eigenvectors, in columns, of Hermitian matrices, of which the lower triangle is read.

    >>> import unifw
    >>> unifw.linalg.eigh(unifw.asarray([[3.0, 0.0], [0.0, 2.0]])).eigenvalues.tolist()
    [2.0, 3.0]
    """
    has_kernel("eigh", x)
    square("eigh", x)
    values, vectors = decompose("eigh", FINITE, x)
    return EighResult(values, vectors)


def eigvalsh(x: Tensor, /) -> Tensor:
    """The eigenvalues, ascending, of Hermitian matrices, of which the lower triangle is read.

    >>> import unifw
    >>> unifw.linalg.eigvalsh(unifw.asarray([[3.0, 0.0], [0.0, 2.0]])).tolist()
    [2.0, 3.0]
    """
    has_kernel("eigvalsh", x)
    square("eigvalsh", x)
    return solved("eigvalsh", FINITE, x)


def qr(x: Tensor, /, *, mode: Literal["reduced", "complete"] = "reduced") -> QRResult:
    """Q with orthonormal columns and upper triangular R with x = Q @ R: (..., m, k) and (..., k, n).

    k is min(m, n), or m with mode "complete". Raises ArgumentError for another mode.

    >>> import unifw
    >>> abs(unifw.linalg.qr(unifw.asarray([[2.0, 0.0], [0.0, 4.0]])).R).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    if mode not in ("reduced", "complete"):
        raise ArgumentError(f'qr: got mode {mode!r}; expected one of "reduced" or "complete".')
    has_kernel("qr", x)
    matrix("qr", x)
    q, r = decompose("qr", FINITE, x, mode == "complete")
    return QRResult(q, r)


def svd(x: Tensor, /, *, full_matrices: bool = True) -> SVDResult:
    """U, S and Vh with x = U @ diag(S) @ Vh, S descending, U and Vh unitary.

    Without `full_matrices` U is (..., m, k) and Vh is (..., k, n), where k = min(m, n).

    >>> import unifw
    >>> unifw.linalg.svd(unifw.asarray([[2.0, 0.0], [0.0, 4.0]])).S.tolist()
    [4.0, 2.0]
    """
    has_kernel("svd", x)
    matrix("svd", x)
    u, s, vh = decompose("svd", FINITE, x, bool(full_matrices))
    return SVDResult(u, s, vh)


def svdvals(x: Tensor, /) -> Tensor:
    """The singular values, descending: (..., min(m, n)).

    >>> import unifw
    >>> unifw.linalg.svdvals(unifw.asarray([[2.0, 0.0], [0.0, 4.0]])).tolist()
    [4.0, 2.0]
    """
    has_kernel("svdvals", x)
    matrix("svdvals", x)
    return solved("svdvals", FINITE, x)
