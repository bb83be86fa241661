"""The three tensor classes of the PyTorch backend."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, final

from unifw.backends.torch import capture, storage
from unifw.backends.torch.interop import mark_as_changing
from unifw.tensor import Tensor
from unifw.variable import Buffer, Parameter, bind

__all__ = ["TorchBuffer", "TorchParameter", "TorchTensor", "bind"]


@final
class TorchTensor(Tensor):
    """A Tensor whose payload is a `torch.Tensor`."""

    __slots__ = ()
    _kernel = storage.kernel

    def __init__(self, native: Any) -> None:
        self.native = native


def _operator(name: str, native: Callable[[Any, Any], Any]) -> Callable[[TorchTensor, Any], Tensor]:
    """An operator in one step, where torch's own is the standard's; else that of every backend."""
    plain = getattr(Tensor, name)

    def apply(self: TorchTensor, other: Any, /) -> Tensor:
        kind, x = type(other), self.native
        y = other.native if kind is TorchTensor else other
        if kind is float or kind is int or (kind is TorchTensor and x.dtype is y.dtype):
            try:
                return TorchTensor(native(x, y))
            except Exception:
                pass
        result: Tensor = plain(self, other)
        return result

    return apply


_QUICK = {
    "__add__": operator.add,
    "__sub__": operator.sub,
    "__mul__": operator.mul,
    "__truediv__": operator.truediv,
    "__lt__": operator.lt,
    "__le__": operator.le,
    "__gt__": operator.gt,
    "__ge__": operator.ge,
}
for _name, _native in _QUICK.items():
    setattr(TorchTensor, _name, _operator(_name, _native))


class _Stored:
    """Storage is a leaf tensor, which is at the same time the value."""

    __slots__ = ()
    native: Any
    storage: Any
    _kernel = storage.kernel

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
