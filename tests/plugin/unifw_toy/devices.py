"""The one device of NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np

from unifw.errors import DeviceError

Array = np.ndarray[Any, Any]


def devices() -> list[str]:
    return ["cpu"]


def device_of(x: Array) -> str:
    return "cpu"


def move(x: Array, device: str | None) -> Array:
    if device not in (None, *devices()):
        raise DeviceError(f"device: got {device!r}; expected one of {', '.join(devices())}.")
    return x
