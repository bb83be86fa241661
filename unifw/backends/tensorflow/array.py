"""The array functions on `tf.Tensor`.

Raw operations are called where they exist: they cost about half of the public eager functions. TensorFlow promotes
no dtypes, so `_pair` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import numpy as np
import tensorflow as tf

from unifw import dtypes
from unifw.backends.tensorflow import devices
from unifw.backends.tensorflow.indexing import getitem as getitem
from unifw.backends.tensorflow.indexing import setitem as setitem
from unifw.backends.tensorflow.indexing import take as take
from unifw.dtypes import DType, as_dtype, promote, promote_scalar

raw = tf.raw_ops
_TF = {dtype: getattr(tf, dtype.name) for dtype in dtypes.ALL}
_UNIFW = {native: dtype for dtype, native in _TF.items()}

# ---- data


def is_traced(x: tf.Tensor) -> bool:
    return bool(tf.is_symbolic_tensor(x))


def is_size(x: Any) -> bool:
    return isinstance(x, tf.Tensor) and x.shape.rank == 0 and is_traced(x)


def from_numpy(x: np.ndarray[Any, Any], dtype: DType, device: str | None, copy: bool) -> tf.Tensor:
    if x.dtype != dtype.name:
        x = x.astype(_TF[dtype].as_numpy_dtype)
    if device is None:
        return tf.constant(x)
    with tf.device(devices.native(device)):
        return tf.constant(x)


def to_numpy(x: tf.Tensor) -> np.ndarray[Any, Any]:
    values: np.ndarray[Any, Any] = x.numpy()
    if x.dtype is tf.bfloat16:
        return np.asarray(values, dtype=np.float32)
    return np.array(values)


def dtype(x: tf.Tensor) -> DType:
    return _UNIFW[x.dtype]


def shape(x: tf.Tensor) -> tuple[Any, ...]:
    static = tuple(x.shape)
    if None not in static:
        return static
    dynamic = tf.shape(x)
    return tuple(dynamic[i] if size is None else size for i, size in enumerate(static))


def static_shape(x: tf.Tensor) -> tuple[int | None, ...]:
    return tuple(x.shape)


def astype(x: tf.Tensor, dtype: DType) -> tf.Tensor:
    return tf.cast(x, _TF[dtype])


def copy(x: tf.Tensor) -> tf.Tensor:
    return x  # immutable


def _pair(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Two operands of one dtype: tensors have one already; a Python scalar takes the tensor's unless it is higher."""
    if not isinstance(x2, tf.Tensor):
        return _with_scalar(x1, x2)
    if not isinstance(x1, tf.Tensor):
        x2, x1 = _with_scalar(x2, x1)
    elif x1.dtype is not x2.dtype:  # one is a symbolic size
        x1, x2 = (tf.cast(x1, x2.dtype), x2) if is_size(x1) else (x1, tf.cast(x2, x1.dtype))
    return x1, x2


def _with_scalar(x: tf.Tensor, scalar: Any) -> tuple[tf.Tensor, Any]:
    own = _UNIFW[x.dtype]
    kind: Any = type(scalar)
    common = promote_scalar(own, kind)
    if common is not own:
        x = tf.cast(x, _TF[common])
    if common is not own or kind not in _PYTHON or scalar == 0 or is_traced(x):
        scalar = _constant(scalar, x.dtype)
    return x, scalar


_PYTHON = (bool, int, float, complex)


def _constant(scalar: Any, dtype: tf.DType) -> tf.Tensor:
    """A scalar as a tensor. By way of NumPy: TensorFlow keeps Python scalars in a cache that takes -0.0 for 0.0."""
    return tf.constant(np.asarray(scalar, dtype.as_numpy_dtype))


def _floating(x: tf.Tensor) -> tf.Tensor:
    return x if x.dtype.is_floating or x.dtype.is_complex else tf.cast(x, tf.float32)


# ---- creation


def full(shape: tuple[Any, ...], value: Any, dtype: DType, device: str | None) -> tf.Tensor:
    if device is not None:
        with tf.device(devices.native(device)):
            return full(shape, value, dtype, None)
    make = _kept_constant if type(value) is int and tf.executing_eagerly() else _constant
    return raw.Fill(dims=shape or tf.zeros(0, tf.int32), value=make(value, _TF[dtype]))


@cache
def _kept_constant(value: int, dtype: tf.DType) -> tf.Tensor:
    return _constant(value, dtype)


def arange(start: float, stop: float, step: float, dtype: DType, device: str | None) -> tf.Tensor:
    with tf.device(devices.native(device)):
        if (stop - start) / step <= 0:
            return tf.zeros((0,), _TF[dtype])
        return tf.range(start, stop, step, dtype=_TF[dtype])


# ---- manipulation


def reshape(x: tf.Tensor, shape: tuple[Any, ...]) -> tf.Tensor:
    return raw.Reshape(tensor=x, shape=shape)


def permute_dims(x: tf.Tensor, axes: tuple[int, ...]) -> tf.Tensor:
    return raw.Transpose(x=x, perm=axes)


def expand_dims(x: tf.Tensor, axis: int) -> tf.Tensor:
    return raw.ExpandDims(input=x, axis=axis)


def squeeze(x: tf.Tensor, axis: tuple[int, ...]) -> tf.Tensor:
    return tf.squeeze(x, list(axis)) if axis else x


def broadcast_to(x: tf.Tensor, shape: tuple[Any, ...]) -> tf.Tensor:
    return raw.BroadcastTo(input=x, shape=shape)


def concat(xs: Sequence[tf.Tensor], axis: int) -> tf.Tensor:
    return tf.concat(_common(xs), axis)


def stack(xs: Sequence[tf.Tensor], axis: int) -> tf.Tensor:
    return tf.stack(_common(xs), axis)


def _common(xs: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    common = _UNIFW[xs[0].dtype]
    for x in xs[1:]:
        common = promote(common, _UNIFW[x.dtype])
    return [tf.cast(x, _TF[common]) for x in xs]


def flip(x: tf.Tensor, axes: tuple[int, ...]) -> tf.Tensor:
    return tf.reverse(x, list(axes))


# ---- elementwise, two operands

Binary = Callable[[Any, Any], Any]


def _binary(operation: Callable[..., Any]) -> Binary:
    def apply(x1: Any, x2: Any) -> Any:
        x1, x2 = _pair(x1, x2)
        return operation(x=x1, y=x2)

    return apply


add = _binary(raw.AddV2)
subtract = _binary(raw.Sub)
multiply = _binary(raw.Mul)
remainder = _binary(raw.FloorMod)
pow = _binary(raw.Pow)
equal = _binary(raw.Equal)
not_equal = _binary(raw.NotEqual)
less = _binary(raw.Less)
less_equal = _binary(raw.LessEqual)
greater = _binary(raw.Greater)
greater_equal = _binary(raw.GreaterEqual)


def floor_divide(x1: Any, x2: Any) -> tf.Tensor:
    x1, x2 = _tensors(x1, x2)
    if not x1.dtype.is_floating:
        return raw.FloorDiv(x=x1, y=x2)
    # TensorFlow's own rounds the quotient down after it has been rounded: 1.0 // 0.1 would be 10.
    whole = raw.Rint(x=(x1 - raw.FloorMod(x=x1, y=x2)) / x2)
    plain = raw.Floor(x=raw.RealDiv(x=x1, y=x2))  # right where the other is not finite, and for the sign of zero
    return raw.SelectV2(condition=tf.math.is_finite(whole) & (tf.abs(plain - whole) > 0.5), t=whole, e=plain)


def divide(x1: Any, x2: Any) -> Any:
    x1, x2 = _pair(x1, x2)
    like = x1 if isinstance(x1, tf.Tensor) else x2
    if like.dtype.is_integer or like.dtype.is_bool:
        x1, x2 = tf.cast(x1, tf.float32), tf.cast(x2, tf.float32)
    return raw.RealDiv(x=x1, y=x2)


@tf.custom_gradient
def _maximum(x1: tf.Tensor, x2: tf.Tensor) -> Any:
    return raw.Maximum(x=x1, y=x2), _tie_gradient(x1, x2, raw.Greater)


@tf.custom_gradient
def _minimum(x1: tf.Tensor, x2: tf.Tensor) -> Any:
    return raw.Minimum(x=x1, y=x2), _tie_gradient(x1, x2, raw.Less)


def _tie_gradient(x1: tf.Tensor, x2: tf.Tensor, wins: Callable[..., Any]) -> Callable[[Any], Any]:
    """At a tie each side gets half of the gradient, as in PyTorch; TensorFlow gives all of it to the first."""

    def gradient(upstream: tf.Tensor) -> Any:
        half = 0.5 * tf.cast(tf.equal(x1, x2), upstream.dtype)
        share = tf.cast(wins(x=x1, y=x2), upstream.dtype) + half
        return _sum_to(upstream * share, x1), _sum_to(upstream * (1 - share), x2)

    return gradient


def _sum_to(x: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """Undo broadcasting: sum `x` down to the shape of `like`."""
    axes, _ = raw.BroadcastGradientArgs(s0=tf.shape(like), s1=tf.shape(x))
    return tf.reshape(tf.reduce_sum(x, axes), tf.shape(like))


def maximum(x1: Any, x2: Any) -> tf.Tensor:
    return _maximum(*_tensors(x1, x2))


def minimum(x1: Any, x2: Any) -> tf.Tensor:
    return _minimum(*_tensors(x1, x2))


def _tensors(x1: Any, x2: Any) -> tuple[tf.Tensor, tf.Tensor]:
    x1, x2 = _pair(x1, x2)
    if not isinstance(x1, tf.Tensor):
        x1 = _constant(x1, x2.dtype)
    elif not isinstance(x2, tf.Tensor):
        x2 = _constant(x2, x1.dtype)
    return x1, x2


def logical_and(x1: Any, x2: Any) -> tf.Tensor:
    return raw.LogicalAnd(x=tf.cast(x1, tf.bool), y=tf.cast(x2, tf.bool))


def logical_or(x1: Any, x2: Any) -> tf.Tensor:
    return raw.LogicalOr(x=tf.cast(x1, tf.bool), y=tf.cast(x2, tf.bool))


def _bitwise(integers: Callable[..., Any], booleans: Callable[..., Any]) -> Binary:
    def apply(x1: Any, x2: Any) -> Any:
        x1, x2 = _tensors(x1, x2)
        return (booleans if x1.dtype is tf.bool else integers)(x=x1, y=x2)

    return apply


bitwise_and = _bitwise(raw.BitwiseAnd, raw.LogicalAnd)
bitwise_or = _bitwise(raw.BitwiseOr, raw.LogicalOr)
bitwise_xor = _bitwise(raw.BitwiseXor, raw.NotEqual)


def matmul(x1: tf.Tensor, x2: tf.Tensor) -> tf.Tensor:
    x1, x2 = _pair(x1, x2)
    rank1, rank2 = x1.shape.rank, x2.shape.rank
    if rank1 == 2 and rank2 == 2:
        return raw.MatMul(a=x1, b=x2)
    if rank1 == 1 and rank2 == 1:
        return tf.tensordot(x1, x2, 1)
    if rank1 == 1:
        return tf.squeeze(raw.BatchMatMulV2(x=x1[None, :], y=x2), -2)
    if rank2 == 1:
        return tf.squeeze(raw.BatchMatMulV2(x=x1, y=x2[:, None]), -1)
    return raw.BatchMatMulV2(x=x1, y=x2)


def where(condition: tf.Tensor, x1: Any, x2: Any) -> tf.Tensor:
    if not isinstance(x1, tf.Tensor) and not isinstance(x2, tf.Tensor):
        common = promote(as_dtype(type(x1)), as_dtype(type(x2)))
        x1 = _constant(x1, _TF[common])
    x1, x2 = _tensors(x1, x2)
    return raw.SelectV2(condition=condition, t=x1, e=x2)


def clip(x: tf.Tensor, minimum: float | None, maximum: float | None) -> tf.Tensor:
    if minimum is not None:
        x = tf.where(x < minimum, tf.constant(minimum, x.dtype), x)  # the gradient at an edge is 1, as in PyTorch
    if maximum is not None:
        x = tf.where(x > maximum, tf.constant(maximum, x.dtype), x)
    return x


# ---- elementwise, one operand


def _float_unary(operation: Callable[..., Any]) -> Callable[[Any], Any]:
    def apply(x: Any) -> Any:
        return operation(x=_floating(x))

    return apply


def _exact_for_integers(operation: Callable[..., Any]) -> Callable[[Any], Any]:
    def apply(x: Any) -> Any:
        return operation(x=x) if x.dtype.is_floating else x

    return apply


def _float_test(operation: Callable[..., Any], for_integers: bool) -> Callable[[Any], Any]:
    def apply(x: Any) -> Any:
        return operation(x=x) if x.dtype.is_floating else tf.fill(tf.shape(x), for_integers)

    return apply


cos = _float_unary(raw.Cos)
exp = _float_unary(raw.Exp)
expm1 = _float_unary(raw.Expm1)
log = _float_unary(raw.Log)
log1p = _float_unary(raw.Log1p)
sin = _float_unary(raw.Sin)
sqrt = _float_unary(raw.Sqrt)
tanh = _float_unary(raw.Tanh)
ceil = _exact_for_integers(raw.Ceil)
floor = _exact_for_integers(raw.Floor)
round = _exact_for_integers(raw.Rint)
isfinite = _float_test(raw.IsFinite, True)
isinf = _float_test(raw.IsInf, False)
isnan = _float_test(raw.IsNan, False)


def abs(x: tf.Tensor) -> tf.Tensor:
    return raw.ComplexAbs(x=x, Tout=x.dtype.real_dtype) if x.dtype.is_complex else raw.Abs(x=x)


def bitwise_invert(x: tf.Tensor) -> tf.Tensor:
    return raw.LogicalNot(x=x) if x.dtype is tf.bool else raw.Invert(x=x)


def logical_not(x: tf.Tensor) -> tf.Tensor:
    return raw.LogicalNot(x=tf.cast(x, tf.bool))


def negative(x: tf.Tensor) -> tf.Tensor:
    return raw.Neg(x=x)


def positive(x: tf.Tensor) -> tf.Tensor:
    return raw.Identity(input=x)


def sign(x: tf.Tensor) -> tf.Tensor:
    return raw.Sign(x=x)


def square(x: tf.Tensor) -> tf.Tensor:
    return raw.Square(x=x)


# ---- reductions


@cache
def _every_axis(rank: int) -> tf.Tensor:
    with tf.init_scope():
        return tf.range(rank)


def _axes(x: tf.Tensor, axis: Any) -> Any:
    return axis if axis is not None else tuple(range(x.shape.rank)) if is_traced(x) else _every_axis(x.shape.rank)


def _accumulator(x: tf.Tensor) -> tf.Tensor:
    """Sums and products of small integers and booleans are taken in 64 bits."""
    if x.dtype is tf.bool or (x.dtype.is_integer and x.dtype.size < 8):
        return tf.cast(x, tf.uint64 if x.dtype.is_unsigned and x.dtype is not tf.bool else tf.int64)
    return x


def sum(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    x = _accumulator(x)
    return raw.Sum(input=x, axis=_axes(x, axis), keep_dims=keepdims)


def prod(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    x = _accumulator(x)
    return raw.Prod(input=x, axis=_axes(x, axis), keep_dims=keepdims)


def mean(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    x = _floating(x)
    return raw.Mean(input=x, axis=_axes(x, axis), keep_dims=keepdims)


def max(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    _refuse_empty("max", x, axis)
    return raw.Max(input=x, axis=_axes(x, axis), keep_dims=keepdims)


def min(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    _refuse_empty("min", x, axis)
    return raw.Min(input=x, axis=_axes(x, axis), keep_dims=keepdims)


def _refuse_empty(name: str, x: tf.Tensor, axis: Any) -> None:
    axes = range(x.shape.rank) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if 0 in [x.shape[i] for i in axes]:
        raise ValueError(f"{name} of no elements")


def any(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    return raw.Any(input=tf.cast(x, tf.bool), axis=_axes(x, axis), keep_dims=keepdims)


def all(x: tf.Tensor, axis: Any, keepdims: bool) -> tf.Tensor:
    return raw.All(input=tf.cast(x, tf.bool), axis=_axes(x, axis), keep_dims=keepdims)


def var(x: tf.Tensor, axis: Any, keepdims: bool, correction: float) -> tf.Tensor:
    x = _floating(x)
    axes = _axes(x, axis)
    squares = raw.Square(x=x - raw.Mean(input=x, axis=axes, keep_dims=True))
    count = tf.cast(tf.size(x) / tf.size(raw.Mean(input=x, axis=axes, keep_dims=False)), x.dtype)
    return raw.Sum(input=squares, axis=axes, keep_dims=keepdims) / tf.maximum(count - correction, 0)


def _arg(operation: Callable[..., Any]) -> Callable[[Any, Any, Any], Any]:
    def apply(x: Any, axis: int | None, keepdims: bool) -> Any:
        rank = x.shape.rank
        if axis is None:
            found = operation(input=tf.reshape(x, (-1,)), dimension=0)
            return tf.reshape(found, (1,) * rank) if keepdims else found
        found = operation(input=x, dimension=axis)
        return tf.expand_dims(found, axis) if keepdims else found

    return apply


argmax = _arg(raw.ArgMax)
argmin = _arg(raw.ArgMin)

# ---- sorting, sets, Fourier transforms


def sort(x: tf.Tensor, axis: int, descending: bool) -> tf.Tensor:
    return tf.sort(x, axis, "DESCENDING" if descending else "ASCENDING")


def argsort(x: tf.Tensor, axis: int, descending: bool) -> tf.Tensor:
    direction = "DESCENDING" if descending else "ASCENDING"
    return tf.cast(tf.argsort(x, axis, direction, stable=True), tf.int64)


def unique_values(x: tf.Tensor) -> tf.Tensor:
    if x.dtype is tf.bool:  # which tf.sort refuses
        return tf.cast(unique_values(tf.cast(x, tf.int8)), tf.bool)
    return tf.sort(tf.unique(tf.reshape(x, (-1,))).y)


def fft(x: tf.Tensor) -> tf.Tensor:
    return tf.signal.fft(_complex(x))


def ifft(x: tf.Tensor) -> tf.Tensor:
    return tf.signal.ifft(_complex(x))


def _complex(x: tf.Tensor) -> tf.Tensor:
    return tf.cast(x, tf.complex128 if x.dtype in (tf.float64, tf.complex128) else tf.complex64)
