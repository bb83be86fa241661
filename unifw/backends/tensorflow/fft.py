"""Fourier transforms, by TensorFlow."""

from __future__ import annotations

import tensorflow as tf


def fft(x: tf.Tensor) -> tf.Tensor:
    return tf.signal.fft(_complex(x))


def ifft(x: tf.Tensor) -> tf.Tensor:
    return tf.signal.ifft(_complex(x))


def _complex(x: tf.Tensor) -> tf.Tensor:
    return tf.cast(x, tf.complex128 if x.dtype in (tf.float64, tf.complex128) else tf.complex64)
