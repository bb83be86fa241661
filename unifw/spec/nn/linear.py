"""Dense layers."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native


class LinearOps(Protocol):
    """Dense layers."""

    def linear(self, x: Native, weight: Native, bias: Native | None, /) -> Native: ...
    def affine(self, x: Native, weight: Native, bias: Native | None, /) -> Native:
        """As `linear`, with a weight that is stored the other way round, (in, out)."""
        ...

    def bilinear(self, x1: Native, x2: Native, weight: Native, bias: Native | None, /) -> Native:
        """The sum over i and j of x1[..., i] weight[o, i, j] x2[..., j], plus bias[o]."""
        ...
