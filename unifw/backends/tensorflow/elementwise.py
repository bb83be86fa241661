"""Arithmetic and functions of each element, by raw operations: they cost about half of the public eager functions."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.ops import EagerTensor

from unifw.backends.tensorflow import complex_numbers, unsigned
from unifw.backends.tensorflow.native import cast, eager, is_recorded, op, thread
from unifw.backends.tensorflow.promotion import as_tensors, constant, floating, floats, level, pair, sum_to
from unifw.backends.tensorflow.promotion import binary as _binary
from unifw.backends.tensorflow.rules import ruled

raw = tf.raw_ops

# ---- two operands

add = _binary("AddV2", raw.LogicalOr)
subtract = _binary("Sub")
multiply = _binary("Mul", raw.LogicalAnd)
_rest = _binary("FloorMod")
_quotient = op("RealDiv")
_native_power = op("Pow")


def remainder(x1: Any, x2: Any) -> tf.Tensor:
    """A remainder of zero has the sign of the divisor, as every other has."""
    rest = _rest(x1, x2)
    if not rest.dtype.is_floating:
        return rest
    divisor = cast(x2, rest.dtype) if isinstance(x2, tf.Tensor) else constant(x2, rest.dtype)
    size, sign = level(_size(rest), raw.Sign(x=divisor))
    signed = raw.Mul(x=size, y=sign)
    if not is_recorded():
        return signed
    return raw.SelectV2(condition=tf.equal(rest, 0), t=complex_numbers.with_value(signed, rest), e=rest)


def floor_divide(x1: Any, x2: Any) -> tf.Tensor:
    x1, x2 = as_tensors(x1, x2)
    if not x1.dtype.is_floating:
        return raw.FloorDiv(x=x1, y=x2)
    # TensorFlow's own rounds the quotient down after it has been rounded: 1.0 // 0.1 would be 10.
    rest = raw.FloorMod(x=x1, y=x2)
    whole = _rint((x1 - rest) / x2)
    whole = raw.SelectV2(condition=tf.math.is_inf(rest), t=constant(-1, x1.dtype), e=whole)  # 1 // -inf
    plain = raw.Floor(x=raw.RealDiv(x=x1, y=x2))  # right for the sign of zero, and where the other is the same
    return raw.SelectV2(condition=tf.equal(x2, 0) | (tf.abs(plain - whole) <= 0.5), t=plain, e=whole)


def divide(x1: Any, x2: Any) -> Any:
    try:
        if type(x1) is type(x2) is EagerTensor and x1.dtype is tf.float32:
            return _quotient(x1, x2)
    except Exception:
        pass
    x1, x2 = level(*pair(x1, x2))
    like = x1 if isinstance(x1, tf.Tensor) else x2
    if like.dtype.is_integer or like.dtype.is_bool:
        x1, x2 = cast(x1, tf.float32), cast(x2, tf.float32)
    return _quotient(x1, x2)


def pow(x1: Any, x2: Any) -> Any:
    x1, x2 = level(*pair(x1, x2))
    dtype = (x1 if isinstance(x1, tf.Tensor) else x2).dtype
    if dtype.is_unsigned:
        return unsigned.power(*as_tensors(x1, x2))
    if dtype.is_integer or not is_recorded():
        return _native_power(x1, x2)
    if not isinstance(x2, tf.Tensor):
        return _power_of(x1, x2)
    return _power(x1 if isinstance(x1, tf.Tensor) else constant(x1, x2.dtype), x2)


# TensorFlow's own gradients of a power are NaN at x**0 and 0**x.


def _power_of(x1: tf.Tensor, exponent: Any) -> tf.Tensor:
    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        if exponent == 0:
            return tf.zeros_like(upstream)
        return upstream * tf.math.conj(_power_of(x1, exponent - 1) * constant(exponent, x1.dtype))

    return ruled(lambda x1: (_native_power(x1, exponent), gradient))(x1)


@ruled
def _power(x1: tf.Tensor, x2: tf.Tensor) -> Any:
    def gradient(upstream: tf.Tensor) -> Any:
        one = tf.ones((), x1.dtype)  # in the place of what would be infinite, times 0
        below = raw.SelectV2(condition=tf.equal(x2, 0), t=one, e=x2) - 1
        usable = tf.not_equal(x1, 0) if x1.dtype.is_complex else tf.greater(x1, 0)
        base = raw.SelectV2(condition=usable, t=x1, e=one)
        first = upstream * tf.math.conj(x2 * _power(x1, below))
        return sum_to(first, x1), sum_to(upstream * tf.math.conj(_power(x1, x2) * raw.Log(x=base)), x2)

    return _native_power(x1, x2), gradient


def atan2(x1: Any, x2: Any) -> tf.Tensor:
    return _atan2(*floats(x1, x2))


@ruled
def _atan2(x1: tf.Tensor, x2: tf.Tensor) -> Any:
    def gradient(upstream: tf.Tensor) -> Any:
        slope = tf.math.divide_no_nan(upstream, x1 * x1 + x2 * x2)  # no slope at the origin, as in PyTorch
        return sum_to(x2 * slope, x1), sum_to(-x1 * slope, x2)

    return raw.Atan2(y=x1, x=x2), gradient


def copysign(x1: Any, x2: Any) -> tf.Tensor:
    x1, x2 = floats(x1, x2)
    result = raw.SelectV2(condition=tf.equal(signbit(x1), signbit(x2)), t=x1, e=-x1)
    return raw.SelectV2(condition=tf.equal(x1, 0), t=tf.stop_gradient(result), e=result)  # no slope at 0, as in PyTorch


def hypot(x1: Any, x2: Any) -> tf.Tensor:
    return _hypot(*floats(x1, x2))


@ruled
def _hypot(x1: tf.Tensor, x2: tf.Tensor) -> Any:
    def gradient(upstream: tf.Tensor) -> Any:
        slope = upstream / _hypot(x1, x2)
        return sum_to(x1 * slope, x1), sum_to(x2 * slope, x2)

    return _length(x1, x2), gradient


def _length(x1: tf.Tensor, x2: tf.Tensor) -> tf.Tensor:
    x1, x2 = raw.Abs(x=x1), raw.Abs(x=x2)
    largest, least = raw.Maximum(x=x1, y=x2), raw.Minimum(x=x1, y=x2)
    if x1.dtype is tf.float64:  # which has no wider dtype: keep the squares in range
        ratio = raw.DivNoNan(x=least, y=largest)
        result = largest * raw.Sqrt(x=1 + ratio * ratio)
    else:
        wide = cast(x1, tf.float64), cast(x2, tf.float64)
        result = cast(raw.Sqrt(x=wide[0] * wide[0] + wide[1] * wide[1]), x1.dtype)
    infinite = tf.math.is_inf(x1) | tf.math.is_inf(x2)  # also with a NaN
    return raw.SelectV2(condition=infinite, t=constant(math.inf, x1.dtype), e=result)


def logaddexp(x1: Any, x2: Any) -> tf.Tensor:
    x1, x2 = floats(x1, x2)
    if x1.dtype.size > 2:
        return _logaddexp(x1, x2)
    return cast(_logaddexp(cast(x1, tf.float32), cast(x2, tf.float32)), x1.dtype)


@ruled
def _logaddexp(x1: tf.Tensor, x2: tf.Tensor) -> Any:
    def gradient(upstream: tf.Tensor) -> Any:
        return sum_to(upstream * tf.sigmoid(x1 - x2), x1), sum_to(upstream * tf.sigmoid(x2 - x1), x2)

    distance = raw.SelectV2(condition=tf.equal(x1, x2), t=tf.zeros((), x1.dtype), e=raw.Abs(x=x1 - x2))
    return raw.Maximum(x=x1, y=x2) + raw.Log1p(x=raw.Exp(x=-distance)), gradient


def nextafter(x1: Any, x2: Any) -> tf.Tensor:
    x1, x2 = floats(x1, x2)
    return _next_half(x1, x2) if x1.dtype.size == 2 else raw.NextAfter(x1=x1, x2=x2)


def _next_half(x1: tf.Tensor, x2: tf.Tensor) -> tf.Tensor:
    """One step among the numbers of 16 bits, which are in the order of their signed bits."""
    places = [cast(tf.bitcast(x, tf.int16), tf.int32) for x in (x1, x2)]
    first, second = (tf.where(place < 0, -32768 - place, place) for place in places)
    place = first + tf.sign(second - first)
    negative_one = (place < 0) | ((place == 0) & (first < 0))
    bits = tf.where(negative_one, -32768 - place, place)
    result = tf.bitcast(cast(bits, tf.int16), x1.dtype)
    unordered = tf.math.is_nan(x1) | tf.math.is_nan(x2)
    return tf.where(tf.equal(x1, x2), x2, tf.where(unordered, constant(math.nan, x1.dtype), result))


# ---- one operand

_Unary = Callable[[Any], Any]


def _float_unary(name: str, of_complex: _Unary | None = None) -> _Unary:
    operation, quick = op(name), eager(name)

    def apply(x: Any) -> Any:
        if of_complex is not None and x.dtype.is_complex:
            return of_complex(x)
        if thread.is_eager:
            try:
                return quick(x)
            except Exception:
                pass  # of integers
        return operation(floating(x))

    return apply


def _exact_for_integers(name: str) -> _Unary:
    operation = op(name)

    def apply(x: Any) -> Any:
        return x if x.dtype.is_integer else operation(x)

    return apply


acos = _float_unary("Acos")
acosh = _float_unary("Acosh")
asin = _float_unary("Asin")
asinh = _float_unary("Asinh")
atan = _float_unary("Atan")
atanh = _float_unary("Atanh")
cos = _float_unary("Cos")
cosh = _float_unary("Cosh")
exp = _float_unary("Exp")
expm1 = _float_unary("Expm1", complex_numbers.expm1)
log = _float_unary("Log", complex_numbers.log)
log1p = _float_unary("Log1p", complex_numbers.log1p)
reciprocal = _float_unary("Reciprocal")
sin = _float_unary("Sin")
sinh = _float_unary("Sinh")
sqrt = _float_unary("Sqrt", complex_numbers.sqrt)
tan = _float_unary("Tan")
tanh = _float_unary("Tanh")
ceil = _exact_for_integers("Ceil")
floor = _exact_for_integers("Floor")


def _logarithm(base: float) -> _Unary:
    """The logarithm to `base`, exact for its powers."""

    @ruled
    def real(x: tf.Tensor) -> Any:
        wide = cast(x, tf.float64)
        result = raw.Log(x=wide) / math.log(base)
        whole = raw.Rint(x=result)
        result = tf.where(tf.equal(raw.Pow(x=tf.constant(base, tf.float64), y=whole), wide), whole, result)
        return cast(result, x.dtype), lambda upstream: upstream / (x * constant(math.log(base), x.dtype))

    def apply(x: tf.Tensor) -> tf.Tensor:
        x = floating(x)
        return complex_numbers.logarithm(x, base) if x.dtype.is_complex else real(x)

    return apply


log2 = _logarithm(2.0)
log10 = _logarithm(10.0)


def abs(x: tf.Tensor) -> tf.Tensor:
    if x.dtype.is_unsigned:
        return x
    return raw.ComplexAbs(x=x, Tout=x.dtype.real_dtype) if x.dtype.is_complex else _size(x)


square = op("Square")
_quick_negative, _same, _size = eager("Neg"), op("Identity"), op("Abs")


def negative(x: tf.Tensor) -> tf.Tensor:
    if thread.is_eager:
        try:
            return _quick_negative(x)
        except Exception:
            pass  # of unsigned integers
    return unsigned.opposite(x) if x.dtype.is_unsigned else raw.Neg(x=x)


def positive(x: tf.Tensor) -> tf.Tensor:
    if x.dtype is tf.bool:
        raise TypeError("no number")
    return _same(x)


def sign(x: tf.Tensor) -> tf.Tensor:
    if x.dtype is tf.bool:
        return x
    if x.dtype.is_complex:
        return complex_numbers.sign(x)
    return unsigned.whether_positive(x) if x.dtype.is_unsigned else raw.Sign(x=x)


def signbit(x: tf.Tensor) -> tf.Tensor:
    if x.dtype.is_floating:
        x = tf.bitcast(x, {2: tf.int16, 4: tf.int32, 8: tf.int64}[x.dtype.size])
    elif x.dtype is tf.bool:
        x = floating(x)
    return raw.Less(x=x, y=tf.zeros((), x.dtype))


def _rint(x: tf.Tensor) -> tf.Tensor:
    return cast(raw.Rint(x=cast(x, tf.float32)), x.dtype) if x.dtype.size == 2 else raw.Rint(x=x)


def round(x: tf.Tensor) -> tf.Tensor:
    if x.dtype.is_complex:
        return tf.complex(raw.Rint(x=tf.math.real(x)), raw.Rint(x=tf.math.imag(x)))
    return x if x.dtype.is_integer else _rint(x)


def trunc(x: tf.Tensor) -> tf.Tensor:
    if x.dtype.is_integer:
        return x
    return raw.SelectV2(condition=tf.math.less(x, 0), t=raw.Ceil(x=x), e=raw.Floor(x=x))


def real(x: tf.Tensor) -> tf.Tensor:
    return raw.Real(input=x, Tout=x.dtype.real_dtype) if x.dtype.is_complex else x


def imag(x: tf.Tensor) -> tf.Tensor:
    return raw.Imag(input=x, Tout=x.dtype.real_dtype) if x.dtype.is_complex else tf.zeros_like(x)


def conj(x: tf.Tensor) -> tf.Tensor:
    return raw.Conj(input=x) if x.dtype.is_complex else x
