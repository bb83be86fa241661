"""Elementwise functions against NumPy: values, dtypes, broadcasting, empty and 0-d tensors, Python scalars."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unifw
from unifw.spec import array as owed

from .elementwise import BINARY, UNARY, Case
from .oracle import assert_same, common_dtype, scalar_dtype
from .strategies import FLOATS, INTEGERS, arrays, broadcastable, elements, quick

FLOATING = sorted(name for name, case in UNARY.items() if case.dtypes == FLOATS)
BOUNDS = st.none() | st.integers(-50, 50)


def second_operand(case: Case, dtype: str) -> st.SearchStrategy[Any]:
    """Elements of a second operand; divisors of both signs, away from zero."""
    if case.low_of_second is None:
        return elements(dtype, case.low, case.high)
    positive = elements(dtype, case.low_of_second, case.high)
    return positive | positive.map(lambda x: -x)


def test_the_tables_have_every_elementwise_function() -> None:
    assert set(UNARY) == set(owed.UNARY)
    assert set(BINARY) == set(owed.BINARY)


@pytest.mark.parametrize("name", UNARY)
@quick
@given(data=st.data())
def test_unary(backend: str, name: str, data: st.DataObject) -> None:
    case = UNARY[name]
    x = data.draw(arrays(case.dtypes, low=case.low, high=case.high))
    tensor = unifw.asarray(x)
    case.check(getattr(unifw, name)(tensor), x)
    assert_same(tensor, x)


@pytest.mark.parametrize("name", FLOATING)
@pytest.mark.parametrize("dtype", [*INTEGERS, "bool"])
def test_floating_functions_of_integers_are_float32(backend: str, name: str, dtype: str) -> None:
    x = np.asarray([0, 1, 1], dtype)
    UNARY[name].check(getattr(unifw, name)(unifw.asarray(x)), x.astype("float32"))


@pytest.mark.parametrize("name", BINARY)
@quick
@given(data=st.data())
def test_binary(backend: str, name: str, data: st.DataObject) -> None:
    case = BINARY[name]
    shape1, shape2 = data.draw(broadcastable).input_shapes
    dtype1, dtype2 = (data.draw(st.sampled_from(case.dtypes)) for _ in range(2))
    x1 = data.draw(hnp.arrays(dtype1, shape1, elements=elements(dtype1, case.low, case.high)))
    x2 = data.draw(hnp.arrays(dtype2, shape2, elements=second_operand(case, dtype2)))
    common = common_dtype(dtype1, dtype2)
    tensor1, tensor2 = unifw.asarray(x1), unifw.asarray(x2)
    case.check(getattr(unifw, name)(tensor1, tensor2), x1.astype(common), x2.astype(common))
    assert_same(tensor1, x1)
    assert_same(tensor2, x2)


@pytest.mark.parametrize("scalar_first", [False, True])
@pytest.mark.parametrize("name", BINARY)
@quick
@given(data=st.data())
def test_binary_with_a_python_scalar(backend: str, name: str, scalar_first: bool, data: st.DataObject) -> None:
    case = BINARY[name]
    dtype, kind = data.draw(st.sampled_from(case.dtypes)), data.draw(st.sampled_from(case.dtypes))
    kind = "float32" if kind == "float64" else kind  # so that the scalar is exact in the common dtype
    of_scalar, of_array = elements(kind, case.low, case.high), second_operand(case, dtype)
    if not scalar_first:
        of_scalar, of_array = second_operand(case, kind), elements(dtype, case.low, case.high)
    scalar, x = data.draw(of_scalar), data.draw(hnp.arrays(dtype, hnp.array_shapes(min_dims=0), elements=of_array))
    common = scalar_dtype(dtype, scalar)
    operands, natives = [unifw.asarray(x), scalar], [x.astype(common), np.asarray(scalar, common)]
    if scalar_first:
        operands, natives = operands[::-1], natives[::-1]
    case.check(getattr(unifw, name)(*operands), *natives)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_divide_of_integers_is_float32(backend: str, dtype: str) -> None:
    x = unifw.asarray(np.asarray([1, -7, 3], dtype))
    expected = np.asarray([1, -7, 3], "float32")
    assert_same(unifw.divide(x, unifw.asarray(np.asarray([3, 2, -4], dtype))), expected / np.float32([3, 2, -4]))
    assert_same(x / 3, expected / np.float32(3))
    assert_same(1 / x, np.float32(1) / expected)


def test_floor_divide_agrees_with_remainder(backend: str) -> None:
    x1, x2 = np.float64([1.0, 0.3, -1.0, 7.0]), np.float64([0.1, 0.1, 0.1, -0.7])
    quotient, rest = unifw.floor_divide(unifw.asarray(x1), unifw.asarray(x2)), unifw.asarray(x1) % unifw.asarray(x2)
    assert_same(quotient, np.floor_divide(x1, x2))
    assert_same(rest, np.remainder(x1, x2))


def test_integers_beyond_the_precision_of_floats_stay_exact(backend: str) -> None:
    big = np.asarray([2**53 + 1, -(2**62) - 1, 2**62 + 1], "int64")
    x = unifw.asarray(big)
    for name in ("abs", "negative", "positive", "floor", "ceil", "round", "sign"):
        UNARY[name].check(getattr(unifw, name)(x), big)
    for name in ("add", "subtract", "floor_divide", "remainder", "maximum", "minimum", "equal", "greater"):
        BINARY[name].check(getattr(unifw, name)(x, 3), big, np.int64(3))
    assert_same(unifw.clip(x, -(2**61) - 1, 2**61 + 1), np.clip(big, -(2**61) - 1, 2**61 + 1))
    assert_same(unifw.where(x > 0, x, 2**53 + 1), np.where(big > 0, big, 2**53 + 1))


@quick
@given(data=st.data())
def test_where(backend: str, data: st.DataObject) -> None:
    shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=3, min_dims=0, max_dims=3, min_side=0, max_side=3))
    condition = data.draw(hnp.arrays("bool", shapes.input_shapes[0]))
    x1, x2 = (data.draw(arrays((*FLOATS, *INTEGERS, "bool"), shape)) for shape in shapes.input_shapes[1:])
    common = common_dtype(x1.dtype, x2.dtype)
    got = unifw.where(unifw.asarray(condition), unifw.asarray(x1), unifw.asarray(x2))
    assert_same(got, np.where(condition, x1.astype(common), x2.astype(common)))


@pytest.mark.parametrize("scalar", [2.5, 3, True])
@pytest.mark.parametrize("dtype", [*FLOATS, *INTEGERS, "bool"])
def test_where_with_a_python_scalar(backend: str, dtype: str, scalar: float) -> None:
    condition, x = np.asarray([[True], [False]]), np.asarray([0, 1], dtype)
    common = scalar_dtype(dtype, scalar)
    natives = x.astype(common), np.asarray(scalar, common)
    assert_same(unifw.where(unifw.asarray(condition), unifw.asarray(x), scalar), np.where(condition, *natives))
    assert_same(unifw.where(unifw.asarray(condition), scalar, unifw.asarray(x)), np.where(condition, *natives[::-1]))


def test_where_with_two_python_scalars(backend: str) -> None:
    condition = unifw.asarray([True, False])
    assert_same(unifw.where(condition, 1.5, 0.0), np.float32([1.5, 0]))
    assert_same(unifw.where(condition, 1, 0), np.int64([1, 0]))


@quick
@given(x=arrays(), minimum=BOUNDS, maximum=BOUNDS)
def test_clip(backend: str, x: Any, minimum: int | None, maximum: int | None) -> None:
    if minimum is not None and maximum is not None:
        minimum, maximum = sorted((minimum, maximum))
    tensor = unifw.asarray(x)
    assert_same(unifw.clip(tensor, minimum, maximum), x if minimum is maximum is None else np.clip(x, minimum, maximum))
    assert_same(tensor, x)


def test_clip_keeps_nan_and_takes_fractions(backend: str) -> None:
    x = np.float32([np.nan, -np.inf, np.inf, 0.1, 0.3])
    assert_same(unifw.clip(unifw.asarray(x), 0.2, 0.25), np.clip(x, np.float32(0.2), np.float32(0.25)))
    assert_same(unifw.clip(unifw.asarray(x), max=0.25), np.clip(x, None, np.float32(0.25)))
