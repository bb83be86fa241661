"""How values lie in storage: kernels as channels-last convolutions want them, which else turn them at each call."""

from __future__ import annotations

from inspect import getattr_static
from typing import Any

import torch

from unifw.backends.torch.native import unwrapped
from unifw.tensor import Tensor

_FORMS = {4: torch.channels_last, 5: torch.channels_last_3d}

kernel: Any = getattr_static(Tensor, "native")
"""What convolutions take of a Tensor, and what its storage has: the slot of its payload itself, as channels-last is an
order in memory alone."""


def stored(x: torch.Tensor) -> torch.Tensor:
    """The value as a leaf of its own."""
    form = _FORMS.get(x.ndim, torch.contiguous_format)
    return unwrapped(x.detach().contiguous(memory_format=form))
