"""Devices of PyTorch under unifw's names: torch's "cuda:0" is "gpu:0"."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import torch

from unifw.errors import ArgumentError

several = torch.cuda.device_count() > 0


def devices() -> list[str]:
    return ["cpu", *(f"gpu:{i}" for i in range(torch.cuda.device_count()))]


def device_of(x: torch.Tensor) -> str:
    device = x.device
    return "cpu" if device.type == "cpu" else f"gpu:{device.index or 0}"


@cache
def native(device: str | None) -> torch.device | None:
    """The torch device of a unifw name."""
    return None if device is None else torch.device(device.replace("gpu", "cuda"))


def move(x: torch.Tensor, device: str) -> torch.Tensor:
    return x.to(native(device))


def set_memory_limit(mebibytes: int, gpus: Sequence[int]) -> None:
    totals = [torch.cuda.get_device_properties(i).total_memory for i in gpus]
    if mebibytes * 2**20 > min(totals):
        raise ArgumentError(
            f"set_memory_limit: got {mebibytes}; expected at most the {min(totals) // 2**20} mebibytes of the GPU."
        )
    for number, total in zip(gpus, totals, strict=True):
        torch.cuda.set_per_process_memory_fraction(mebibytes * 2**20 / total, number)
