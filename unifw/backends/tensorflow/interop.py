"""Sharing memory with other frameworks through DLPack."""

from __future__ import annotations

from typing import Any

import numpy as np
import tensorflow as tf

_ALIGNMENT = 64  # bytes; TensorFlow's kernels abort the process on memory that is aligned to less


class _Shared:
    """An eager tensor with the two methods of the DLPack protocol."""

    def __init__(self, x: tf.Tensor) -> None:
        self.x = x

    def __dlpack__(self, **_: Any) -> Any:
        return tf.experimental.dlpack.to_dlpack(self.x)

    def __dlpack_device__(self) -> tuple[int, int]:
        kind, number = self.x.device.rsplit(":", 2)[-2:]
        return (1, 0) if kind == "CPU" else (2, int(number))


def to_dlpack(x: tf.Tensor) -> Any | None:
    """`x` behind the DLPack protocol, or None for dtypes and sizes that it does not carry."""
    return _Shared(x) if x.dtype is not tf.bool and 0 not in x.shape else None


def from_dlpack(x: Any) -> tf.Tensor:
    return tf.experimental.dlpack.from_dlpack(x.__dlpack__())


def import_memory(x: Any) -> tf.Tensor | None:
    if int(x.__dlpack_device__()[0]) != 1:
        return from_dlpack(x)
    try:
        values = np.from_dlpack(x)
    except (BufferError, RuntimeError, TypeError, ValueError):
        return None
    plain = values.flags.c_contiguous and values.size > 0 and values.dtype.kind != "b"
    # Of a producer other than NumPy, read-only says no more than that its capsule has the older form.
    writable = values.flags.writeable or not isinstance(x, np.ndarray)
    return from_dlpack(x) if plain and writable and values.ctypes.data % _ALIGNMENT == 0 else None


def capsule(x: tf.Tensor, copy: bool, max_version: tuple[int, int] | None, stream: Any) -> Any:
    if x.dtype is tf.bool or 0 in x.shape:  # which TensorFlow does not carry
        return np.array(x.numpy()).__dlpack__(max_version=max_version)
    return tf.experimental.dlpack.to_dlpack(tf.raw_ops.DeepCopy(x=x) if copy else x)
