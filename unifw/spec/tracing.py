"""Running many operations as one native unit."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from unifw.spec.types import Native


class TracingOps(Protocol):
    """Running a whole step as one native unit."""

    def make_step(
        self, function: Callable[[Sequence[Any], tuple[Native, ...]], tuple[Native, ...]], /
    ) -> Callable[[Sequence[float], tuple[Native, ...]], tuple[Native, ...]]:
        """The fastest native form of `function(scalars, batch)`; scalars change from call to call."""
        ...
