"""Bits and truth values of each element, by torch."""

from __future__ import annotations

import operator
from typing import Any

import torch

from unifw.backends.torch import unsigned
from unifw.backends.torch.promotion import both
from unifw.backends.torch.unsigned import binary_or as _binary_or
from unifw.backends.torch.unsigned import modular as _modular
from unifw.backends.torch.unsigned import of_truth as _of_truth
from unifw.backends.torch.unsigned import unary_or as _unary_or

bitwise_and = operator.and_
bitwise_or = operator.or_
bitwise_xor = operator.xor
bitwise_invert = _unary_or(torch.bitwise_not, unsigned.inverted)


def _left_shift(x1: Any, x2: Any) -> torch.Tensor:
    return torch.bitwise_left_shift(*both(x1, x2))


def _right_shift(x1: Any, x2: Any) -> torch.Tensor:
    return torch.bitwise_right_shift(*both(x1, x2))


bitwise_left_shift = _binary_or(_left_shift, _modular(operator.lshift))
bitwise_right_shift = _binary_or(_right_shift, unsigned.shifted_right)


def _and(x1: Any, x2: Any) -> torch.Tensor:
    return torch.logical_and(*both(x1, x2))


def _or(x1: Any, x2: Any) -> torch.Tensor:
    return torch.logical_or(*both(x1, x2))


def _xor(x1: Any, x2: Any) -> torch.Tensor:
    return torch.logical_xor(*both(x1, x2))


logical_and = _binary_or(_and, _of_truth(torch.logical_and))
logical_or = _binary_or(_or, _of_truth(torch.logical_or))
logical_xor = _binary_or(_xor, _of_truth(torch.logical_xor))
logical_not = _unary_or(torch.logical_not, unsigned.is_zero)
