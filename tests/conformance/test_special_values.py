"""Infinities, NaN and signed zeros through elementwise functions, against array_api_strict."""

from __future__ import annotations

from itertools import product
from typing import Any

import array_api_strict
import numpy as np
import pytest

import unifw

from .conftest import NATIVE
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


@pytest.mark.parametrize("dtype", FLOATS)
def test_a_remainder_of_zero_has_the_sign_of_the_divisor(backend: str, dtype: str) -> None:
    x1, x2 = np.asarray([*product((0.0, -0.0, 4.0, -4.0), (2.0, -2.0, np.inf, -np.inf))], dtype).T
    expected = np.asarray([a % b for a, b in zip(x1.tolist(), x2.tolist(), strict=True)], dtype)
    assert_same(unifw.remainder(unifw.asarray(x1), unifw.asarray(x2)), expected)
    assert_same(unifw.asarray([0.0, -0.0, 3.0]) % -1.5, np.float32([-0.0, -0.0, -0.0]))
    assert_same(3.0 % unifw.asarray([-1.5, 1.5]), np.float32([-0.0, 0.0]))


def test_a_remainder_has_a_slope_of_one_also_at_zero(backend: str) -> None:
    if unifw.get_backend().autodiff is None:
        return
    x = unifw.asarray([4.0, -4.0, 0.5, 0.0])
    slopes = unifw.grad(lambda x: unifw.sum(unifw.remainder(x, unifw.asarray([2.0, -2.0, -2.0, -1.0]))))(x)
    assert slopes.tolist() == [1.0] * 4


COMPLEX = (
    "acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp", "log", "log10", "log2", "sin", "sinh",
    "sqrt", "tan", "tanh",
)  # fmt: skip
PARTS = (0.0, -0.0, 1.0, -1.0, 0.5, 3.0, np.inf, -np.inf, np.nan)
NUMBERS = [complex(a, b) for a, b in product(PARTS, PARTS)]


def same_parts(got: Array, expected: Array, signed: Array) -> None:
    """Equality of parts, NaN and infinities included; of zeros and infinities with their sign where it is `signed`."""
    unlike = np.isnan(got) != np.isnan(expected)
    unlike |= ~np.isclose(np.abs(got), np.abs(expected), rtol=1e-5, equal_nan=True)
    unlike |= signed & ~np.isnan(got) & (np.signbit(got) != np.signbit(expected))
    assert not unlike.any(), [(NUMBERS[i], got[i], expected[i]) for i in np.flatnonzero(unlike)]


@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("name", COMPLEX)
def test_complex_numbers_as_c99_has_them(backend: str, name: str, dtype: str) -> None:
    """NumPy follows C99's annex G, as the standard does; which leaves open the signs that come of an unknown angle."""
    x = np.asarray(NUMBERS, dtype)
    with np.errstate(all="ignore"):
        expected = getattr(np, name)(x)
    got = getattr(unifw, name)(unifw.asarray(x)).numpy()
    signed = np.isfinite(x.imag) & np.isfinite(x.real) | (np.isfinite(x.imag) & np.isfinite(expected))
    same_parts(got.real, expected.real, signed)
    same_parts(got.imag, expected.imag, signed)


INF, NAN = np.inf, np.nan
BY_THE_STANDARD: dict[str, list[tuple[float, float, float, float]]] = {  # the parts of a number, and of the result
    "expm1": [
        (0, 0, 0, 0), (-0.0, 0, 0, 0), (2, INF, NAN, NAN), (2, NAN, NAN, NAN), (INF, 0, INF, 0), (-INF, 1, -1, 0),
        (INF, 1, INF, INF), (INF, 2, -INF, INF), (-INF, INF, -1, 0), (INF, INF, INF, NAN), (-INF, NAN, -1, 0),
        (INF, NAN, INF, NAN), (NAN, 0, NAN, 0), (NAN, 1, NAN, NAN), (NAN, NAN, NAN, NAN),
    ],
    "log1p": [
        (-1, 0, -INF, 0), (2, INF, INF, np.pi / 2), (2, NAN, NAN, NAN), (-INF, 1, INF, np.pi), (INF, 1, INF, 0),
        (-INF, INF, INF, 3 * np.pi / 4), (INF, INF, INF, np.pi / 4), (INF, NAN, INF, NAN), (-INF, NAN, INF, NAN),
        (NAN, 1, NAN, NAN), (NAN, INF, INF, NAN), (NAN, NAN, NAN, NAN),
    ],
    "sign": [
        (0, 0, 0, 0), (-0.0, -0.0, 0, 0), (NAN, 1, NAN, NAN), (1, NAN, NAN, NAN), (0, NAN, NAN, NAN),
        (3, -4, 0.6, -0.8),
    ],
}  # fmt: skip


@pytest.mark.parametrize("backend", NATIVE, indirect=True)  # NumPy's own expm1 and sign, the toy's, are otherwise
@pytest.mark.parametrize("dtype", ["complex64", "complex128"])
@pytest.mark.parametrize("name", BY_THE_STANDARD)
def test_complex_numbers_as_the_standard_has_them(backend: str, name: str, dtype: str) -> None:
    for a, b, real, imag in BY_THE_STANDARD[name]:
        x, expected = complex(a, b), complex(real, imag)
        for twin, value in ((x, expected), (x.conjugate(), expected.conjugate())):
            got = getattr(unifw, name)(unifw.asarray(np.asarray(twin, dtype))).numpy()
            parts = np.asarray([abs(got.real), abs(got.imag)])
            np.testing.assert_allclose(parts, [abs(value.real), abs(value.imag)], 1e-6, 1e-7, err_msg=f"{twin}: {got}")
            if name != "sign" and np.isfinite(twin.imag) and not np.isnan(got.imag):
                assert np.signbit(got.imag) == np.signbit(value.imag), twin


@pytest.mark.parametrize("backend", NATIVE, indirect=True)
@pytest.mark.parametrize(("dtype", "huge", "tiny"), [("complex64", 3e38, 1e-37), ("complex128", 1e308, 1e-307)])
def test_the_sign_of_huge_and_tiny_complex_numbers(backend: str, dtype: str, huge: float, tiny: float) -> None:
    x = [(1 + 1j) * huge, -1j * huge, complex(huge, 1), (1 - 1j) * tiny, -tiny + 0j, 0j]
    expected = [(0.5 + 0.5j) * 2**0.5, -1j, 1, (0.5 - 0.5j) * 2**0.5, -1, 0]
    got = unifw.sign(unifw.asarray(x, dtype=dtype)).numpy()
    np.testing.assert_allclose(got, np.asarray(expected, dtype), 4 * np.finfo(dtype).eps)
