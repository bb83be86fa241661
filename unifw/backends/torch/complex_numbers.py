"""Functions of complex numbers where torch's kernels are wrong: at infinities, and in the sign of a zero."""

from __future__ import annotations

import torch

from unifw.backends.torch.native import is_recorded


def with_value(value: torch.Tensor, x: torch.Tensor) -> torch.Tensor:
    """The finite values of one tensor, also the signs of zeros, with the gradient of another."""
    return value.detach() - (x.detach() - x) if is_recorded(x) else value


def acos(x: torch.Tensor) -> torch.Tensor:
    """The conjugate of x has the conjugate angle, also on the real axis."""
    y = torch.acos(x)
    if not x.is_complex():
        return y
    imag = torch.where(y.imag == 0, with_value(torch.copysign(y.imag, -x.imag), y.imag), y.imag)
    return torch.complex(y.real, imag)


def expm1(x: torch.Tensor) -> torch.Tensor:
    y = torch.expm1(x)
    if not x.is_complex():
        return y
    large = torch.exp(x)
    return torch.where(torch.isfinite(x.real), y, torch.complex(large.real - 1, large.imag))


def log1p(x: torch.Tensor) -> torch.Tensor:
    y = torch.log1p(x)
    return torch.where(torch.isfinite(x), y, torch.log(x)) if x.is_complex() else y


def sign(x: torch.Tensor) -> torch.Tensor:
    """Of numbers brought near 1: torch's kernel divides by a size that overflows or vanishes."""
    size = torch.maximum(x.real.abs(), x.imag.abs()).detach()
    far = 2.0**40 if x.dtype is torch.complex64 else 2.0**300
    scale = (far**1.75) ** ((size < 1 / far).to(size.dtype) - (size > far).to(size.dtype))
    return torch.sgn(torch.complex(x.real * scale, x.imag * scale))
