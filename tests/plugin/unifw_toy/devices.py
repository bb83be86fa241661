"""The one device of NumPy."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from unifw.errors import UnsupportedError

Array = np.ndarray[Any, Any]

several = False


def devices() -> list[str]:
    return ["cpu"]


def device_of(x: Array) -> str:
    return "cpu"


def move(x: Array, device: str | None) -> Array:
    return x


def set_memory_limit(mebibytes: int, gpus: Sequence[int]) -> None:
    raise UnsupportedError("set_memory_limit: the backend 'toy' has no GPU.")
