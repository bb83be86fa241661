"""Softmax and its kin, padding and Einstein sums, by TensorFlow."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.native import TF, UNIFW, shape
from unifw.backends.tensorflow.promotion import constant, floating
from unifw.backends.tensorflow.scatter import last_first
from unifw.dtypes import promote

raw = tf.raw_ops


def logsumexp(x: tf.Tensor, axis: tuple[int, ...], keepdims: bool) -> tf.Tensor:
    return tf.reduce_logsumexp(floating(x), axis, keepdims)


def softmax(x: tf.Tensor, axis: int) -> tf.Tensor:
    x = last_first(floating(x), axis)
    if x.shape.rank > _MOST_SOFTMAX_AXES:
        sizes = shape(x)
        return last_first(tf.reshape(raw.Softmax(logits=tf.reshape(x, (-1, sizes[-1]))), sizes), axis)
    return last_first(raw.Softmax(logits=x), axis)


_MOST_SOFTMAX_AXES = 5  # of TensorFlow's kernel


def log_softmax(x: tf.Tensor, axis: int) -> tf.Tensor:
    return last_first(raw.LogSoftmax(logits=last_first(floating(x), axis)), axis)


def pad(x: tf.Tensor, widths: Sequence[tuple[int, int]], value: Any) -> tf.Tensor:
    if len(widths) > _MOST_PADDED_AXES:  # one after another, of three axes: those before, it and those after
        for axis, width in enumerate(widths):
            sizes = shape(x)
            before, own, after = sizes[:axis], sizes[axis], sizes[axis + 1 :]
            rows = tf.reshape(x, (prod(before), own, prod(after)))
            x = tf.reshape(pad(rows, [(0, 0), width, (0, 0)], value), (*before, own + sum(width), *after))
        return x
    return raw.PadV2(
        input=x, paddings=tf.constant(widths, tf.int32, (len(widths), 2)), constant_values=constant(value, x.dtype)
    )


_MOST_PADDED_AXES = 6  # of TensorFlow's kernel


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
