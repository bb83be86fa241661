"""Dropout."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native


class DropoutOps(Protocol):
    """Dropout."""

    def dropout(self, x: Native, p: float, /) -> Native: ...
    def keep_mask(self, x: Native, p: float, channels: int | None, /) -> Native:
        """Ones of the dtype of `x`, and zeros with probability `p`.

        With an axis of `channels` one draw for each channel of each image, as a shape that broadcasts against `x`.
        """
        ...
