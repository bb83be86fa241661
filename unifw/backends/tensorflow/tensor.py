"""The three tensor classes of the TensorFlow backend."""

from __future__ import annotations

from typing import Any, final

import tensorflow as tf

from unifw.backends.tensorflow.capture import new_variable
from unifw.backends.tensorflow.native import eager, thread
from unifw.tensor import Tensor
from unifw.variable import Buffer, Parameter, bind

__all__ = ["TensorFlowBuffer", "TensorFlowParameter", "TensorFlowTensor", "bind"]


_quick_read = eager("ReadVariableOp")


@final
class TensorFlowTensor(Tensor):
    """A Tensor whose payload is a `tf.Tensor`, eager or symbolic."""

    __slots__ = ()

    def __init__(self, native: Any) -> None:
        self.native = native


class _Stored:
    """Storage is a `tf.Variable`; the value is read by the raw operation, at a quarter of the public one's cost."""

    __slots__ = ()
    storage: Any

    @property
    def native(self) -> Any:
        storage = self.storage
        try:
            if thread.is_eager:
                return _quick_read(storage.handle, "dtype", storage.dtype)
            return tf.raw_ops.ReadVariableOp(resource=storage.handle, dtype=storage.dtype)
        except AttributeError:
            if isinstance(storage, tf.Variable):
                raise
            return storage  # a tensor that stands in

    def _store(self, native: Any) -> None:
        with tf.init_scope(), tf.device(native.device):
            self.storage = new_variable(native, self)

    def _stand_in(self, native: Any) -> None:
        self.storage = native

    def _set(self, native: Any) -> None:
        self.storage.assign(native, read_value=False)


@final
class TensorFlowParameter(_Stored, Parameter, Tensor):
    """A Parameter whose storage is a `tf.Variable`."""

    __slots__ = ()


@final
class TensorFlowBuffer(_Stored, Buffer, Tensor):
    """A Buffer whose storage is a `tf.Variable`."""

    __slots__ = ()
