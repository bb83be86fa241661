"""New tensors, by torch."""

from __future__ import annotations

from math import ceil
from typing import Any

import torch

from unifw.backends.torch import devices
from unifw.backends.torch.native import TORCH
from unifw.dtypes import DType, int64, uint64


def full(shape: tuple[Any, ...], value: Any, dtype: DType, device: str | None) -> torch.Tensor:
    if dtype is uint64 and isinstance(value, int) and 2**63 <= value < 2**64:  # as torch takes it: its bits, signed
        return full(shape, value - 2**64, int64, device).view(torch.uint64)
    if isinstance(value, bool):  # which TorchScript does not take
        value = int(value)
    if device is None:
        return torch.full(shape, value, dtype=TORCH[dtype])
    return torch.full(shape, value, dtype=TORCH[dtype], device=devices.native(device))


def arange(start: float, stop: float, step: float, dtype: DType, device: str | None) -> torch.Tensor:
    place = devices.native(device)
    integers = not any(isinstance(value, float) for value in (start, stop, step))
    if integers:
        if (stop - start) / step <= 0:  # torch refuses an empty range that the standard allows
            return torch.empty(0, dtype=TORCH[dtype], device=place)
        return torch.arange(start, stop, step, dtype=torch.int64, device=place).to(TORCH[dtype])
    count = torch.arange(max(ceil((stop - start) / step), 0), dtype=torch.float64, device=place)
    return (count * step + start).to(TORCH[dtype])
