"""The table of elementwise functions: the oracle of each, what it takes and how exact it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .oracle import Array, assert_same, rounded
from .strategies import EVERY, FLOATS, INTEGERS, NUMBERS

BITS = (*INTEGERS, "bool")


@dataclass(frozen=True)
class Case:
    """A function's NumPy oracle, its dtypes, the range of its operands and its error in units in the last place."""

    function: Callable[..., Any]
    dtypes: tuple[str, ...] = NUMBERS
    low: float = -100
    high: float = 100
    ulps: float = 0
    low_of_second: float | None = None  # of divisors, which have both signs
    signed_zeros: bool = True  # False where the sign of a zero is left open

    def check(self, got: Any, *xs: Array) -> None:
        """Compare a result with the exact one on operands of one dtype."""
        assert_same(got, self.expected(*xs), self.ulps if xs[0].dtype.kind == "f" else 0, self.signed_zeros)

    def expected(self, *xs: Array) -> Array:
        """The exact result on operands of one dtype."""
        if self.ulps and xs[0].dtype.kind == "f":
            return rounded(self.function, *xs)
        with np.errstate(all="ignore"):
            return np.asarray(self.function(*xs))


UNARY = {
    "abs": Case(np.abs),
    "acos": Case(np.acos, FLOATS, low=-1, high=1, ulps=4),
    "acosh": Case(np.acosh, FLOATS, low=1, ulps=4),
    "asin": Case(np.asin, FLOATS, low=-1, high=1, ulps=4),
    "asinh": Case(np.asinh, FLOATS, ulps=4),
    "atan": Case(np.atan, FLOATS, ulps=4),
    "atanh": Case(np.atanh, FLOATS, low=-1, high=1, ulps=4),
    "bitwise_invert": Case(np.bitwise_invert, BITS),
    "ceil": Case(np.ceil),
    "conj": Case(np.conj),
    "cos": Case(np.cos, FLOATS, ulps=2),
    "cosh": Case(np.cosh, FLOATS, low=-80, high=80, ulps=4),
    "exp": Case(np.exp, FLOATS, low=-80, high=80, ulps=2),
    "expm1": Case(np.expm1, FLOATS, low=-80, high=80, ulps=4),
    "floor": Case(np.floor),
    "imag": Case(np.imag, INTEGERS),
    "isfinite": Case(np.isfinite),
    "isinf": Case(np.isinf),
    "isnan": Case(np.isnan),
    "log": Case(np.log, FLOATS, low=0, ulps=4),
    "log10": Case(np.log10, FLOATS, low=0, ulps=4),
    "log1p": Case(np.log1p, FLOATS, low=-1, ulps=4),
    "log2": Case(np.log2, FLOATS, low=0, ulps=4),
    "logical_not": Case(np.logical_not, ("bool",)),
    "negative": Case(np.negative),
    "positive": Case(np.positive),
    "real": Case(np.real),
    "reciprocal": Case(np.reciprocal, FLOATS, ulps=1),
    "round": Case(np.round),
    "sign": Case(np.sign),
    "signbit": Case(np.signbit, FLOATS),
    "sin": Case(np.sin, FLOATS, ulps=2),
    "sinh": Case(np.sinh, FLOATS, low=-80, high=80, ulps=4),
    "sqrt": Case(np.sqrt, FLOATS, low=0, ulps=1),
    "square": Case(np.square),
    "tan": Case(np.tan, FLOATS, ulps=4),
    "tanh": Case(np.tanh, FLOATS, ulps=7),
    "trunc": Case(np.trunc),
}

BINARY = {
    "add": Case(np.add),
    "atan2": Case(np.atan2, FLOATS, ulps=4),
    "bitwise_and": Case(np.bitwise_and, BITS),
    "bitwise_left_shift": Case(np.bitwise_left_shift, INTEGERS, low=0, high=70),
    "bitwise_or": Case(np.bitwise_or, BITS),
    "bitwise_right_shift": Case(np.bitwise_right_shift, INTEGERS, low=0, high=70),
    "bitwise_xor": Case(np.bitwise_xor, BITS),
    "copysign": Case(np.copysign, FLOATS),
    "divide": Case(np.divide, FLOATS),
    "equal": Case(np.equal, EVERY),
    "floor_divide": Case(np.floor_divide, low_of_second=1),
    "greater": Case(np.greater),
    "greater_equal": Case(np.greater_equal),
    "hypot": Case(np.hypot, FLOATS, ulps=2),
    "less": Case(np.less),
    "less_equal": Case(np.less_equal),
    "logaddexp": Case(np.logaddexp, FLOATS, ulps=4),
    "logical_and": Case(np.logical_and, ("bool",)),
    "logical_or": Case(np.logical_or, ("bool",)),
    "logical_xor": Case(np.logical_xor, ("bool",)),
    "maximum": Case(np.maximum, signed_zeros=False),
    "minimum": Case(np.minimum, signed_zeros=False),
    "multiply": Case(np.multiply),
    "nextafter": Case(np.nextafter, FLOATS),
    "not_equal": Case(np.not_equal, EVERY),
    "pow": Case(np.pow, low=0, high=8, ulps=3),
    "remainder": Case(np.remainder, low_of_second=1),
    "subtract": Case(np.subtract),
}
