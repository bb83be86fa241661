"""The three tensor classes of the toy backend."""

from __future__ import annotations

from typing import Any, final

from unifw.tensor import Tensor
from unifw.variable import Buffer, Parameter, bind

__all__ = ["ToyBuffer", "ToyParameter", "ToyTensor", "bind"]


@final
class ToyTensor(Tensor):
    """A Tensor whose payload is an `np.ndarray` that nobody changes in place."""

    __slots__ = ()

    def __init__(self, native: Any) -> None:
        self.native = native


class _Stored:
    """Storage is an `np.ndarray` that changes in place; the value is a copy, so that no view of it changes too."""

    __slots__ = ()
    storage: Any

    @property
    def native(self) -> Any:
        return self.storage.copy()

    def _store(self, native: Any) -> None:
        self.storage = native.copy()

    def _set(self, native: Any) -> None:
        self.storage[...] = native


@final
class ToyParameter(_Stored, Parameter, Tensor):
    """A Parameter whose storage is an `np.ndarray`."""

    __slots__ = ()


@final
class ToyBuffer(_Stored, Buffer, Tensor):
    """A Buffer whose storage is an `np.ndarray`."""

    __slots__ = ()
