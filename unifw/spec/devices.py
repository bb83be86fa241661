"""Devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from unifw.spec.types import Native


class DeviceOps(Protocol):
    """Devices by name: "cpu", "gpu:0", ...; unifw passes names of devices that exist, and None for the CPU."""

    several: bool
    """Whether there are more devices than one; where there are not, nobody need ask where a tensor is."""

    def devices(self) -> list[str]: ...
    def device_of(self, x: Native, /) -> str: ...
    def move(self, x: Native, device: str, /) -> Native:
        """`x` itself if it is there."""
        ...

    def set_memory_limit(self, mebibytes: int, gpus: Sequence[int], /) -> None:
        """Of the GPUs of these numbers. Raises DeviceError where it is too late."""
        ...
