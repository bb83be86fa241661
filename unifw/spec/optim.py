"""Fused updates of parameters, and what is done to many gradients at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from unifw.spec.types import Native, Storage

FusedUpdate = Callable[[list[Storage], list[Native], Mapping[str, list[Storage]], Mapping[str, Any]], None]


class OptimOps(Protocol):
    """Fused in-place updates: `FUSED[rule](storages, gradients, states, hyper)`, for the rules that have one.

    The storages of one call share their dtype and device, and gradients have their axes in the order of the storages.
    """

    @property
    def FUSED(self) -> Mapping[str, FusedUpdate]: ...
    @property
    def FUSED_IN_TRACES(self) -> bool:
        """Whether they are also right, and fast, where `compile` traces; else the rules themselves run there."""
        ...

    def state_factor(self, rule: str, key: str, hyper: Mapping[str, Any], step: int, parameter: Native, /) -> float:
        """How many times PyTorch's number the fused kernel keeps in a parameter's state after `step` steps."""
        ...

    def clip_by_norm(
        self, gradients: list[Native], max_norm: float, norm_type: float, owned: bool = False, /
    ) -> tuple[list[Native], Native]:
        """All gradients times min(1, max_norm / (norm + 1e-6)), and their common norm, in float32 at least.

        Those that nobody else has are `owned`, and may be changed in place.
        """
        ...

    def clip_by_value(self, gradients: list[Native], limit: float, /) -> list[Native]: ...

    def multiply(self, gradients: list[Native], factor: Any, /) -> list[Native]:
        """Each gradient times a number, which may be a traced scalar."""
        ...

    def accumulate(self, sums: list[Storage], gradients: list[Native], /) -> None:
        """Add to each sum in place; the gradients have their axes in the order of the sums."""
        ...

    def reset(self, sums: list[Storage], /) -> None:
        """Set each sum to zeros, in place."""
        ...

    def lerp(self, averages: list[Storage], values: list[Storage], weight: Any, /) -> None:
        """Move each average to average + weight (value - average), in place; the weight may be a traced scalar.

        A value of another dtype is converted to that of its average.
        """
        ...

    def all_finite(self, gradients: list[Native], /) -> Native:
        """Whether no gradient has an inf or a NaN: a bool scalar."""
        ...

    def when(self, condition: Native, function: Callable[[], None], /) -> None:
        """Call `function`, which changes storages, only if the condition holds; in a traced graph too."""
        ...
