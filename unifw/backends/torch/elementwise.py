"""Arithmetic and functions of each element. A plain assignment means that torch conforms as it is."""

from __future__ import annotations

import operator
from typing import Any

import torch

from unifw.backends.torch import complex_numbers, unsigned
from unifw.backends.torch.native import is_recorded
from unifw.backends.torch.promotion import floats, like
from unifw.backends.torch.unsigned import Binary as _Binary
from unifw.backends.torch.unsigned import binary_or as _binary_or
from unifw.backends.torch.unsigned import modular as _modular
from unifw.backends.torch.unsigned import unary_or as _unary_or

add = operator.add
subtract = operator.sub
multiply = operator.mul


def _floor_divide(x1: Any, x2: Any) -> torch.Tensor:
    """A constant for gradients, as `floor` is: torch has no derivative of it."""
    return operator.floordiv(*(x.detach() if isinstance(x, torch.Tensor) else x for x in (x1, x2)))


floor_divide = _binary_or(_floor_divide, unsigned.quotient)


def _remainder(x1: Any, x2: Any) -> torch.Tensor:
    """A remainder of zero has the sign of the divisor, as every other has."""
    rest = x1 % x2
    if not rest.is_floating_point():
        return rest
    signed = torch.copysign(rest, x2)
    return torch.where(rest == 0, complex_numbers.with_value(signed, rest), rest) if is_recorded(rest) else signed


remainder = _binary_or(_remainder, unsigned.rest)
pow = _binary_or(operator.pow, unsigned.power)


def divide(x1: Any, x2: Any) -> torch.Tensor:
    if isinstance(x1, torch.Tensor):
        return x1 / x2
    return torch.divide(like(x1, x2), x2)  # torch's own scalar / tensor multiplies by a rounded reciprocal


def _square(x: torch.Tensor) -> torch.Tensor:
    if x.dtype is torch.bool:
        raise TypeError("no number")
    return torch.square(x)


def _of_floats(native: _Binary) -> _Binary:
    def apply(x1: Any, x2: Any) -> torch.Tensor:
        return native(*floats(x1, x2))

    return apply


atan2 = _of_floats(torch.atan2)
copysign = _of_floats(torch.copysign)
hypot = _of_floats(torch.hypot)
logaddexp = _of_floats(torch.logaddexp)
nextafter = _of_floats(torch.nextafter)

abs = _unary_or(torch.abs, torch.clone)
acos = complex_numbers.acos
acosh = torch.acosh
asin = torch.asin
asinh = torch.asinh
atan = torch.atan
atanh = torch.atanh
ceil = torch.ceil
conj = torch.conj_physical
cos = torch.cos
cosh = torch.cosh
exp = torch.exp
expm1 = complex_numbers.expm1
floor = torch.floor
log = torch.log
log10 = torch.log10
log1p = complex_numbers.log1p
log2 = torch.log2
negative = operator.neg
positive = torch.positive
real = torch.real
reciprocal = torch.reciprocal
signbit = torch.signbit
sin = torch.sin
sinh = torch.sinh
sqrt = torch.sqrt
square = _unary_or(_square, unsigned.squared)
tan = torch.tan
tanh = torch.tanh
trunc = torch.trunc


def imag(x: torch.Tensor) -> torch.Tensor:
    return torch.imag(x) if x.is_complex() else torch.zeros_like(x)


def round(x: torch.Tensor) -> torch.Tensor:
    if x.is_complex():
        return torch.view_as_complex(torch.round(torch.view_as_real(x.resolve_conj())))
    return torch.round(x)


def _sign(x: torch.Tensor) -> torch.Tensor:
    if x.is_complex():
        return complex_numbers.sign(x)
    result = torch.sgn(x)
    return torch.where(torch.isnan(x), x, result) if x.is_floating_point() else result  # sign(NaN) is NaN


sign = _unary_or(_sign, unsigned.whether_positive)


# For wide unsigned integers, and called after a failure only: a Python frame more would slow every sum.
add_otherwise = _binary_or(add, _modular(operator.add))
negative_otherwise = _unary_or(negative, unsigned.opposite)
subtract_otherwise = _binary_or(subtract, _modular(operator.sub))
