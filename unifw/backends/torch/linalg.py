"""Linear algebra, by torch."""

from __future__ import annotations

from typing import Any

import torch

from unifw.backends.torch.native import is_traced
from unifw.errors import DTypeError

# ---- products


matmul = torch.matmul


def matmul_otherwise(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """Of integers without a kernel: by way of int64, which wraps around as narrower ones, and uint64, do."""
    if x1.is_floating_point() or x1.is_complex():
        raise TypeError("not integers")
    if x1.dtype is torch.bool:
        raise DTypeError("matmul: got dtype bool; expected numbers. Write unifw.astype(x, unifw.int64) first.")
    first, second = x1.to(torch.int64), x2.to(torch.int64)
    if not x1.is_cuda:
        return torch.matmul(first, second).to(x1.dtype)
    return _sum_of_products(first, second).to(x1.dtype)


def _sum_of_products(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """The product of integer matrices on a GPU, for which there is no kernel at all."""
    if x1.shape[-1] != x2.shape[-2 if x2.ndim > 1 else 0]:
        raise ValueError("the sizes differ")
    if x2.ndim == 1:
        return torch.sum(x1 * x2, -1)
    return torch.sum(x1.unsqueeze(-1) * (x2.unsqueeze(-3) if x1.ndim > 1 else x2), -2)


# ---- decompositions


def cholesky(x: torch.Tensor) -> torch.Tensor:
    return torch.linalg.cholesky(x)


def eig(x: torch.Tensor) -> Any:
    half = _to_one(_finite(x))
    values, vectors = torch.linalg.eig(x * half * half)
    return values / half[..., 0] / half[..., 0], vectors


def eigvals(x: torch.Tensor) -> torch.Tensor:
    half = _to_one(_finite(x))
    return torch.linalg.eigvals(x * half * half) / half[..., 0] / half[..., 0]


def _to_one(x: torch.Tensor) -> torch.Tensor:
    """For each matrix a power of two whose square brings it near 1: LAPACK fails, or crashes, where products vanish."""
    x = x.detach()
    if not x.shape[-1]:
        return torch.ones((1, 1), dtype=x.dtype.to_real(), device=x.device)
    sizes = torch.maximum(x.real.abs(), x.imag.abs()) if x.is_complex() else x.abs()
    size = sizes.amax((-2, -1), keepdim=True)
    return torch.exp2(torch.round(torch.log2(torch.where(size > 0, size, 1.0)) / -2))


def eigh(x: torch.Tensor) -> Any:
    return torch.linalg.eigh(_finite(x))


def eigvalsh(x: torch.Tensor) -> torch.Tensor:
    return torch.linalg.eigvalsh(_finite(x))


def _finite(x: torch.Tensor) -> torch.Tensor:
    """LAPACK may answer NaN with finite numbers, or crash."""
    if not is_traced(x) and not bool(torch.isfinite(x.detach()).all()):
        raise ValueError("the matrix has elements that are not finite")
    return x


def qr(x: torch.Tensor, complete: bool) -> Any:
    return torch.linalg.qr(x, mode="complete" if complete else "reduced")


def svd(x: torch.Tensor, full_matrices: bool) -> Any:
    return torch.linalg.svd(_finite(x), full_matrices=full_matrices)


def svdvals(x: torch.Tensor) -> torch.Tensor:
    return torch.linalg.svdvals(_finite(x))


# ---- systems


def det(x: torch.Tensor) -> torch.Tensor:
    return torch.linalg.det(x)


def slogdet(x: torch.Tensor) -> Any:
    return torch.linalg.slogdet(x)


def inv(x: torch.Tensor) -> torch.Tensor:
    return torch.linalg.inv(x)


def solve(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    batch = torch.broadcast_shapes(x1.shape[:-2], x2.shape[:-2])  # equal ones: torch may take a matrix for vectors
    return torch.linalg.solve(x1.expand(*batch, *x1.shape[-2:]), x2.expand(*batch, *x2.shape[-2:]))


def pinv(x: torch.Tensor, rtol: Any) -> torch.Tensor:
    return torch.linalg.pinv(_finite(x), rtol=rtol.squeeze(-1) if isinstance(rtol, torch.Tensor) else rtol)
