"""Bringing operands to one dtype, which TensorFlow leaves to its users."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

from unifw.backends.tensorflow.native import TF, UNIFW, cast, is_size, is_traced
from unifw.dtypes import promote_scalar


def pair(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Two operands of one dtype: tensors have one already; a Python scalar takes the tensor's unless it is higher."""
    if not isinstance(x2, tf.Tensor):
        return with_scalar(x1, x2)
    if not isinstance(x1, tf.Tensor):
        x2, x1 = with_scalar(x2, x1)
    elif x1.dtype is not x2.dtype:  # one is a symbolic size
        x1, x2 = (cast(x1, x2.dtype), x2) if is_size(x1) else (x1, cast(x2, x1.dtype))
    return x1, x2


def with_scalar(x: tf.Tensor, scalar: Any) -> tuple[tf.Tensor, Any]:
    own = UNIFW[x.dtype]
    kind: Any = type(scalar)
    common = promote_scalar(own, kind)
    if common is not own:
        x = cast(x, TF[common])
    if common is not own or kind not in _PYTHON or scalar == 0 or is_traced(x):
        scalar = constant(scalar, x.dtype)
    return x, scalar


_PYTHON = (bool, int, float, complex)


def constant(scalar: Any, dtype: tf.DType) -> tf.Tensor:
    """A scalar as a tensor. By way of NumPy: TensorFlow keeps Python scalars in a cache that takes -0.0 for 0.0."""
    return tf.constant(np.asarray(scalar, dtype.as_numpy_dtype))


def floating(x: tf.Tensor) -> tf.Tensor:
    return x if x.dtype.is_floating or x.dtype.is_complex else cast(x, tf.float32)


def as_tensors(x1: Any, x2: Any) -> tuple[tf.Tensor, tf.Tensor]:
    x1, x2 = pair(x1, x2)
    if not isinstance(x1, tf.Tensor):
        x1 = constant(x1, x2.dtype)
    elif not isinstance(x2, tf.Tensor):
        x2 = constant(x2, x1.dtype)
    return x1, x2


def floats(x1: Any, x2: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Two tensors of one floating dtype: float32 for integers."""
    x1, x2 = as_tensors(x1, x2)
    return floating(x1), floating(x2)


def sum_to(x: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """Undo broadcasting: sum `x` down to the shape of `like`."""
    axes, _ = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(like), s1=tf.shape(x))
    return tf.reshape(tf.reduce_sum(x, axes), tf.shape(like))
