"""Linear algebra, by raw operations."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.ops import EagerTensor

from unifw.backends.tensorflow.manipulation import broadcast_to
from unifw.backends.tensorflow.native import is_traced, op, static_shape
from unifw.backends.tensorflow.promotion import pair
from unifw.backends.tensorflow.rules import ruled
from unifw.errors import DTypeError

raw = tf.raw_ops

# ---- products

_MULTIPLIED = frozenset(
    [tf.float32, tf.float64, tf.float16, tf.bfloat16, tf.complex64, tf.complex128, tf.int32, tf.int64]
)

_product, _products = op("MatMul"), op("BatchMatMulV2")


def matmul(x1: tf.Tensor, x2: tf.Tensor) -> tf.Tensor:
    if not type(x1) is type(x2) is EagerTensor:
        x1, x2 = pair(x1, x2)
    if x1.dtype not in _MULTIPLIED:
        return _integer_matmul(x1, x2)
    rank1, rank2 = x1.shape.rank, x2.shape.rank
    if rank1 == 2 and rank2 == 2:
        return _product(x1, x2)
    if rank1 == 1 and rank2 == 1:
        return tf.tensordot(x1, x2, 1)
    if rank1 == 1:
        return tf.squeeze(_products(x1[None, :], x2), -2)
    if rank2 == 1:
        return tf.squeeze(_products(x1, x2[:, None]), -1)
    return _products(x1, x2)


def _integer_matmul(x1: tf.Tensor, x2: tf.Tensor) -> tf.Tensor:
    """By way of int64, whose wrapping around is that of every narrower integer, and of uint64."""
    if x1.dtype is tf.bool:
        raise DTypeError("matmul: got dtype bool; expected numbers. Write unifw.astype(x, unifw.int64) first.")
    return tf.cast(matmul(tf.cast(x1, tf.int64), tf.cast(x2, tf.int64)), x1.dtype)


# ---- decompositions


def cholesky(x: tf.Tensor) -> tf.Tensor:
    lower = tf.linalg.band_part(raw.Cholesky(input=x), -1, 0)
    pivots = _real(tf.linalg.diag_part(lower))  # NaN or zeros where x is not positive definite
    good = tf.reduce_all((pivots > 0) & tf.math.is_finite(pivots), -1)
    if not is_traced(x):
        if not bool(tf.reduce_all(good)):
            raise ValueError("the matrix is not positive definite")
        return lower
    return tf.where(good[..., None, None], lower, tf.constant(float("nan"), x.dtype))


def _finite(x: tf.Tensor) -> tf.Tensor:
    """What is not finite is an error, but in a graph, which has no values to look at yet."""
    if not is_traced(x) and not bool(tf.reduce_all(tf.math.is_finite(tf.abs(x)))):
        raise ValueError("there are elements that are not finite")
    return x


def _complex(x: tf.Tensor) -> tf.DType:
    return tf.complex128 if x.dtype in (tf.float64, tf.complex128) else tf.complex64


def eig(x: tf.Tensor) -> Any:
    half = _to_one(_finite(x))
    values, vectors = raw.Eig(input=x * half * half, compute_v=True, Tout=_complex(x))
    return _back(values, half), vectors


def eigvals(x: tf.Tensor) -> tf.Tensor:
    half = _to_one(_finite(x))
    return _back(raw.Eig(input=x * half * half, compute_v=False, Tout=_complex(x)).e, half)


def _to_one(x: tf.Tensor) -> tf.Tensor:
    """For each matrix a power of two whose square brings it near 1: Eigen fails where products overflow or vanish."""
    x = tf.stop_gradient(x)
    sizes = tf.maximum(*map(tf.abs, (tf.math.real(x), tf.math.imag(x)))) if x.dtype.is_complex else tf.abs(x)
    size = tf.reduce_max(sizes, axis=(-2, -1), keepdims=True)
    usable = (size > 0) & tf.math.is_finite(size)
    power = tf.round(tf.math.log(tf.where(usable, size, tf.ones_like(size))) * (-0.5 / math.log(2)))
    return tf.cast(tf.pow(tf.constant(2, size.dtype), power), x.dtype)


def _back(values: tf.Tensor, half: tf.Tensor) -> tf.Tensor:
    half = tf.math.real(half)[..., 0]
    return tf.complex(*(part / half / half for part in (tf.math.real(values), tf.math.imag(values))))


def eigh(x: tf.Tensor) -> Any:
    values, vectors = raw.SelfAdjointEigV2(input=_finite(x), compute_v=True)
    return _real(values), vectors


def eigvalsh(x: tf.Tensor) -> tf.Tensor:
    return _real(raw.SelfAdjointEigV2(input=_finite(x), compute_v=False).e)


def _real(x: tf.Tensor) -> tf.Tensor:
    return tf.math.real(x) if x.dtype.is_complex else x


def qr(x: tf.Tensor, complete: bool) -> Any:
    q, r = raw.Qr(input=x, full_matrices=complete)
    return (_unitary_if_empty(q, x), r) if complete else (q, r)


def _unitary_if_empty(q: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """Identity matrices for an empty `x`, where the kernel leaves the memory as it was."""
    if 0 not in x.shape[-2:]:
        return q
    return tf.eye(q.shape[-1], batch_shape=tf.shape(q)[:-2], dtype=q.dtype)


def svd(x: tf.Tensor, full_matrices: bool) -> Any:
    s, u, v = raw.Svd(input=_finite(x), compute_uv=True, full_matrices=full_matrices)
    if full_matrices:
        u, v = _unitary_if_empty(u, x), _unitary_if_empty(v, x)
    return u, _real(s), tf.linalg.adjoint(v)


def svdvals(x: tf.Tensor) -> tf.Tensor:
    return _real(raw.Svd(input=_finite(x), compute_uv=False).s)


# ---- systems


def det(x: tf.Tensor) -> tf.Tensor:
    return raw.MatrixDeterminant(input=x)


def slogdet(x: tf.Tensor) -> Any:
    sign, logabsdet = raw.LogMatrixDeterminant(input=x)
    return sign, _real(logabsdet)


def inv(x: tf.Tensor) -> tf.Tensor:
    return _nan_of_nan(lambda y: raw.MatrixInverse(input=y), x)


def _nan_of_nan(operation: Callable[[tf.Tensor], tf.Tensor], x: tf.Tensor) -> tf.Tensor:
    """The kernels take a matrix with NaN for a singular one: outside a graph it gives NaN."""
    try:
        return operation(x)
    except tf.errors.InvalidArgumentError:
        unknown = tf.reduce_any(tf.math.is_nan(tf.abs(x)), [-2, -1], keepdims=True)
        if not bool(tf.reduce_any(unknown)):
            raise
        known = operation(tf.where(unknown, tf.eye(x.shape[-1], dtype=x.dtype), x))
        return tf.where(unknown, tf.constant(float("nan"), x.dtype), known)


def solve(x1: tf.Tensor, x2: tf.Tensor) -> tf.Tensor:
    if x1.shape.rank > 2 or x2.shape.rank > 2:
        x1, x2 = _in_one_stack(x1, x2)
    return _nan_of_nan(lambda y: raw.MatrixSolve(matrix=y, rhs=x2), x1)


def _in_one_stack(x1: tf.Tensor, x2: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Matrices with as many of the others: the axes before the last two broadcast."""
    first, second = static_shape(x1), static_shape(x2)
    if None not in (*first, *second):
        known = np.broadcast_shapes(first[:-2], second[:-2])  # type: ignore[arg-type]  # None is ruled out above
        return broadcast_to(x1, (*known, *first[-2:])), broadcast_to(x2, (*known, *second[-2:]))
    shape1, shape2 = tf.shape(x1), tf.shape(x2)
    batch = raw.BroadcastArgs(s0=shape1[:-2], s1=shape2[:-2])
    x1 = tf.broadcast_to(x1, tf.concat([batch, shape1[-2:]], 0))
    return x1, tf.broadcast_to(x2, tf.concat([batch, shape2[-2:]], 0))


def pinv(x: tf.Tensor, rtol: Any) -> tf.Tensor:
    rtol = tf.cast(rtol, x.dtype.real_dtype)

    @ruled
    def apply(x: tf.Tensor) -> Any:
        return _pinv(x, rtol), lambda upstream: _pinv_gradient(x, apply(x), upstream)

    return apply(x)


def _pinv(x: tf.Tensor, rtol: tf.Tensor) -> tf.Tensor:
    s, u, v = raw.Svd(input=_finite(x), compute_uv=True, full_matrices=False)
    s = _real(s)
    kept = s > s[..., :1] * rtol
    inverse = tf.where(kept, 1 / tf.where(kept, s, tf.ones_like(s)), tf.zeros_like(s))
    return raw.BatchMatMulV2(x=v * tf.cast(inverse, x.dtype)[..., None, :], y=u, adj_y=True)


def _pinv_gradient(x: tf.Tensor, inverse: tf.Tensor, upstream: tf.Tensor) -> tf.Tensor:
    """Golub and Pereyra (1973), eq. 4.12; through the decomposition it would be NaN for equal singular values."""
    adjoint, back = tf.linalg.adjoint(inverse), tf.linalg.adjoint(upstream)
    left = back - x @ (inverse @ back)
    right = back - (back @ inverse) @ x
    return left @ inverse @ adjoint + adjoint @ inverse @ right - adjoint @ upstream @ adjoint
