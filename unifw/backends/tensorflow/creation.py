"""New tensors, by TensorFlow."""

from __future__ import annotations

from functools import cache
from math import ceil
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow import devices
from unifw.backends.tensorflow.native import TF, integers, op, thread
from unifw.backends.tensorflow.promotion import constant
from unifw.dtypes import DType


def full(shape: tuple[Any, ...], value: Any, dtype: DType, device: str | None) -> tf.Tensor:
    if device is not None:
        with tf.device(devices.native(device)):
            return full(shape, value, dtype, None)
    if thread.is_eager:
        make = _kept_constant if type(value) is int else constant
        return _fill(integers(shape), make(value, TF[dtype]))
    return _fill(shape or tf.zeros(0, tf.int32), constant(value, TF[dtype]))


_fill = op("Fill")


@cache
def _kept_constant(value: int, dtype: tf.DType) -> tf.Tensor:
    return constant(value, dtype)


def arange(start: float, stop: float, step: float, dtype: DType, device: str | None) -> tf.Tensor:
    if device is not None:
        with tf.device(devices.native(device)):
            return arange(start, stop, step, dtype, None)
    if any(isinstance(value, tf.Tensor) for value in (start, stop, step)):  # a size that a graph leaves open
        start, stop, step = (tf.cast(value, tf.float64) for value in (start, stop, step))
        return tf.cast(tf.range(start, stop, step), TF[dtype])
    if any(isinstance(value, float) for value in (start, stop, step)):
        count = tf.range(max(ceil((stop - start) / step), 0), dtype=tf.int64)
        return tf.cast(tf.cast(count, tf.float64) * step + start, TF[dtype])
    stop = start + step * len(range(int(start), int(stop), int(step)))  # TensorFlow refuses a range that goes nowhere
    return tf.cast(tf.range(*(tf.constant(value, tf.int64) for value in (start, stop, step))), TF[dtype])
