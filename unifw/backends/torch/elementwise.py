"""Functions of each element. A plain assignment means that torch conforms as it is."""

from __future__ import annotations

import operator
from typing import Any

import torch
from array_api_compat import torch as compat

from unifw.backends.torch.promotion import both, like

add = operator.add
subtract = operator.sub
multiply = operator.mul
floor_divide = operator.floordiv
remainder = operator.mod
pow = operator.pow
bitwise_and = operator.and_
bitwise_or = operator.or_
bitwise_xor = operator.xor
equal = operator.eq
not_equal = operator.ne
less = operator.lt
less_equal = operator.le
greater = operator.gt
greater_equal = operator.ge


def divide(x1: Any, x2: Any) -> torch.Tensor:
    if isinstance(x1, torch.Tensor):
        return torch.divide(x1, x2)
    return torch.divide(like(x1, x2), x2)  # torch's own scalar / tensor multiplies by a rounded reciprocal


def maximum(x1: Any, x2: Any) -> torch.Tensor:
    return torch.maximum(*both(x1, x2))


def minimum(x1: Any, x2: Any) -> torch.Tensor:
    return torch.minimum(*both(x1, x2))


def logical_and(x1: Any, x2: Any) -> torch.Tensor:
    return torch.logical_and(*both(x1, x2))


def logical_or(x1: Any, x2: Any) -> torch.Tensor:
    return torch.logical_or(*both(x1, x2))


def where(condition: torch.Tensor, x1: Any, x2: Any) -> torch.Tensor:
    return torch.where(condition, x1, x2)


def clip(x: torch.Tensor, minimum: float | None, maximum: float | None) -> torch.Tensor:
    return x.clone() if minimum is None and maximum is None else torch.clamp(x, minimum, maximum)


abs = torch.abs
bitwise_invert = torch.bitwise_not
ceil = compat.ceil
cos = torch.cos
exp = torch.exp
expm1 = torch.expm1
floor = compat.floor
isfinite = torch.isfinite
isinf = torch.isinf
isnan = torch.isnan
log = torch.log
log1p = torch.log1p
logical_not = torch.logical_not
negative = torch.negative
positive = torch.positive
round = compat.round
sin = torch.sin
sqrt = torch.sqrt
square = torch.square
tanh = torch.tanh


def sign(x: torch.Tensor) -> torch.Tensor:
    result = torch.sgn(x)
    return torch.where(torch.isnan(x), x, result) if x.is_floating_point() else result  # sign(NaN) is NaN
