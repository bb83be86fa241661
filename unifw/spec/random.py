"""Random numbers."""

from __future__ import annotations

from typing import Any, Protocol

from unifw.dtypes import DType
from unifw.spec.types import Native


class RandomOps(Protocol):
    """The backend's own random stream, and generators of it."""

    def seed(self, value: int, /) -> None: ...
    def generator(self, value: int, /) -> Any: ...
    def get_state(self, generator: Any, /) -> Any:
        """Where a generator stands; without one (None) the backend's own stream, which `set_state` takes back to it."""
        ...

    def set_state(self, generator: Any, state: Any, /) -> None: ...
    def uniform(self, shape: tuple[int, ...], dtype: DType, device: str | None, generator: Any, /) -> Native: ...
    def normal(self, shape: tuple[int, ...], dtype: DType, device: str | None, generator: Any, /) -> Native: ...
    def integers(
        self, low: int, high: int, shape: tuple[int, ...], device: str | None, generator: Any, /
    ) -> Native: ...
    def truncated(self, u: Native, lower: float, upper: float, /) -> Native:
        """Standard normal numbers between the bounds, from uniform ones in [0, 1)."""
        ...
