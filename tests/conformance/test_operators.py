"""Operators of tensors: plain, reflected, in place."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unifw
from unifw.errors import DTypeError, ShapeError

from .elementwise import BINARY, UNARY
from .oracle import assert_same, common_dtype
from .strategies import FLOATS, broadcastable, elements, quick

OPERATORS = {
    "add": operator.add,
    "bitwise_and": operator.and_,
    "bitwise_or": operator.or_,
    "bitwise_xor": operator.xor,
    "divide": operator.truediv,
    "equal": operator.eq,
    "floor_divide": operator.floordiv,
    "greater": operator.gt,
    "greater_equal": operator.ge,
    "less": operator.lt,
    "less_equal": operator.le,
    "multiply": operator.mul,
    "not_equal": operator.ne,
    "pow": operator.pow,
    "remainder": operator.mod,
    "subtract": operator.sub,
}
IN_PLACE = {
    "add": operator.iadd,
    "bitwise_and": operator.iand,
    "bitwise_or": operator.ior,
    "bitwise_xor": operator.ixor,
    "divide": operator.itruediv,
    "floor_divide": operator.ifloordiv,
    "multiply": operator.imul,
    "pow": operator.ipow,
    "remainder": operator.imod,
    "subtract": operator.isub,
}
SIGNS = {"abs": operator.abs, "bitwise_invert": operator.invert, "negative": operator.neg, "positive": operator.pos}


@pytest.mark.parametrize("name", OPERATORS)
@quick
@given(data=st.data())
def test_binary_operators(backend: str, name: str, data: st.DataObject) -> None:
    case, operation = BINARY[name], OPERATORS[name]
    shape1, shape2 = data.draw(broadcastable).input_shapes
    low = 1 if case.low_of_second else case.low
    dtype1, dtype2 = (data.draw(st.sampled_from(case.dtypes)) for _ in range(2))
    x1 = data.draw(hnp.arrays(dtype1, shape1, elements=elements(dtype1, low, case.high)))
    x2 = data.draw(hnp.arrays(dtype2, shape2, elements=elements(dtype2, low, case.high)))
    common = common_dtype(dtype1, dtype2)
    case.check(operation(unifw.asarray(x1), unifw.asarray(x2)), x1.astype(common), x2.astype(common))


@pytest.mark.parametrize("name", OPERATORS)
def test_a_python_scalar_on_either_side(backend: str, name: str) -> None:
    case, operation = BINARY[name], OPERATORS[name]
    for dtype in case.dtypes:
        x = np.asarray([[1, 2, 3], [5, 1, 2]], dtype)
        scalar = x.dtype.type(2).item()
        case.check(operation(unifw.asarray(x), scalar), x, np.full_like(x, scalar))
        case.check(operation(scalar, unifw.asarray(x)), np.full_like(x, scalar), x)


@pytest.mark.parametrize("name", IN_PLACE)
def test_in_place_operators_change_one_tensor_only(backend: str, name: str) -> None:
    case, operation = BINARY[name], IN_PLACE[name]
    for dtype in case.dtypes:
        start, other = np.asarray([[1, 2], [3, 4]], dtype), np.asarray([1, 2], dtype)
        x = same = unifw.asarray(start)
        others = [x[0], x.mT, unifw.reshape(x, (4,)), unifw.asarray(x), x.to(dtype) if dtype == "bool" else +x]
        before = [one.numpy() for one in others]
        x = operation(x, unifw.asarray(other))
        assert x is same
        case.check(x, start, other)
        for one, value in zip(others, before, strict=True):
            if one is not x:
                assert_same(one, value)


def test_in_place_operators_take_python_scalars(backend: str) -> None:
    x = unifw.asarray([1.0, 2.0])
    x += 1
    x *= 0.5
    x -= 1
    assert_same(x, np.float32([0, 0.5]))


@pytest.mark.parametrize(
    ("other", "error"), [(0.5, DTypeError), (np.float32([1, 2]), DTypeError), (np.int64([[1], [2]]), ShapeError)]
)
def test_in_place_operators_keep_dtype_and_shape(backend: str, other: Any, error: type[Exception]) -> None:
    x = unifw.asarray([1, 2])
    with pytest.raises(error, match="in-place add: got a result of shape"):
        x += other if isinstance(other, float) else unifw.asarray(other)
    assert_same(x, np.int64([1, 2]))


def test_in_place_matmul(backend: str) -> None:
    x = same = unifw.asarray([[1.0, 2.0], [3.0, 4.0]])
    x @= unifw.asarray([[0.0, 1.0], [1.0, 0.0]])
    assert x is same
    assert_same(x, np.float32([[2, 1], [4, 3]]))


@pytest.mark.parametrize("name", SIGNS)
def test_unary_operators(backend: str, name: str) -> None:
    for dtype in UNARY[name].dtypes:
        x = np.asarray([[-1, 0, 3]], dtype)
        UNARY[name].check(SIGNS[name](unifw.asarray(x)), x)


@pytest.mark.parametrize("dtype", FLOATS)
def test_numpy_float64_scalars_count_as_python_floats(backend: str, dtype: str) -> None:
    x = np.asarray([1, 2], dtype)
    scalar = np.float64(0.5)  # a subclass of float
    assert_same(unifw.asarray(x) * scalar, x * x.dtype.type(0.5))
    assert_same(scalar - unifw.asarray(x), x.dtype.type(0.5) - x)


def test_equality_with_what_is_no_number_is_identity(backend: str) -> None:
    x = unifw.ones(2)
    assert (x == None) is False  # noqa: E711
    assert (x != "text") is True
    assert len({x, x}) == 1
