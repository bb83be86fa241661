"""Functions of complex numbers where TensorFlow's kernels are wrong: at infinities, and in the signs of zeros."""

from __future__ import annotations

import math

import tensorflow as tf

raw = tf.raw_ops


def with_value(value: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    """The finite values of one tensor, also the signs of zeros, with the gradient of another."""
    return raw.Sub(x=tf.stop_gradient(value), y=raw.Sub(x=tf.stop_gradient(x), y=x))


def _parts(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    return tf.math.real(x), tf.math.imag(x)


def expm1(x: tf.Tensor) -> tf.Tensor:
    return tf.where(raw.IsFinite(x=tf.math.real(x)), raw.Expm1(x=x), raw.Exp(x=x) - 1)


_FAR = {tf.complex64: 2.0**40, tf.complex128: 2.0**300}
"""Numbers of this size, and of its inverse, have squares that neither overflow nor vanish."""


def _size(x: tf.Tensor) -> tf.Tensor:
    """The larger part."""
    a, b = _parts(x)
    return raw.Maximum(x=raw.Abs(x=a), y=raw.Abs(x=b))


def log(x: tf.Tensor) -> tf.Tensor:
    """Of numbers brought near 1: TensorFlow's kernel gives NaN where the square of the size overflows or vanishes."""
    (a, b), size, far = _parts(x), tf.stop_gradient(_size(x)), _FAR[x.dtype]
    steps = tf.cast(size < 1 / far, size.dtype) - tf.cast(size > far, size.dtype)
    scale, near = raw.Pow(x=tf.constant(far**1.75, size.dtype), y=steps), math.log(far**1.75)
    y = raw.Log(x=tf.complex(a * scale, b * scale))
    return tf.complex(tf.math.real(y) - steps * tf.constant(near, size.dtype), tf.math.imag(y))


def log1p(x: tf.Tensor) -> tf.Tensor:
    """The angle by its own function: TensorFlow's kernel has one side of the negative axis only."""
    a, b = _parts(x)
    finite = tf.complex(tf.math.real(raw.Log1p(x=x)), raw.Atan2(y=b, x=1 + a))
    return tf.where(_size(x) < _FAR[x.dtype], finite, log(x))


def logarithm(x: tf.Tensor, base: float) -> tf.Tensor:
    """Part by part: a complex division would make infinity NaN."""
    return tf.complex(*(part / tf.constant(math.log(base), part.dtype) for part in _parts(log(x))))


def sqrt(x: tf.Tensor) -> tf.Tensor:
    """The conjugate of x has the conjugate root, also on the real axis; that of the largest numbers is finite."""
    a, b = _parts(x)
    half = 1 - tf.cast(tf.stop_gradient(_size(x)) > a.dtype.max / 8, a.dtype) / 2
    y = raw.Sqrt(x=tf.complex(a * half * half, b * half * half))
    y = tf.complex(tf.math.real(y) / half, tf.math.imag(y) / half)
    below = _is_negative(tf.math.imag(x)) & ~_is_negative(tf.math.imag(y))
    return tf.where(below, raw.Conj(input=y), y)


def _is_negative(x: tf.Tensor) -> tf.Tensor:
    """Also of a zero."""
    return tf.bitcast(x, tf.int32 if x.dtype is tf.float32 else tf.int64) < 0


def sign(x: tf.Tensor) -> tf.Tensor:
    """Of numbers brought near 1, whose sizes neither overflow nor vanish."""
    (a, b), size, far = _parts(x), tf.stop_gradient(_size(x)), _FAR[x.dtype]
    steps = tf.cast(size < 1 / far, size.dtype) - tf.cast(size > far, size.dtype)
    scale = raw.Pow(x=tf.constant(far**1.75, size.dtype), y=steps)
    a, b = a * scale, b * scale
    known, zero = raw.IsFinite(x=size), tf.equal(size, 0)
    whole = tf.where(zero, tf.ones((), size.dtype), tf.abs(tf.complex(a, b)))
    unit = tf.where(zero, tf.zeros((), x.dtype), tf.complex(a / whole, b / whole))
    return tf.where(known, unit, tf.constant(complex(math.nan, math.nan), x.dtype))
