"""Infinities, NaN and signed zeros through elementwise functions, against array_api_strict."""

from __future__ import annotations

from itertools import product
from typing import Any

import array_api_strict
import numpy as np
import pytest

import unifw

from .elementwise import BINARY, UNARY
from .oracle import Array, assert_same
from .strategies import FLOATS

VALUES = (np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 3.0)
DIVISIONS = ("floor_divide", "remainder")


def strictly(name: str, *xs: Array) -> Array:
    """What array_api_strict's function gives."""
    with np.errstate(all="ignore"):
        result: Any = getattr(array_api_strict, name)(*map(array_api_strict.asarray, xs))
    return np.asarray(result)


def pairs(name: str, dtype: str) -> Array:
    """Pairs of special values; the standard leaves the quotient of infinities and by zero to the implementation."""
    every = product(VALUES, VALUES)
    if name in DIVISIONS:
        every = ((x1, x2) for x1, x2 in every if not np.isinf(x1) and x2 and not (np.isinf(x2) and x1))
    return np.asarray(list(every), dtype).T


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", [name for name, case in UNARY.items() if set(FLOATS) <= set(case.dtypes)])
def test_unary(backend: str, name: str, dtype: str) -> None:
    x = np.asarray(VALUES, dtype)
    assert_same(getattr(unifw, name)(unifw.asarray(x)), strictly(name, x), UNARY[name].ulps)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("name", [name for name, case in BINARY.items() if set(FLOATS) <= set(case.dtypes)])
def test_binary(backend: str, name: str, dtype: str) -> None:
    case, (x1, x2) = BINARY[name], pairs(name, dtype)
    got = getattr(unifw, name)(unifw.asarray(x1), unifw.asarray(x2))
    assert_same(got, strictly(name, x1, x2), case.ulps, case.signed_zeros)


@pytest.mark.parametrize("name", ["add", "subtract", "multiply", "divide", "pow", "equal", "less", "maximum"])
def test_binary_with_a_python_scalar(backend: str, name: str) -> None:
    x, case = np.asarray(VALUES, "float32"), BINARY[name]
    for scalar in VALUES:
        if name == "pow" and scalar == 0.5:
            continue  # a square root everywhere, whose value at -inf and -0 is another
        other = np.full_like(x, scalar)
        got = getattr(unifw, name)(unifw.asarray(x), scalar), getattr(unifw, name)(scalar, unifw.asarray(x))
        assert_same(got[0], strictly(name, x, other), case.ulps, case.signed_zeros)
        assert_same(got[1], strictly(name, other, x), case.ulps, case.signed_zeros)


def test_a_negative_zero_leaves_later_zeros_alone(backend: str) -> None:
    x = unifw.asarray([1.0, -1.0])
    assert_same(x * -0.0, np.float32([-0.0, 0.0]))
    assert_same(x * 0.0, np.float32([0.0, -0.0]))
    assert_same(x / 0.0, np.float32([np.inf, -np.inf]))
    assert_same(unifw.full(2, 0.0), np.float32([0, 0]))


@pytest.mark.parametrize("name", ["sqrt", "log", "log1p", "sign", "ceil", "floor", "round", "tanh", "expm1", "sin"])
def test_zeros_keep_their_sign(backend: str, name: str) -> None:
    x = np.asarray([0.0, -0.0] * 8, "float32")
    assert_same(getattr(unifw, name)(unifw.asarray(x)), strictly(name, x))


def test_extremes_propagate_nan(backend: str) -> None:
    x = unifw.asarray([[1.0, np.nan, 3.0], [np.inf, -np.inf, 0.0]])
    assert_same(unifw.max(x, axis=1), np.float32([np.nan, np.inf]))
    assert_same(unifw.min(x, axis=1), np.float32([np.nan, -np.inf]))
    assert_same(unifw.max(x), np.float32(np.nan))
