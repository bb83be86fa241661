"""Sharing memory with other frameworks through DLPack."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np
import torch

_ALIGNMENT = 64  # bytes; TensorFlow's kernels abort the process on memory that is aligned to less


def mark_as_changing(x: torch.Tensor, owner: Any) -> None:
    """Say of the memory of `x` that its owner changes it in place; every tensor that looks into it then says so too."""
    x.untyped_storage()._unifw_changes = weakref.ref(owner)


def to_dlpack(x: torch.Tensor) -> Any | None:
    """`x` itself, or None where sharing is not safe: memory that changes, or a gradient that would be cut unnoticed."""
    fixed = not x.requires_grad and not hasattr(x.untyped_storage(), "_unifw_changes")
    plain = x.is_contiguous() and x.numel() > 0 and x.dtype is not torch.bool
    return x if fixed and plain and x.data_ptr() % _ALIGNMENT == 0 else None


def from_dlpack(x: Any) -> torch.Tensor:
    return torch.from_dlpack(x)


def import_memory(x: Any) -> torch.Tensor | None:
    try:
        return torch.from_dlpack(x) if not _backwards(x) else None
    except (BufferError, RuntimeError, TypeError, ValueError):  # byte orders, versions
        return None


def _backwards(x: Any) -> bool:
    """Whether memory runs backwards along an axis, at which torch aborts the process."""
    if int(x.__dlpack_device__()[0]) != 1:
        return False
    try:
        values = x if isinstance(x, np.ndarray) else np.from_dlpack(x)
    except (BufferError, RuntimeError):  # a dtype that NumPy does not have
        return False
    return any(stride < 0 for stride in values.strides)


def capsule(x: torch.Tensor, copy: bool, max_version: tuple[int, int] | None, stream: Any) -> Any:
    x = x.detach().resolve_conj().resolve_neg()
    x = x.clone() if copy else x
    streams = {} if stream is None else {"stream": stream}
    return x.__dlpack__(max_version=max_version, **streams)
