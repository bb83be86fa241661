"""Softmax and its kin, padding and Einstein sums, by torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

from unifw.backends.torch.native import TORCH, UNIFW
from unifw.backends.torch.unsigned import bits as _bits
from unifw.backends.torch.unsigned import of_bits as _of_bits
from unifw.dtypes import promote


def logsumexp(x: torch.Tensor, axis: tuple[int, ...], keepdims: bool) -> torch.Tensor:
    return torch.logsumexp(_floating(x), axis, keepdims)


def softmax(x: torch.Tensor, axis: int) -> torch.Tensor:
    return torch.softmax(_floating(x), axis)


def log_softmax(x: torch.Tensor, axis: int) -> torch.Tensor:
    return torch.log_softmax(_floating(x), axis)


def _floating(x: torch.Tensor) -> torch.Tensor:
    return x if x.is_floating_point() else x.to(torch.float32)


def pad(x: torch.Tensor, widths: Sequence[tuple[int, int]], value: Any) -> torch.Tensor:
    return torch.constant_pad_nd(x, [width for pair in reversed(widths) for width in pair], value)


def einsum(equation: str, xs: Sequence[torch.Tensor]) -> torch.Tensor:
    common = UNIFW[xs[0].dtype]
    for x in xs[1:]:
        common = promote(common, UNIFW[x.dtype])
    native = TORCH[common]
    if native.is_floating_point or native.is_complex:
        return torch.einsum(equation, *(x.to(native) for x in xs))
    return _of_bits(torch.einsum(equation, *(_bits(x) for x in xs)), native)
