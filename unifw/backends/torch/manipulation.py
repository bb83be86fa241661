"""Shapes, by torch."""

from __future__ import annotations

from typing import Any

import torch

reshape = torch.reshape
permute_dims = torch.permute
expand_dims = torch.unsqueeze
squeeze = torch.squeeze
broadcast_to = torch.broadcast_to
stack = torch.stack
flip = torch.flip


def concat(xs: Any, axis: int) -> torch.Tensor:
    return torch.cat(xs, axis)
