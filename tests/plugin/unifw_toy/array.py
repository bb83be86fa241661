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

# ---- manipulation

reshape = np.reshape
permute_dims = np.transpose
expand_dims = np.expand_dims
squeeze = np.squeeze
broadcast_to = np.broadcast_to
flip = np.flip


def concat(xs: Sequence[Array], axis: int) -> Array:
    return np.concatenate(_common(*xs), axis)


def stack(xs: Sequence[Array], axis: int) -> Array:
    return np.stack(_common(*xs), axis)


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


abs = _unary(np.abs)
bitwise_invert = _unary(np.bitwise_invert)
ceil = _unary(np.ceil)
cos = _unary(np.cos, _floating)
exp = _unary(np.exp, _floating)
expm1 = _unary(np.expm1, _floating)
floor = _unary(np.floor)
isfinite = _unary(np.isfinite)
isinf = _unary(np.isinf)
isnan = _unary(np.isnan)
log = _unary(np.log, _floating)
log1p = _unary(np.log1p, _floating)
logical_not = _unary(np.logical_not)
negative = _unary(np.negative)
positive = _unary(np.positive)
round = _unary(np.round)
sign = _unary(np.sign)
sin = _unary(np.sin, _floating)
sqrt = _unary(np.sqrt, _floating)
square = _unary(np.square)
tanh = _unary(np.tanh, _floating)

add = _binary(np.add)
bitwise_and = _binary(np.bitwise_and)
bitwise_or = _binary(np.bitwise_or)
bitwise_xor = _binary(np.bitwise_xor)
divide = _binary(lambda x1, x2: np.divide(_floating(x1), _floating(x2)))
equal = _binary(np.equal)
floor_divide = _binary(np.floor_divide)
greater = _binary(np.greater)
greater_equal = _binary(np.greater_equal)
less = _binary(np.less)
less_equal = _binary(np.less_equal)
logical_and = _binary(np.logical_and)
logical_or = _binary(np.logical_or)
matmul = _binary(np.matmul)
maximum = _binary(np.maximum)
minimum = _binary(np.minimum)
multiply = _binary(np.multiply)
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
    total = sum(np.square(x - mean(x, axis, True)), axis, keepdims)
    return np.asarray(total / total.dtype.type(np.maximum(_count(x, axis) - correction, 0)))


# ---- sorting, sets, Fourier transforms


def sort(x: Array, axis: int, descending: bool) -> Array:
    result = np.sort(x, axis)
    return np.flip(result, axis) if descending else result


def argsort(x: Array, axis: int, descending: bool) -> Array:
    if not descending:
        return np.argsort(x, axis, stable=True)
    from_last = np.flip(np.argsort(np.flip(x, axis), axis, stable=True), axis)  # keeps equal elements in their order
    return x.shape[axis] - 1 - from_last


def unique_values(x: Array) -> Array:
    return np.unique(x, equal_nan=False)


def fft(x: Array) -> Array:
    return np.fft.fft(_floating(x))


def ifft(x: Array) -> Array:
    return np.fft.ifft(_floating(x))
