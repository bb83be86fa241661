"""Changes of shape by torch."""

from __future__ import annotations

import torch

flatten = torch.flatten
