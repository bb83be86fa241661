"""What a `tf.Tensor` is: its dtype, shape and values, and how to make one of NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from unifw import dtypes
from unifw.backends.tensorflow import devices
from unifw.dtypes import DType

TF = {dtype: getattr(tf, dtype.name) for dtype in dtypes.ALL}
UNIFW = {native: dtype for dtype, native in TF.items()}


def is_traced(x: tf.Tensor) -> bool:
    return bool(tf.is_symbolic_tensor(x))


def is_size(x: Any) -> bool:
    return isinstance(x, tf.Tensor) and x.shape.rank == 0 and is_traced(x)


def from_numpy(x: np.ndarray[Any, Any], dtype: DType, device: str | None, copy: bool) -> tf.Tensor:
    if x.dtype != dtype.name:
        x = x.astype(TF[dtype].as_numpy_dtype)
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
    return UNIFW[x.dtype]


def shape(x: tf.Tensor) -> tuple[Any, ...]:
    static = tuple(x.shape)
    if None not in static:
        return static
    dynamic = tf.shape(x)
    return tuple(dynamic[i] if size is None else size for i, size in enumerate(static))


def static_shape(x: tf.Tensor) -> tuple[int | None, ...]:
    return tuple(x.shape)


def astype(x: tf.Tensor, dtype: DType) -> tf.Tensor:
    return tf.cast(x, TF[dtype])


def copy(x: tf.Tensor) -> tf.Tensor:
    return x  # immutable
