"""The array functions on `np.ndarray`: NumPy's own, in unifw's dtypes, and never a NumPy scalar.

Arrays are not changed in place, so results may be views. NumPy's floating point warnings are off: the results are
those of the array API standard.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from math import prod as product
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from unifw import dtypes
from unifw.dtypes import DType, promote, promote_scalar
from unifw.errors import UnsupportedError
from unifw_toy import devices
from unifw_toy.extras import *  # noqa: F403  # the rest of this namespace

Array = np.ndarray[Any, Any]

# ---- data


def _numpy(dtype: DType) -> np.dtype[Any]:
    if dtype is dtypes.bfloat16:
        raise UnsupportedError("dtype: the backend 'toy' has no bfloat16, as NumPy has none. Write unifw.float32.")
    return np.dtype(dtype.name)


def is_traced(x: Array) -> bool:
    return False


def is_size(x: Any) -> bool:
    return False


@np.errstate(all="ignore")
def from_numpy(x: Array, dtype: DType, device: str | None, copy: bool) -> Array:
    return devices.move(np.array(x, _numpy(dtype), copy=copy or None), device)


def to_numpy(x: Array) -> Array:
    return x.copy()


def dtype(x: Array) -> DType:
    return dtypes.BY_NAME[x.dtype.name]


def shape(x: Array) -> tuple[Any, ...]:
    return x.shape


static_shape = shape


@np.errstate(all="ignore")
def astype(x: Array, dtype: DType) -> Array:
    return x.astype(_numpy(dtype))


copy = np.copy


def _common(*xs: Any) -> list[Array]:
    """Arrays, or an array and a Python scalar, in the dtype of an operation on them."""
    result = dtypes.bool_
    for x in sorted(xs, key=np.isscalar):  # arrays first: a scalar yields to them
        result = promote_scalar(result, _kind(x)) if np.isscalar(x) else promote(result, dtype(x))
    return [np.asarray(x, _numpy(result)) for x in xs]


def _kind(scalar: Any) -> type[bool | int | float | complex]:
    return next(kind for kind in (bool, int, float, complex) if isinstance(scalar, kind))


def _floating(x: Array) -> Array:
    return x if x.dtype.kind in "fc" else x.astype(np.float32)


# ---- creation


def full(shape: tuple[Any, ...], value: Any, dtype: DType, device: str | None) -> Array:
    return devices.move(np.full(shape, value, _numpy(dtype)), device)


def arange(start: float, stop: float, step: float, dtype: DType, device: str | None) -> Array:
    return devices.move(np.arange(start, stop, step).astype(_numpy(dtype)), device)


# ---- indexing


def getitem(x: Array, key: Any) -> Array:
    return np.asarray(x[key])


def setitem(x: Array, key: Any, value: Any) -> Array:
    result = x.copy()
    result[key] = value
    return result


take = np.take


def take_along_axis(x: Array, indices: Array, axis: int) -> Array:
    return np.take_along_axis(x, indices.astype(np.int64), axis)


# ---- manipulation

reshape = np.reshape
permute_dims = np.transpose
expand_dims = np.expand_dims
squeeze = np.squeeze
broadcast_to = np.broadcast_to
flip = np.flip
roll = np.roll
shares_memory = np.shares_memory


def concat(xs: Sequence[Array], axis: int) -> Array:
    return np.concatenate(_common(*xs), axis)


def stack(xs: Sequence[Array], axis: int) -> Array:
    return np.stack(_common(*xs), axis)


def unstack(x: Array, axis: int) -> Sequence[Array]:
    return list(np.moveaxis(x, axis, 0))


# ---- elementwise


def _unary(function: Callable[[Any], Any], prepare: Callable[[Array], Array] = np.asarray) -> Callable[[Array], Array]:
    @wraps(function)
    @np.errstate(all="ignore")
    def apply(x: Array) -> Array:
        return np.asarray(function(prepare(x)))

    return apply


def _binary(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Array]:
    @wraps(function)
    @np.errstate(all="ignore")
    def apply(x1: Any, x2: Any) -> Array:
        return np.asarray(function(*_common(x1, x2)))

    return apply


def _binary_floating(function: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Array]:
    return _binary(lambda x1, x2: function(_floating(x1), _floating(x2)))


abs = _unary(np.abs)
acos = _unary(np.acos, _floating)
acosh = _unary(np.acosh, _floating)
asin = _unary(np.asin, _floating)
asinh = _unary(np.asinh, _floating)
atan = _unary(np.atan, _floating)
atanh = _unary(np.atanh, _floating)
bitwise_invert = _unary(np.bitwise_invert)
ceil = _unary(np.ceil)
conj = _unary(np.conj)
cos = _unary(np.cos, _floating)
cosh = _unary(np.cosh, _floating)
exp = _unary(np.exp, _floating)
expm1 = _unary(np.expm1, _floating)
floor = _unary(np.floor)
imag = _unary(np.imag)
isfinite = _unary(np.isfinite)
isinf = _unary(np.isinf)
isnan = _unary(np.isnan)
log = _unary(np.log, _floating)
log10 = _unary(np.log10, _floating)
log1p = _unary(np.log1p, _floating)
log2 = _unary(np.log2, _floating)
logical_not = _unary(np.logical_not)
negative = _unary(np.negative)
positive = _unary(np.positive)
real = _unary(np.real)
reciprocal = _unary(np.reciprocal, _floating)
round = _unary(np.round)
sign = _unary(np.sign)
signbit = _unary(np.signbit, _floating)
sin = _unary(np.sin, _floating)
sinh = _unary(np.sinh, _floating)
sqrt = _unary(np.sqrt, _floating)
square = _unary(np.square)
tan = _unary(np.tan, _floating)
tanh = _unary(np.tanh, _floating)
trunc = _unary(np.trunc)

add = _binary(np.add)
atan2 = _binary_floating(np.atan2)
bitwise_and = _binary(np.bitwise_and)
bitwise_left_shift = _binary(np.bitwise_left_shift)
bitwise_or = _binary(np.bitwise_or)
bitwise_right_shift = _binary(np.bitwise_right_shift)
bitwise_xor = _binary(np.bitwise_xor)
copysign = _binary_floating(np.copysign)
divide = _binary_floating(np.divide)
equal = _binary(np.equal)
floor_divide = _binary(np.floor_divide)
greater = _binary(np.greater)
greater_equal = _binary(np.greater_equal)
hypot = _binary_floating(np.hypot)
less = _binary(np.less)
less_equal = _binary(np.less_equal)
logaddexp = _binary_floating(np.logaddexp)
logical_and = _binary(np.logical_and)
logical_or = _binary(np.logical_or)
logical_xor = _binary(np.logical_xor)
matmul = _binary(np.matmul)
maximum = _binary(np.maximum)
minimum = _binary(np.minimum)
multiply = _binary(np.multiply)
nextafter = _binary_floating(np.nextafter)
not_equal = _binary(np.not_equal)
pow = _binary(np.pow)
remainder = _binary(np.remainder)
subtract = _binary(np.subtract)


def where(condition: Array, x1: Any, x2: Any) -> Array:
    return np.where(condition, *_common(x1, x2))


def clip(x: Array, minimum: float | None, maximum: float | None) -> Array:
    return np.asarray(np.clip(x, minimum, maximum))


# ---- reductions


def _reduction(function: Callable[..., Any]) -> Callable[[Array, Any, bool], Array]:
    @wraps(function)
    @np.errstate(all="ignore")
    def apply(x: Array, axis: Any, keepdims: bool) -> Array:
        if axis is not None:
            axis = normalize_axis_tuple(axis, x.ndim)  # NumPy lets a 0-d array have an axis 0
        return np.asarray(function(x, axis=axis, keepdims=keepdims))

    return apply


sum = _reduction(np.sum)
prod = _reduction(np.prod)
max = _reduction(np.max)
min = _reduction(np.min)
any = _reduction(np.any)
all = _reduction(np.all)


def argmax(x: Array, axis: int | None, keepdims: bool) -> Array:
    return np.asarray(np.argmax(x, axis, keepdims=keepdims))


def argmin(x: Array, axis: int | None, keepdims: bool) -> Array:
    return np.asarray(np.argmin(x, axis, keepdims=keepdims))


def _count(x: Array, axis: Any) -> int:
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    return product(x.shape[i] for i in axes)


@np.errstate(all="ignore")
def mean(x: Array, axis: Any, keepdims: bool) -> Array:
    total = sum(_floating(x), axis, keepdims)
    return np.asarray(total / total.dtype.type(_count(x, axis)))


@np.errstate(all="ignore")
def var(x: Array, axis: Any, keepdims: bool, correction: float) -> Array:
    x = _floating(x)
    total = sum(np.square(np.abs(x - mean(x, axis, True))), axis, keepdims)
    left = _count(x, axis) - correction
    return np.asarray(total / total.dtype.type(left if left > 0 else np.nan))


# ---- sorting, sets, Fourier transforms


def sort(x: Array, axis: int, descending: bool) -> Array:
    result = np.sort(x, axis)
    return np.flip(result, axis) if descending else result


def argsort(x: Array, axis: int, descending: bool) -> Array:
    if not descending:
        return np.argsort(x, axis, stable=True)
    from_last = np.flip(np.argsort(np.flip(x, axis), axis, stable=True), axis)  # keeps equal elements in their order
    return x.shape[axis] - 1 - from_last


def fft(x: Array, n: int | None, axis: int, norm: Any) -> Array:
    return np.fft.fft(_floating(x), n, axis, norm)


def ifft(x: Array, n: int | None, axis: int, norm: Any) -> Array:
    return np.fft.ifft(_floating(x), n, axis, norm)


def rfft(x: Array, n: int | None, axis: int, norm: Any) -> Array:
    return np.fft.rfft(_floating(x), n, axis, norm)


def irfft(x: Array, n: int | None, axis: int, norm: Any) -> Array:
    return np.fft.irfft(_floating(x), n, axis, norm)


# ---- linear algebra


cholesky = np.linalg.cholesky
det = _unary(np.linalg.det)
eigh = np.linalg.eigh
inv = np.linalg.inv
slogdet = np.linalg.slogdet
svdvals = np.linalg.svdvals


def eig(x: Array) -> tuple[Array, Array]:
    values, vectors = np.linalg.eig(x + 0j)
    return values, vectors


def eigvals(x: Array) -> Array:
    return np.linalg.eigvals(x + 0j)


def eigvalsh(x: Array) -> Array:
    return np.linalg.eigvalsh(x)


def qr(x: Array, complete: bool) -> Any:
    return np.linalg.qr(x, "complete" if complete else "reduced")


def svd(x: Array, full_matrices: bool) -> Any:
    return np.linalg.svd(x, full_matrices)


def solve(x1: Array, x2: Array) -> Array:
    return np.linalg.solve(x1, x2)


def pinv(x: Array, rtol: Any) -> Array:
    return np.linalg.pinv(x, rtol=rtol if np.isscalar(rtol) else rtol[..., 0])
