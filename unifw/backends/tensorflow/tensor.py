"""The three tensor classes of the TensorFlow backend."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any, final

import tensorflow as tf

from unifw.backends.tensorflow.capture import new_variable
from unifw.backends.tensorflow.devices import device_of
from unifw.backends.tensorflow.native import UNIFW, eager, is_traced, no_tape, shape, thread
from unifw.backends.tensorflow.storage import (
    KernelVariable,
    laid,
    public_shape,
    public_sizes,
    window_first,
    window_last,
)
from unifw.dtypes import DType
from unifw.tensor import Tensor
from unifw.variable import Buffer, Parameter, Variable, bind

__all__ = ["TensorFlowBuffer", "TensorFlowParameter", "TensorFlowTensor", "bind"]


Turn = Callable[[Any], Any]

_quick_read = eager("ReadVariableOp")


class TensorFlowTensor(Tensor):
    """A Tensor whose payload is a `tf.Tensor`, eager or symbolic."""

    __slots__ = ()

    def __init__(self, native: Any) -> None:
        self.native = native

    @property
    def _kernel(self) -> Any:
        return window_first(self.native)


class _Unread:
    """What is known of a value by its `storage`, without reading it."""

    __slots__ = ()
    storage: Any

    @property
    def ndim(self) -> int:
        return len(self.storage.shape)

    @property
    def dtype(self) -> DType:
        return UNIFW[self.storage.dtype]

    @property
    def device(self) -> str:
        return device_of(self.storage)


@final
class TurnedTensor(_Unread, TensorFlowTensor):
    """A constant that has its axes in the order of a KernelVariable until its value is read.

    A gradient that goes from the tape to the optimiser is never turned. In a graph each reading turns it, which the
    graph optimiser makes one: a graph inside, or a part that is not recorded, must not leave its own to those after it.
    """

    __slots__ = ("_read", "storage")
    _turned = True

    def __init__(self, stored: Any) -> None:
        self.storage, self._read = stored, None

    @property
    def native(self) -> Any:
        if is_traced(self.storage):
            return window_last(self.storage)
        if self._read is None:
            with nullcontext() if thread.is_eager else tf.init_scope():
                self._read = window_last(self.storage)
        return self._read

    @property
    def _stored(self) -> Any:
        return self.storage

    _kernel = _stored

    @property
    def shape(self) -> tuple[int, ...]:
        return public_sizes(shape(self.storage))

    def _set(self, native: Any) -> None:
        self.storage, self._read = window_first(native), native

    def _of_stored(self, stored: Any) -> Tensor:
        return turned(stored)


def turned(stored: Any) -> Tensor:
    """A Tensor of one in the order of a KernelVariable; turned now where a derivative of that may be asked for."""
    return TurnedTensor(stored) if no_tape() else TensorFlowTensor(window_last(stored))


def _reader(kernel: Turn | None, other: Turn | None) -> property:
    """The value, read by the raw operation at a quarter of the public one's cost, and turned.

    `kernel` turns what a KernelVariable holds, `other` everything else, and None leaves it as it is.
    """

    def read(self: _Stored) -> Any:
        storage = self.storage
        try:
            if thread.is_eager:
                x = _quick_read(storage.handle, "dtype", storage.dtype)
            else:
                x = tf.raw_ops.ReadVariableOp(resource=storage.handle, dtype=storage.dtype)
        except AttributeError:
            if isinstance(storage, tf.Variable):
                raise
            x = storage  # a tensor that stands in
        turn = kernel if type(storage) is KernelVariable else other
        return x if turn is None else turn(x)

    return property(read)


class _Stored(_Unread):
    """Storage is a `tf.Variable`, which may have the axes of the value in another order, or a tensor that stands in."""

    __slots__ = ()
    _turned: bool

    native = _reader(window_last, None)
    _kernel = _reader(None, window_first)
    _stored = _reader(None, None)

    @property
    def shape(self) -> tuple[int, ...]:
        return public_shape(self.storage)

    def _matches(self: Any, x: Tensor) -> bool:
        if x._turned is not self._turned:
            return Variable._matches(self, x)
        own, other = self.storage, x._stored
        return other.shape == own.shape and other.dtype is own.dtype  # no other framework's dtype is

    def _store(self, native: Any) -> None:
        with tf.init_scope(), tf.device(native.device):
            self._stand_in(self._new_storage(native))

    def _new_storage(self, native: Any) -> tf.Variable:
        return new_variable(native, self)

    def _stand_in(self: Any, storage: Any) -> None:
        self.storage, self._turned = storage, type(storage) is KernelVariable

    def _laid(self, x: Tensor) -> Any:
        if not self._turned:
            return x.native
        return x._stored if x._turned else window_first(x.native)

    def _of_stored(self, stored: Any) -> Tensor:
        return turned(stored) if self._turned else TensorFlowTensor(stored)

    @classmethod
    def _each_of_stored(cls, of: Any, stored: Any) -> Any:
        return [x._of_stored(native) for x, native in zip(of, stored, strict=True)]

    def _set(self, native: Any) -> None:
        self._set_stored(laid(native, self.storage))

    def _set_stored(self, native: Any) -> None:
        self.storage.assign(native, read_value=False)


@final
class TensorFlowParameter(_Stored, Parameter, Tensor):
    """A Parameter whose storage is a `tf.Variable`."""

    __slots__ = ("_turned",)

    def _new_storage(self, native: Any) -> tf.Variable:
        if native.shape.rank in (4, 5) or (self._dense and native.shape.rank == 2):
            return new_variable(window_first(native), self, KernelVariable)
        return new_variable(native, self)


@final
class TensorFlowBuffer(_Stored, Buffer, Tensor):
    """A Buffer whose storage is a `tf.Variable`."""

    __slots__ = ("_turned",)
