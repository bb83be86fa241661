"""Gates along an axis; softmax itself is one of the array functions."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native


class SoftmaxOps(Protocol):
    """Gates along an axis."""

    def glu(self, x: Native, axis: int, /) -> Native:
        """The first half of the axis times the sigmoid of the second."""
        ...
