"""Softmax and its kin, padding and Einstein sums, by TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.native import TF, UNIFW
from unifw.backends.tensorflow.promotion import constant, floating
from unifw.backends.tensorflow.scatter import last_first
from unifw.dtypes import promote

raw = tf.raw_ops


def logsumexp(x: tf.Tensor, axis: tuple[int, ...], keepdims: bool) -> tf.Tensor:
    return tf.reduce_logsumexp(floating(x), axis, keepdims)


def softmax(x: tf.Tensor, axis: int) -> tf.Tensor:
    return last_first(raw.Softmax(logits=last_first(floating(x), axis)), axis)


def log_softmax(x: tf.Tensor, axis: int) -> tf.Tensor:
    return last_first(raw.LogSoftmax(logits=last_first(floating(x), axis)), axis)


def pad(x: tf.Tensor, widths: Sequence[tuple[int, int]], value: Any) -> tf.Tensor:
    return raw.PadV2(
        input=x, paddings=tf.constant(widths, tf.int32, (len(widths), 2)), constant_values=constant(value, x.dtype)
    )


def einsum(equation: str, xs: Sequence[tf.Tensor]) -> tf.Tensor:
    common = UNIFW[xs[0].dtype]
    for x in xs[1:]:
        common = promote(common, UNIFW[x.dtype])
    native = TF[common]
    if native.is_floating or native.is_complex:
        return tf.einsum(equation, *(tf.cast(x, native) for x in xs))
    return _from_bits64(tf.einsum(equation, *(_bits64(x) for x in xs)), native)


def _bits64(x: tf.Tensor) -> tf.Tensor:
    """Integers as int64, modulo 2**64: the only integers that TensorFlow's kernel knows."""
    return raw.Bitcast(input=x, type=tf.int64) if x.dtype is tf.uint64 else tf.cast(x, tf.int64)


def _from_bits64(x: tf.Tensor, dtype: tf.DType) -> tf.Tensor:
    return raw.Bitcast(input=x, type=tf.uint64) if dtype is tf.uint64 else tf.cast(x, dtype)
