"""Sharing memory with other frameworks through DLPack."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


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
