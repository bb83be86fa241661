"""New tensors, by torch."""

from __future__ import annotations

from typing import Any

import torch

from unifw.backends.torch import devices
from unifw.backends.torch.native import TORCH
from unifw.dtypes import DType


def full(shape: tuple[Any, ...], value: Any, dtype: DType, device: str | None) -> torch.Tensor:
    if device is None:
        return torch.full(shape, value, dtype=TORCH[dtype])
    return torch.full(shape, value, dtype=TORCH[dtype], device=devices.native(device))


def arange(start: float, stop: float, step: float, dtype: DType, device: str | None) -> torch.Tensor:
    if (stop - start) / step <= 0:  # torch refuses an empty range that the standard allows
        return torch.empty(0, dtype=TORCH[dtype], device=devices.native(device))
    return torch.arange(start, stop, step, dtype=TORCH[dtype], device=devices.native(device))
