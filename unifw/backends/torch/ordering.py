"""Dtypes that torch's kernels lack: integers that stand for their order, or for their bits."""

from __future__ import annotations

import torch

from unifw.backends.torch.unsigned import ordered

_WIDER = {torch.bool: torch.int8, torch.uint8: torch.int16, torch.uint16: torch.int32, torch.uint32: torch.int64}


def keys(x: torch.Tensor) -> torch.Tensor:
    """Signed integers in the order of the elements: NaN is the greatest, the two zeros are equal."""
    if not x.is_floating_point():
        return signed(x)
    x = x.detach()
    x = x.to(torch.float32) if x.element_size() < 4 else x
    whole = torch.int32 if x.dtype is torch.float32 else torch.int64
    last = torch.iinfo(whole).max
    bits = x.view(whole)
    bits = torch.where(bits < 0, bits ^ last, bits)  # -0.0 becomes -1
    return torch.where(torch.isnan(x), last, torch.where(bits == -1, 0, bits))


def signed(x: torch.Tensor) -> torch.Tensor:
    """Integers and booleans as signed integers of the same order."""
    return ordered(x) if x.dtype is torch.uint64 else x.to(_WIDER.get(x.dtype, x.dtype))


def unsigned(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    """The inverse of `signed`."""
    return (x ^ torch.iinfo(torch.int64).min).view(dtype) if dtype is torch.uint64 else x.to(dtype)
