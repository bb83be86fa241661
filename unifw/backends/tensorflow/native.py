"""What a `tf.Tensor` is, how to make one of NumPy's, and how to run an operation at the cost of its C++ alone."""

from __future__ import annotations

import inspect
import operator
from collections.abc import Callable
from functools import cache, lru_cache, partial
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.python import pywrap_tfe
from tensorflow.python.eager import context
from tensorflow.python.framework.ops import EagerTensor

from unifw import dtypes
from unifw.backends.tensorflow import devices
from unifw.dtypes import DType

TF = {dtype: getattr(tf, dtype.name) for dtype in dtypes.ALL}
UNIFW = {native: dtype for dtype, native in TF.items()}


_context = context.context()
thread = _context._thread_local_data
"""Of the calling thread: `is_eager` is false while it builds a graph."""


def eager(name: str) -> Callable[..., Any]:
    """The call that `tf.raw_ops` makes after some Python of its own, for eager tensors alone; it records gradients."""
    return partial(pywrap_tfe.TFE_Py_FastPathExecute, _context, name, None)


def op(name: str, **attributes: Any) -> Callable[..., Any]:
    """The raw operation `name`, called with its inputs in order.

    In a graph, and where the eager call fails, `tf.raw_ops` does its work, or says why it cannot.
    """
    quick, whole = eager(name), inspect.unwrap(getattr(tf.raw_ops, name))
    flat = settings(name, **attributes)
    named = dict(zip(flat[::2], flat[1::2], strict=True))

    def apply(*inputs: Any) -> Any:
        if thread.is_eager:
            try:
                return quick(*inputs, *flat)
            except Exception:
                pass
        return whole(*inputs, **named)

    return apply


def settings(name: str, **attributes: Any) -> tuple[Any, ...]:
    """The attributes of a raw operation, by name and value in turn: all of them, since gradients look them up."""
    parameters = inspect.signature(inspect.unwrap(getattr(tf.raw_ops, name))).parameters.values()
    defaults = {p.name: p.default for p in parameters if p.default is not p.empty}
    return tuple(part for item in (defaults | attributes).items() if item[0] != "name" for part in item)


no_tape = pywrap_tfe.TFE_Py_TapeSetIsEmpty
"""Whether nobody watches for gradients."""


def is_recorded() -> bool:
    """Whether a gradient may be asked of what runs now: a tape watches, or a graph is built."""
    return not (thread.is_eager and no_tape())


@lru_cache(maxsize=4096, typed=True)
def kept_integers(*values: int) -> tf.Tensor:
    """Integers as a tensor that is made once, for eager calls."""
    if bool in map(type, values):
        raise TypeError("no integer")
    wide = any(abs(value) >= 2**31 for value in values)
    with tf.init_scope(), tf.device("/device:CPU:0"):  # where kernels read shapes and axes
        return tf.constant(values, tf.int64 if wide else tf.int32, (len(values),))


@lru_cache(maxsize=1024, typed=True)  # 0.0 is no axis, and would be found as 0
def kept_integer(value: int) -> tf.Tensor:
    """An axis as a tensor without axes that is made once, for eager calls."""
    if type(value) is bool:
        raise TypeError("no integer")
    with tf.init_scope(), tf.device("/device:CPU:0"):
        return tf.constant(operator.index(value), tf.int32)


def integers(values: tuple[Any, ...]) -> Any:
    """Axes or sizes as an operation takes them: a tensor that is made once; in a graph as they are."""
    return kept_integers(*values) if thread.is_eager else values


def is_traced(x: tf.Tensor) -> bool:
    return type(x) is not EagerTensor and bool(tf.is_symbolic_tensor(x))


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
    if type(x) is EagerTensor:
        sizes: tuple[int, ...] = x._shape_tuple()
        return sizes
    static = tuple(x.shape)
    if None not in static:
        return static
    dynamic = tf.shape(x)
    return tuple(dynamic[i] if size is None else size for i, size in enumerate(static))


def static_shape(x: tf.Tensor) -> tuple[int | None, ...]:
    sizes: tuple[int | None, ...] = x._shape_tuple() if type(x) is EagerTensor else tuple(x.shape)
    return sizes


@cache
def _to(dtype: tf.DType) -> Callable[[tf.Tensor], tf.Tensor]:
    return op("Cast", DstT=dtype)


def cast(x: Any, dtype: tf.DType) -> tf.Tensor:
    """`tf.cast`, for a tensor at the cost of the operation alone."""
    if type(x) is not EagerTensor:
        return tf.cast(x, dtype)
    return x if x.dtype is dtype else _to(dtype)(x)


def truth(x: Any) -> tf.Tensor:
    """Whether each number is not zero; a cast would look at the real part of a complex one alone."""
    return tf.not_equal(x, 0) if x.dtype.is_complex else cast(x, tf.bool)


def astype(x: tf.Tensor, dtype: DType) -> tf.Tensor:
    return truth(x) if dtype is dtypes.bool_ else cast(x, TF[dtype])


def copy(x: tf.Tensor) -> tf.Tensor:
    return x  # immutable
