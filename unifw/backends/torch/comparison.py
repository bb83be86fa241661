"""Comparison, choice and limits of each element, by torch."""

from __future__ import annotations

import operator
from typing import Any

import torch

from unifw.backends.torch import unsigned
from unifw.backends.torch.promotion import both, like
from unifw.backends.torch.unsigned import WIDE as _WIDE
from unifw.backends.torch.unsigned import binary_or as _binary_or
from unifw.backends.torch.unsigned import comparing as _comparing

equal = operator.eq
not_equal = operator.ne
less = _binary_or(operator.lt, _comparing(operator.lt))
less_equal = _binary_or(operator.le, _comparing(operator.le))
greater = _binary_or(operator.gt, _comparing(operator.gt))
greater_equal = _binary_or(operator.ge, _comparing(operator.ge))


def _maximum(x1: Any, x2: Any) -> torch.Tensor:
    return torch.maximum(*both(x1, x2))


def _minimum(x1: Any, x2: Any) -> torch.Tensor:
    return torch.minimum(*both(x1, x2))


maximum = _binary_or(_maximum, unsigned.larger)
minimum = _binary_or(_minimum, unsigned.smaller)


def where(condition: torch.Tensor, x1: Any, x2: Any) -> torch.Tensor:
    if condition.dtype is not torch.bool:
        raise TypeError("no condition")  # torch takes 8 bits too, and warns
    return torch.where(condition, x1, x2)


def clip(x: torch.Tensor, minimum: Any, maximum: Any) -> torch.Tensor:
    if minimum is None and maximum is None:
        return x.clone()
    if x.dtype in _WIDE:
        return _clip_unsigned(x, minimum, maximum)
    if isinstance(minimum, torch.Tensor) or isinstance(maximum, torch.Tensor):
        minimum, maximum = (
            like(bound, x) if isinstance(bound, (bool, int, float)) else bound for bound in (minimum, maximum)
        )
    return torch.clamp(x, minimum, maximum)


def _clip_unsigned(x: torch.Tensor, minimum: Any, maximum: Any) -> torch.Tensor:
    if minimum is not None:
        x = unsigned.larger(*both(x, minimum))
    return x if maximum is None else unsigned.smaller(*both(x, maximum))


isfinite = torch.isfinite
isinf = torch.isinf
isnan = torch.isnan
