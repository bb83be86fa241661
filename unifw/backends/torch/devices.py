"""Devices of PyTorch under unifw's names: torch's "cuda:0" is "gpu:0"."""

from __future__ import annotations

from functools import cache

import torch

from unifw.errors import DeviceError


def devices() -> list[str]:
    return ["cpu", *(f"gpu:{i}" for i in range(torch.cuda.device_count()))]


def device_of(x: torch.Tensor) -> str:
    device = x.device
    return "cpu" if device.type == "cpu" else f"gpu:{device.index or 0}"


@cache
def native(device: str | None) -> torch.device | None:
    """The torch device of a unifw name. Raises DeviceError for one that does not exist."""
    if device is None:
        return None
    name = device.replace("cuda", "gpu")
    name = "gpu:0" if name == "gpu" else name
    if name not in devices():
        raise DeviceError(f"device: got {device!r}; expected one of {', '.join(devices())}.")
    return torch.device(name.replace("gpu", "cuda"))


def move(x: torch.Tensor, device: str) -> torch.Tensor:
    return x.to(native(device))
