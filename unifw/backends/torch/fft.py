"""Fourier transforms, by torch."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch


def _transform(native: Callable[..., Any]) -> Callable[[Any, int | None, int, str], Any]:
    def apply(x: torch.Tensor, n: int | None, axis: int, norm: str) -> torch.Tensor:
        try:
            return native(x, n, axis, norm)
        except RuntimeError:
            if x.numel():
                raise
            return _of_nothing(native, x, n, axis, norm)

    return apply


def _of_nothing(native: Callable[..., Any], x: torch.Tensor, *args: Any) -> torch.Tensor:
    """No vectors at all, which MKL refuses: none of the transforms of one vector."""
    one = native(x.new_zeros([max(size, 1) for size in x.shape]), *args)
    return one[tuple(slice(0 if size == 0 else None) for size in x.shape)]


fft = _transform(torch.fft.fft)
ifft = _transform(torch.fft.ifft)
rfft = _transform(torch.fft.rfft)
irfft = _transform(torch.fft.irfft)
