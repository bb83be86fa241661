"""Bringing operands to one dtype, which TensorFlow leaves to its users."""

from __future__ import annotations

from collections.abc import Callable
from itertools import groupby, zip_longest
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python.framework.ops import EagerTensor

from unifw.backends.tensorflow.manipulation import MOST_BROADCAST_AXES, broadcast_to
from unifw.backends.tensorflow.native import TF, UNIFW, cast, eager, is_size, is_traced, op, shape, static_shape, thread
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
    return level(x1, x2)


def level(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Two operands, in one shape if they broadcast over more axes than TensorFlow's kernels do."""
    if not isinstance(x1, tf.Tensor) or not isinstance(x2, tf.Tensor):
        return x1, x2
    if max(x1.shape.rank, x2.shape.rank) <= MOST_BROADCAST_AXES:
        return x1, x2
    if _steps(static_shape(x1), static_shape(x2)) <= MOST_BROADCAST_AXES:
        return x1, x2
    pairs = zip_longest(reversed(shape(x1)), reversed(shape(x2)), fillvalue=1)
    target = tuple(b if type(a) is int and a == 1 else a for a, b in pairs)[::-1]
    return broadcast_to(x1, target), broadcast_to(x2, target)


def _steps(first: tuple[Any, ...], second: tuple[Any, ...]) -> int:
    """How many axes are left when neighbours that broadcast alike are taken as one, as the kernels do."""
    pairs = zip_longest(reversed(first), reversed(second), fillvalue=1)
    return len(list(groupby((a == 1, b == 1) for a, b in pairs if not a == b == 1)))


def binary(name: str, of_booleans: Callable[..., Any] | None = None) -> Callable[[Any, Any], Any]:
    """The raw operation `name` of two operands in one dtype; of booleans, for which it has no kernel, another."""
    operation, quick = op(name), eager(name)

    def apply(x1: Any, x2: Any) -> Any:
        try:
            if type(x1) is type(x2) is EagerTensor and thread.is_eager:
                return quick(x1, x2)
        except Exception:
            pass
        x1, x2 = level(*pair(x1, x2))
        try:
            return operation(x1, x2)
        except Exception:
            if of_booleans is None or (x1 if isinstance(x1, tf.Tensor) else x2).dtype is not tf.bool:
                raise
            return of_booleans(x=x1, y=x2)

    return apply


def floats(x1: Any, x2: Any) -> tuple[tf.Tensor, tf.Tensor]:
    """Two tensors of one floating dtype: float32 for integers."""
    x1, x2 = as_tensors(x1, x2)
    return floating(x1), floating(x2)


def sum_to(x: tf.Tensor, like: tf.Tensor) -> tf.Tensor:
    """Undo broadcasting: sum `x` down to the shape of `like`."""
    axes, _ = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(like), s1=tf.shape(x))
    return tf.reshape(tf.reduce_sum(x, axes), tf.shape(like))
