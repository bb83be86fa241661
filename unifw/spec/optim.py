"""Fused updates of parameters."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

from unifw.spec.types import Native, Storage

FusedUpdate = Callable[[list[Storage], list[Native], Mapping[str, list[Storage]], Mapping[str, Any]], None]


class OptimOps(Protocol):
    """Fused in-place updates: `FUSED[rule](storages, gradients, states, hyper)`, for the rules that have one."""

    @property
    def FUSED(self) -> Mapping[str, FusedUpdate]: ...
