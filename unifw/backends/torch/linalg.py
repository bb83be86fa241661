"""Linear algebra, by torch."""

from __future__ import annotations

import torch

matmul = torch.matmul
