"""The table of elementwise functions: the oracle of each, what it takes and how exact it is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from .oracle import Array, rounded
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
    low_of_second: float | None = None

    def expected(self, *xs: Array) -> Array:
        """The exact result on operands of one dtype."""
        if self.ulps and xs[0].dtype.kind == "f":
            return rounded(self.function, *xs)
        with np.errstate(all="ignore"):
            return np.asarray(self.function(*xs))


UNARY = {
    "abs": Case(np.abs),
    "bitwise_invert": Case(np.bitwise_invert, BITS),
    "ceil": Case(np.ceil),
    "cos": Case(np.cos, FLOATS, ulps=1),
    "exp": Case(np.exp, FLOATS, ulps=1),
    "expm1": Case(np.expm1, FLOATS, ulps=1),
    "floor": Case(np.floor),
    "isfinite": Case(np.isfinite),
    "isinf": Case(np.isinf),
    "isnan": Case(np.isnan),
    "log": Case(np.log, FLOATS, low=0, ulps=1),
    "log1p": Case(np.log1p, FLOATS, low=-1, ulps=1),
    "logical_not": Case(np.logical_not, ("bool",)),
    "negative": Case(np.negative),
    "positive": Case(np.positive),
    "round": Case(np.round),
    "sign": Case(np.sign),
    "sin": Case(np.sin, FLOATS, ulps=1),
    "sqrt": Case(np.sqrt, FLOATS, low=0),
    "square": Case(np.square),
    "tanh": Case(np.tanh, FLOATS, ulps=1),
}

BINARY = {
    "add": Case(np.add),
    "bitwise_and": Case(np.bitwise_and, BITS),
    "bitwise_or": Case(np.bitwise_or, BITS),
    "bitwise_xor": Case(np.bitwise_xor, BITS),
    "divide": Case(np.divide, FLOATS),
    "equal": Case(np.equal, EVERY),
    "floor_divide": Case(np.floor_divide, low_of_second=1),
    "greater": Case(np.greater),
    "greater_equal": Case(np.greater_equal),
    "less": Case(np.less),
    "less_equal": Case(np.less_equal),
    "logical_and": Case(np.logical_and, ("bool",)),
    "logical_or": Case(np.logical_or, ("bool",)),
    "maximum": Case(np.maximum),
    "minimum": Case(np.minimum),
    "multiply": Case(np.multiply),
    "not_equal": Case(np.not_equal, EVERY),
    "pow": Case(np.pow, low=0, high=8, ulps=1),
    "remainder": Case(np.remainder, low_of_second=1),
    "subtract": Case(np.subtract),
}
