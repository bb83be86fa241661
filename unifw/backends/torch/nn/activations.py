"""Activation functions by torch."""

from __future__ import annotations

import torch

relu = torch.relu
