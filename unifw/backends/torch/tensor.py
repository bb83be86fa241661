"""The three tensor classes of the PyTorch backend."""

from __future__ import annotations

from typing import Any, final

from unifw.backends.torch import capture, storage
from unifw.backends.torch.interop import mark_as_changing
from unifw.backends.torch.native import static_shape
from unifw.tensor import Tensor
from unifw.variable import Buffer, Parameter, bind

__all__ = ["TorchBuffer", "TorchParameter", "TorchTensor", "bind"]


@final
class TorchTensor(Tensor):
    """A Tensor whose payload is a `torch.Tensor`."""

    __slots__ = ()
    _kernel = _stored = storage.kernel

    def __init__(self, native: Any) -> None:
        self.native = native


class _Stored:
    """Storage is a leaf tensor, which is at the same time the value."""

    __slots__ = ()
    native: Any
    storage: Any
    _kernel = _stored = storage.kernel

    @property
    def shape(self) -> tuple[int, ...]:
        """Numbers, also where TorchScript's tracer takes those of other tensors for values."""
        return static_shape(self.native)  # type: ignore[return-value]

    def _matches(self, x: Tensor) -> bool:
        own, other = self.native, x.native
        return other.shape == own.shape and other.dtype is own.dtype  # no other framework's dtype is

    def _store(self, native: Any) -> None:
        self.native = self.storage = storage.stored(native)
        mark_as_changing(self.storage, self)

    def _stand_in(self, native: Any) -> None:
        self.native = self.storage = native

    def _set(self, native: Any) -> None:
        capture.note_write(self)
        self._store(native)  # a new leaf, not a copy into the old one, which views of it would show


@final
class TorchParameter(_Stored, Parameter, Tensor):
    """A Parameter whose storage is a leaf `torch.Tensor`; it requires a gradient only while one is being taken."""

    __slots__ = ()


@final
class TorchBuffer(_Stored, Buffer, Tensor):
    """A Buffer whose storage is a `torch.Tensor`."""

    __slots__ = ()
