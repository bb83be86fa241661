"""Sharing memory with other frameworks through DLPack."""

from __future__ import annotations

from typing import Any

import torch

_ALIGNMENT = 64  # bytes; TensorFlow's kernels abort the process on memory that is aligned to less


def to_dlpack(x: torch.Tensor) -> Any | None:
    """`x` itself, or None where sharing is not safe.

    A view may look into a parameter that training changes in place, and a gradient would be cut without a word.
    """
    owns = x._base is None and not x.requires_grad
    plain = x.is_contiguous() and x.numel() > 0 and x.dtype is not torch.bool
    return x if owns and plain and x.data_ptr() % _ALIGNMENT == 0 else None


def from_dlpack(x: Any) -> torch.Tensor:
    return torch.from_dlpack(x)
