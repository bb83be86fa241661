"""uint16, uint32 and uint64, for which torch has few kernels: the same bits in int64, and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from unifw.backends.torch.promotion import both

SIGNED = {torch.uint16: torch.int16, torch.uint32: torch.int32, torch.uint64: torch.int64}
"""The dtypes of the same bits, for kernels that only move elements."""
WIDE = tuple(SIGNED)
_TOP = torch.iinfo(torch.int64).min  # only the top bit

Unary = Callable[[torch.Tensor], torch.Tensor]
Binary = Callable[[Any, Any], torch.Tensor]


def bits(x: torch.Tensor) -> torch.Tensor:
    """The bits as int64: sums, products and powers of these are right modulo the size."""
    return x.view(torch.int64) if x.dtype is torch.uint64 else x.to(torch.int64)


def of_bits(x: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    return x.view(dtype) if dtype is torch.uint64 else x.to(dtype)


def ordered(x: torch.Tensor) -> torch.Tensor:
    """Integers of int64 in the same order."""
    return bits(x) ^ _TOP if x.dtype is torch.uint64 else bits(x)


def unary_or(native: Unary, unsigned: Unary) -> Unary:
    """`native`, and where torch has no kernel of it for unsigned integers, `unsigned`."""

    def apply(x: torch.Tensor) -> torch.Tensor:
        try:
            return native(x)
        except NotImplementedError:
            if x.dtype not in WIDE:
                raise
            return unsigned(x)

    return apply


def binary_or(native: Binary, unsigned: Binary) -> Binary:
    """`native`, and where torch has no kernel of it for unsigned integers, `unsigned` of two tensors of one dtype."""

    def apply(x1: Any, x2: Any) -> torch.Tensor:
        try:
            return native(x1, x2)
        except RuntimeError:  # no kernel, or a number above those of int64
            x1, x2 = both(x1, x2)
            if x1.dtype not in WIDE:
                raise
            return unsigned(x1, x2)

    return apply


def modular(operation: Binary) -> Binary:
    """An operation whose low bits depend on the low bits of its operands only, such as a sum, by way of int64."""

    def apply(x1: Any, x2: Any) -> torch.Tensor:
        return of_bits(operation(bits(x1), bits(x2)), x1.dtype)

    return apply


def comparing(operation: Binary) -> Binary:
    """A comparison, by way of int64."""

    def apply(x1: Any, x2: Any) -> torch.Tensor:
        return operation(ordered(x1), ordered(x2))

    return apply


def larger(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    return torch.where(ordered(x1) >= ordered(x2), x1, x2)


def smaller(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    return torch.where(ordered(x1) <= ordered(x2), x1, x2)


def quotient(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    n, d = bits(x1), bits(x2)
    if x1.dtype is not torch.uint64:
        return of_bits(n // d, x1.dtype)
    # Hacker's Delight, 9-3: divide half of n, which has no sign, and correct what doubling leaves.
    estimate = (((n >> 1) & ~_TOP) // d) << 1
    rest = n - estimate * d
    exact = estimate + ((rest ^ _TOP) >= (d ^ _TOP)).to(torch.int64)
    at_most_once = ((n ^ _TOP) >= (d ^ _TOP)).to(torch.int64)
    return of_bits(torch.where(d < 0, at_most_once, exact), x1.dtype)


def rest(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    return of_bits(bits(x1) - bits(quotient(x1, x2)) * bits(x2), x1.dtype)


def shifted_right(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    n, by = bits(x1), bits(x2)
    if x1.dtype is not torch.uint64:
        return of_bits(n >> by, x1.dtype)
    halved = ((n >> 1) & ~_TOP) >> (by - 1).clamp(min=0)  # the first step clears the sign, which torch would copy
    return of_bits(torch.where(by == 0, n, halved), x1.dtype)


def opposite(x: torch.Tensor) -> torch.Tensor:
    return of_bits(-bits(x), x.dtype)


def power(x1: torch.Tensor, x2: torch.Tensor) -> torch.Tensor:
    """Of exponents with the top bit others that do the same: 2**62 more or less change no power of an odd number."""
    exponent = bits(x2)
    exponent = torch.where(exponent < 0, exponent & ~_TOP | (1 << 62), exponent)
    return of_bits(bits(x1) ** exponent, x1.dtype)


def squared(x: torch.Tensor) -> torch.Tensor:
    return of_bits(bits(x) * bits(x), x.dtype)


def inverted(x: torch.Tensor) -> torch.Tensor:
    return of_bits(~bits(x), x.dtype)


def whether_positive(x: torch.Tensor) -> torch.Tensor:
    return (x != 0).to(x.dtype)


def is_zero(x: torch.Tensor) -> torch.Tensor:
    return x == 0


def of_truth(operation: Binary) -> Binary:
    """A logical operation on whether each number is not zero."""

    def apply(x1: Any, x2: Any) -> torch.Tensor:
        return operation(x1 != 0, x2 != 0)

    return apply
