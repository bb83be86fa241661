"""Functions of each element, by raw operations: they cost about half of the public eager functions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.native import TF
from unifw.backends.tensorflow.promotion import as_tensors, constant, floating, pair
from unifw.dtypes import as_dtype, promote

raw = tf.raw_ops

# ---- two operands

Binary = Callable[[Any, Any], Any]


def _binary(operation: Callable[..., Any]) -> Binary:
    def apply(x1: Any, x2: Any) -> Any:
        x1, x2 = pair(x1, x2)
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
    x1, x2 = as_tensors(x1, x2)
    if not x1.dtype.is_floating:
        return raw.FloorDiv(x=x1, y=x2)
    # TensorFlow's own rounds the quotient down after it has been rounded: 1.0 // 0.1 would be 10.
    whole = raw.Rint(x=(x1 - raw.FloorMod(x=x1, y=x2)) / x2)
    plain = raw.Floor(x=raw.RealDiv(x=x1, y=x2))  # right where the other is not finite, and for the sign of zero
    return raw.SelectV2(condition=tf.math.is_finite(whole) & (tf.abs(plain - whole) > 0.5), t=whole, e=plain)


def divide(x1: Any, x2: Any) -> Any:
    x1, x2 = pair(x1, x2)
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
    return _maximum(*as_tensors(x1, x2))


def minimum(x1: Any, x2: Any) -> tf.Tensor:
    return _minimum(*as_tensors(x1, x2))


def logical_and(x1: Any, x2: Any) -> tf.Tensor:
    return raw.LogicalAnd(x=tf.cast(x1, tf.bool), y=tf.cast(x2, tf.bool))


def logical_or(x1: Any, x2: Any) -> tf.Tensor:
    return raw.LogicalOr(x=tf.cast(x1, tf.bool), y=tf.cast(x2, tf.bool))


def _bitwise(integers: Callable[..., Any], booleans: Callable[..., Any]) -> Binary:
    def apply(x1: Any, x2: Any) -> Any:
        x1, x2 = as_tensors(x1, x2)
        return (booleans if x1.dtype is tf.bool else integers)(x=x1, y=x2)

    return apply


bitwise_and = _bitwise(raw.BitwiseAnd, raw.LogicalAnd)
bitwise_or = _bitwise(raw.BitwiseOr, raw.LogicalOr)
bitwise_xor = _bitwise(raw.BitwiseXor, raw.NotEqual)


def where(condition: tf.Tensor, x1: Any, x2: Any) -> tf.Tensor:
    if not isinstance(x1, tf.Tensor) and not isinstance(x2, tf.Tensor):
        common = promote(as_dtype(type(x1)), as_dtype(type(x2)))
        x1 = constant(x1, TF[common])
    x1, x2 = as_tensors(x1, x2)
    return raw.SelectV2(condition=condition, t=x1, e=x2)


def clip(x: tf.Tensor, minimum: float | None, maximum: float | None) -> tf.Tensor:
    if minimum is not None:
        x = tf.where(x < minimum, tf.constant(minimum, x.dtype), x)  # the gradient at an edge is 1, as in PyTorch
    if maximum is not None:
        x = tf.where(x > maximum, tf.constant(maximum, x.dtype), x)
    return x


# ---- one operand


def _float_unary(operation: Callable[..., Any]) -> Callable[[Any], Any]:
    def apply(x: Any) -> Any:
        return operation(x=floating(x))

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
