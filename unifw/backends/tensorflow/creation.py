"""New tensors, by TensorFlow."""

from __future__ import annotations

from functools import cache
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow import devices
from unifw.backends.tensorflow.native import TF
from unifw.backends.tensorflow.promotion import constant
from unifw.dtypes import DType

raw = tf.raw_ops


def full(shape: tuple[Any, ...], value: Any, dtype: DType, device: str | None) -> tf.Tensor:
    if device is not None:
        with tf.device(devices.native(device)):
            return full(shape, value, dtype, None)
    make = _kept_constant if type(value) is int and tf.executing_eagerly() else constant
    return raw.Fill(dims=shape or tf.zeros(0, tf.int32), value=make(value, TF[dtype]))


@cache
def _kept_constant(value: int, dtype: tf.DType) -> tf.Tensor:
    return constant(value, dtype)


def arange(start: float, stop: float, step: float, dtype: DType, device: str | None) -> tf.Tensor:
    with tf.device(devices.native(device)):
        if (stop - start) / step <= 0:
            return tf.zeros((0,), TF[dtype])
        return tf.range(start, stop, step, dtype=TF[dtype])
