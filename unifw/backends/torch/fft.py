"""Fourier transforms, by torch."""

from __future__ import annotations

import torch


def fft(x: torch.Tensor) -> torch.Tensor:
    return torch.fft.fft(x)


def ifft(x: torch.Tensor) -> torch.Tensor:
    return torch.fft.ifft(x)
