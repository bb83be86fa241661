"""PyTorch's own random stream, and generators of it."""

from __future__ import annotations

import math
from typing import Any

import torch

from unifw.backends.torch import devices
from unifw.backends.torch.native import TORCH
from unifw.dtypes import DType


def seed(value: int) -> None:
    torch.manual_seed(value)


def generator(value: int) -> torch.Generator:
    return torch.Generator().manual_seed(value)


def get_state(generator: torch.Generator | None) -> Any:
    if generator is None:
        return torch.get_rng_state(), torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else []
    return generator.get_state().numpy().copy()


def set_state(generator: torch.Generator | None, state: Any) -> None:
    if generator is None:
        torch.set_rng_state(state[0])
        torch.cuda.set_rng_state_all(state[1])
    else:
        generator.set_state(torch.from_numpy(state.copy()))


def uniform(shape: tuple[int, ...], dtype: DType, device: str | None, generator: Any) -> torch.Tensor:
    return _placed(torch.rand, shape, dtype, device, generator)


def normal(shape: tuple[int, ...], dtype: DType, device: str | None, generator: Any) -> torch.Tensor:
    return _placed(torch.randn, shape, dtype, device, generator)


def _placed(draw: Any, shape: tuple[int, ...], dtype: DType, device: str | None, generator: Any) -> torch.Tensor:
    """A generator lives on the CPU: what it draws is moved."""
    if generator is not None:
        x = draw(shape, dtype=TORCH[dtype], generator=generator)
        return x if device is None else devices.move(x, device)
    return draw(shape, dtype=TORCH[dtype], device=devices.native(device))


def integers(low: int, high: int, shape: tuple[int, ...], device: str | None, generator: Any) -> torch.Tensor:
    x = torch.randint(low, high, shape, generator=generator)
    return x if device is None else devices.move(x, device)


def truncated(u: torch.Tensor, lower: float, upper: float) -> torch.Tensor:
    """Standard normal numbers between the bounds, from uniform ones."""
    low, high = (math.erf(bound / math.sqrt(2)) for bound in (lower, upper))
    return torch.clamp(math.sqrt(2) * torch.erfinv(low + (high - low) * u), lower, upper)
