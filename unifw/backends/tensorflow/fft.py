"""Fourier transforms, by TensorFlow, which has those of the last axis, scaled one way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

raw = tf.raw_ops


def fft(x: tf.Tensor, n: int | None, axis: int, norm: str) -> tf.Tensor:
    return _along(axis, x, lambda last: _fft(_sized(_complex(last), n), norm))


def ifft(x: tf.Tensor, n: int | None, axis: int, norm: str) -> tf.Tensor:
    return _along(axis, x, lambda last: _ifft(_sized(_complex(last), n), norm))


def rfft(x: tf.Tensor, n: int | None, axis: int, norm: str) -> tf.Tensor:
    return _along(axis, x, lambda last: _rfft(_sized(_real(last), n), norm))


def irfft(x: tf.Tensor, n: int | None, axis: int, norm: str) -> tf.Tensor:
    return _along(axis, x, lambda last: _irfft(_complex(last), n, norm))


def _fft(x: tf.Tensor, norm: str) -> tf.Tensor:
    return _scaled(raw.FFT(input=x), _size(x), _DOWN[norm])


def _ifft(x: tf.Tensor, norm: str) -> tf.Tensor:
    return _scaled(raw.IFFT(input=x), _size(x), _UP[norm])


def _rfft(x: tf.Tensor, norm: str) -> tf.Tensor:
    size = _size(x)
    result = raw.RFFT(input=x, fft_length=[size], Tcomplex=_complex_dtype(x))
    return _scaled(result, size, _DOWN[norm])


def _irfft(x: tf.Tensor, n: int | None, norm: str) -> tf.Tensor:
    size = 2 * (_size(x) - 1) if n is None else n
    half = _sized(x, size // 2 + 1)
    return _scaled(raw.IRFFT(input=half, fft_length=[size], Treal=x.dtype.real_dtype), size, _UP[norm])


_DOWN = {"backward": 0.0, "ortho": -0.5, "forward": -1.0}
_UP = {"backward": 0.0, "ortho": 0.5, "forward": 1.0}  # TensorFlow's inverse is divided by n already


def _scaled(x: tf.Tensor, size: Any, power: float) -> tf.Tensor:
    if not power:
        return x
    return x * tf.cast(tf.cast(size, tf.float64) ** power, x.dtype)


def _along(axis: int, x: tf.Tensor, transform: Callable[[tf.Tensor], tf.Tensor]) -> tf.Tensor:
    rank = x.shape.rank
    if axis == rank - 1:
        return transform(x)
    order = [*range(axis), rank - 1, *range(axis + 1, rank - 1), axis]  # an exchange, which undoes itself
    return tf.transpose(transform(tf.transpose(x, order)), order)


def _size(x: tf.Tensor) -> Any:
    return tf.shape(x)[-1] if x.shape[-1] is None else x.shape[-1]


def _sized(x: tf.Tensor, n: Any) -> tf.Tensor:
    """The last axis cut, or filled with zeros, to the length `n`."""
    if n is None or x.shape[-1] == n:
        return x
    x = x[..., :n]
    return tf.pad(x, [[0, 0]] * (x.shape.rank - 1) + [[0, n - _size(x)]])


def _complex_dtype(x: tf.Tensor) -> tf.DType:
    return tf.complex128 if x.dtype in (tf.float64, tf.complex128) else tf.complex64


def _complex(x: tf.Tensor) -> tf.Tensor:
    return tf.cast(x, _complex_dtype(x))


def _real(x: tf.Tensor) -> tf.Tensor:
    return x if x.dtype is tf.float64 else tf.cast(x, tf.float32)
