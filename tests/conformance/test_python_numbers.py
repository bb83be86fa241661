"""Python numbers beside tensors that do not hold them: NumPy's rules, in one wording, and no end of the process."""

from __future__ import annotations

import operator
import os
import subprocess
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifw
from unifw.errors import ArgumentError, DTypeError, NumberRangeError, OperandError
from unifw.tensor import Tensor

from .conftest import NATIVE
from .oracle import assert_same

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
FLOATS = ("float16", "float32", "float64")


def beyond(dtype: str) -> list[int]:
    """Integers that the dtype does not hold."""
    limits = np.iinfo(dtype)
    numbers = (
        limits.min - 1,
        limits.max + 1,
        -1,
        -300,
        300,
        70_000,
        2**40,
        2**63,
        -(2**63) - 1,
        2**64,
        2**70,
        -(2**70),
    )
    return [number for number in numbers if not limits.min <= number <= limits.max]


def assigned(x: Tensor, number: Any) -> Tensor:
    x[0] = number
    return x


IN_RANGE: dict[str, Callable[[Tensor, Any], Tensor]] = {
    "add": operator.add,
    "subtract": lambda x, number: number - x,
    "multiply": operator.imul,
    "floor_divide": operator.floordiv,
    "remainder": operator.mod,
    "pow": operator.pow,
    "bitwise_and": operator.and_,
    "bitwise_left_shift": operator.lshift,
    "maximum": unifw.maximum,
    "minimum": lambda x, number: unifw.minimum(number, x),
    "where": lambda x, number: unifw.where(x > 1, number, x),
    "clip": lambda x, number: unifw.clip(x, max=number),
    "full_like": unifw.full_like,
    "full": lambda x, number: unifw.full(2, number, dtype=x.dtype),
    "index assignment": assigned,
    "pad": lambda x, number: unifw.pad(x, 1, constant_values=number),
    "isin": unifw.isin,
    "asarray": lambda x, number: unifw.asarray([1, number], dtype=x.dtype),
}


@pytest.mark.parametrize("name", IN_RANGE)
def test_an_integer_out_of_range_is_an_error(backend: str, name: str) -> None:
    for dtype in INTEGERS:
        limits = np.iinfo(dtype)
        for number in beyond(dtype):
            text = f"^{name}: got {number} for {dtype}; expected {limits.min} to {limits.max}"
            with pytest.raises(NumberRangeError, match=text) as caught:
                IN_RANGE[name](unifw.ones(2, dtype=dtype), number)
            assert isinstance(caught.value, ArgumentError)
            assert isinstance(caught.value, OverflowError)


@pytest.mark.parametrize(
    "name", ["add", "subtract", "multiply", "maximum", "minimum", "where", "full", "index assignment"]
)
def test_the_limits_themselves_are_in_range(backend: str, name: str) -> None:
    for dtype in INTEGERS:
        for number in (np.iinfo(dtype).min, np.iinfo(dtype).max):
            expected = (
                IN_RANGE[name](unifw.ones(2, dtype=dtype), unifw.asarray(number, dtype=dtype))
                if name[0] != "f"
                else None
            )
            want = np.full(2, number, dtype) if expected is None else expected.numpy()
            assert_same(IN_RANGE[name](unifw.ones(2, dtype=dtype), number), want)


def test_other_numbers_that_a_dtype_does_not_hold(backend: str) -> None:
    calls: dict[str, Callable[[], Any]] = {
        "arange: got 299 for uint8": lambda: unifw.arange(300, dtype="uint8"),
        "arange: got -3 for uint8": lambda: unifw.arange(-3, 3, dtype="uint8"),
        f"arange: got {2**70} for int64": lambda: unifw.arange(2**70, 2**70 + 2),
        "random.integers: got 299 for uint8": lambda: unifw.random.integers(0, 300, (2,), dtype="uint8"),
        "full: got nan for int8": lambda: unifw.full(2, float("nan"), dtype="int8"),
        "full_like: got inf for int64": lambda: unifw.full_like(unifw.ones(2, dtype="int64"), float("inf")),
        "asarray: got 300.0 for uint8": lambda: unifw.asarray([1.5, 300.0], dtype="uint8"),
    }
    for text, call in calls.items():
        with pytest.raises(NumberRangeError, match=text.replace(".", "[.]")):
            call()
    assert_same(unifw.arange(256, dtype="uint8"), np.arange(256, dtype="uint8"))


def test_truth_values_count_as_integers(backend: str) -> None:
    for dtype in (*INTEGERS, *FLOATS):
        x = np.asarray([3, 2], dtype)
        assert_same(unifw.asarray(x) + True, x + x.dtype.type(1))
        assert_same(True - unifw.asarray(x, dtype=dtype) * False, np.ones(2, dtype))
        assert_same(unifw.maximum(unifw.asarray(x), True), x)
        assert_same(unifw.logical_and(unifw.asarray(x), 300), np.asarray([True, True]))


def test_integers_to_a_negative_power(backend: str) -> None:
    with pytest.raises(DTypeError, match=r"^pow: got a negative exponent for integers; expected 0"):
        unifw.ones(2, dtype="int8") ** -1


COMPARISONS = (operator.lt, operator.le, operator.gt, operator.ge, operator.eq, operator.ne)


@pytest.mark.parametrize("compare", COMPARISONS)
def test_comparisons_take_any_integer(backend: str, compare: Callable[[Any, Any], Any]) -> None:
    for dtype in INTEGERS:
        limits = np.iinfo(dtype)
        x = np.asarray([limits.min, 1, limits.max], dtype)
        for number in beyond(dtype):
            assert_same(compare(unifw.asarray(x), number), np.asarray([compare(int(n), number) for n in x]))
            assert_same(compare(number, unifw.asarray(x)), np.asarray([compare(number, int(n)) for n in x]))


def test_quotients_take_any_integer(backend: str) -> None:
    for dtype in INTEGERS:
        for number in beyond(dtype):
            assert_same(unifw.ones(2, dtype=dtype) / number, np.float32(1) / np.full(2, number, np.float32), ulps=1)


@pytest.mark.parametrize("dtype", FLOATS)
def test_floats_beyond_the_range_are_infinite(backend: str, dtype: str) -> None:
    x = np.asarray([1, -2], dtype)
    with np.errstate(over="ignore"):
        for number in (65519.0, 65520.0, -1e9, 1e39, -1e300, 2**70, -(2**200), 2**63):
            value = x.dtype.type(float(number))
            assert_same(unifw.asarray(x) + number, x + value)
            assert_same(unifw.maximum(number, unifw.asarray(x)), np.maximum(value, x))
            assert_same(unifw.where(unifw.asarray(x > 0), unifw.asarray(x), number), np.where(x > 0, x, value))
            assert_same(unifw.clip(unifw.asarray(x), number, None), np.clip(x, value, None))
            assert_same(unifw.full_like(unifw.asarray(x), number), np.full_like(x, value))
            assert_same(unifw.pad(unifw.asarray(x), 1, constant_values=number), np.pad(x, 1, constant_values=value))
            assert_same(assigned(unifw.asarray(x), number), np.asarray([value, -2], dtype))


def test_integers_that_no_float_holds(backend: str) -> None:
    for call in (operator.add, unifw.maximum, unifw.full_like):
        with pytest.raises(NumberRangeError, match="for float32; expected what a float can hold"):
            call(unifw.ones(2), 2**1024)


def test_huge_integers_as_floats(backend: str) -> None:
    assert_same(unifw.asarray([2**70, 1], dtype="float32"), np.float32([2**70, 1]))
    with pytest.raises(NumberRangeError, match=f"^asarray: got {2**64} for int64"):
        unifw.asarray([2**64])
    with pytest.raises(OperandError, match="pad: got str 'a'; expected a number"):
        unifw.pad(unifw.ones(2), 1, constant_values="a")  # type: ignore[arg-type]


def test_half_precision_with_a_complex_number(backend: str) -> None:
    x = unifw.ones(2, dtype="float16")
    for result in (x + 1j, 1j + x, unifw.where(x > 2, x, 1 + 1j) + 0, x * (1 + 1j) - 0j):
        assert result.dtype is unifw.complex64
        assert_same(result, np.full(2, 1 + 1j, np.complex64))


FUZZ = """
import unifw as xp
tensors = [xp.ones(2, dtype=dtype) for dtype in (xp.uint64, xp.int8, xp.uint8, xp.float32)]
calls = [lambda x, n: x + n, lambda x, n: n - x, lambda x, n: x < n, xp.maximum, xp.full_like]
for turn in range(1, 400):
    for x in tensors:
        for number in (turn, -turn, turn + 0.5, 2**64 + turn, 2**70 + turn, -(2**70)):
            for call in calls:
                try:
                    call(x, number)
                except Exception:
                    pass
print("alive")
"""


@pytest.mark.parametrize("name", NATIVE)
def test_no_number_ends_the_process(name: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", FUZZ], env={**os.environ, "UNIFW_BACKEND": name}, capture_output=True, text=True
    )
    assert done.stdout == "alive\n", done.stderr[-1000:]
