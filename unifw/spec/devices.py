"""Devices."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native


class DeviceOps(Protocol):
    """Devices by name: "cpu", "gpu:0", ..."""

    def devices(self) -> list[str]: ...
    def device_of(self, x: Native, /) -> str: ...
    def move(self, x: Native, device: str, /) -> Native: ...
