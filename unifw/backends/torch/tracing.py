"""Running a training step on PyTorch: eagerly, which is already its fastest plain form."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def make_step(function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    return function
