"""PyTorch's own random stream."""

from __future__ import annotations

import torch


def seed(value: int) -> None:
    torch.manual_seed(value)
