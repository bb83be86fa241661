"""Promotion, conversion and queries of data types."""

from __future__ import annotations

from itertools import combinations_with_replacement, product
from typing import Any

import array_api_strict
import numpy as np
import pytest
from hypothesis import given

import unifw
from unifw.dtypes import as_dtype, promote

from .elementwise import BINARY
from .oracle import assert_same, common_dtype, scalar_dtype
from .strategies import EVERY, FLOATS, INTEGERS, NUMBERS, arrays, quick

STANDARD = [
    "bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64",
    "float32", "float64", "complex64", "complex128",
]  # fmt: skip
PREDICATES = {"equal", "not_equal", "less", "less_equal", "greater", "greater_equal", "logical_and", "logical_or"}
RANKS = [((), ()), ((2,), ()), ((), (2,)), ((2,), (1,))]


def test_promotion_within_a_kind_is_the_standards() -> None:
    for first, second in combinations_with_replacement(STANDARD, 2):
        try:
            dtypes = (getattr(array_api_strict, name) for name in (first, second))
            expected = str(array_api_strict.result_type(*dtypes)).rpartition(".")[2]
        except TypeError:
            continue  # the standard has no common dtype; the next test has ours
        assert promote(as_dtype(first), as_dtype(second)) is as_dtype(expected)
        assert promote(as_dtype(second), as_dtype(first)) is as_dtype(expected)


def test_promotion_between_kinds_takes_the_higher_kind() -> None:
    real, whole = ("float16", "bfloat16", "float32", "float64"), STANDARD[1:9]
    for high, low in [*product(real, whole), *product(STANDARD[1:], ["bool"]), *product(STANDARD[-2:], whole)]:
        assert promote(as_dtype(high), as_dtype(low)) is as_dtype(high)
        assert unifw.result_type(as_dtype(low), as_dtype(high)) is as_dtype(high)
    assert promote(unifw.float16, unifw.bfloat16) is unifw.float32
    assert promote(unifw.int64, unifw.uint64) is unifw.float32


@pytest.mark.parametrize("shapes", RANKS)
@pytest.mark.parametrize("name", BINARY)
def test_the_dtype_of_a_result_does_not_depend_on_shapes(backend: str, name: str, shapes: Any) -> None:
    for first, second in product(BINARY[name].dtypes, repeat=2):
        got = getattr(unifw, name)(*(unifw.ones(s, dtype=d) for s, d in zip(shapes, (first, second), strict=True)))
        expected = "bool" if name in PREDICATES else common_dtype(first, second)
        assert (first, second, got.dtype) == (first, second, as_dtype(expected))
        assert got.shape == np.broadcast_shapes(*shapes)


@pytest.mark.parametrize("shape", [(), (2,)])
@pytest.mark.parametrize("name", [name for name, case in BINARY.items() if case.dtypes == NUMBERS])
def test_a_python_scalar_does_not_widen(backend: str, name: str, shape: tuple[int, ...]) -> None:
    for dtype, scalar in product(NUMBERS, (1, 1.5)):
        expected = as_dtype("bool" if name in PREDICATES else scalar_dtype(dtype, scalar))
        x = unifw.ones(shape, dtype=dtype)
        assert (dtype, scalar, getattr(unifw, name)(x, scalar).dtype) == (dtype, scalar, expected)
        assert (dtype, scalar, getattr(unifw, name)(scalar, x).dtype) == (dtype, scalar, expected)


@pytest.mark.parametrize("shapes", RANKS)
def test_where_concat_stack_and_matmul_promote(backend: str, shapes: Any) -> None:
    for first, second in product(NUMBERS, repeat=2):
        x1, x2 = (unifw.ones(s, dtype=d) for s, d in zip(shapes, (first, second), strict=True))
        expected = as_dtype(common_dtype(first, second))
        assert (first, second, unifw.where(unifw.asarray(True), x1, x2).dtype) == (first, second, expected)
        assert (first, second, unifw.concat([x1, x2], axis=None).dtype) == (first, second, expected)
        assert (first, second, unifw.stack([x1, x1.to(second)]).dtype) == (first, second, expected)


@pytest.mark.parametrize("target", EVERY)
@quick
@given(x=arrays(EVERY))
def test_astype(backend: str, target: str, x: Any) -> None:
    tensor = unifw.asarray(x)
    assert_same(unifw.astype(tensor, target), x.astype(target))
    assert_same(tensor.to(as_dtype(target)), x.astype(target))
    assert_same(tensor, x)


def test_astype_copies_unless_told(backend: str) -> None:
    x = unifw.ones(2)
    assert unifw.astype(x, unifw.float32, copy=False) is x
    assert unifw.astype(x, unifw.float32) is not x


def test_nonzero_numbers_are_true(backend: str) -> None:
    assert_same(unifw.asarray([0.5, -0.0, np.nan]).to(unifw.bool), np.asarray([True, False, True]))


def test_result_type(backend: str) -> None:
    for names in product(EVERY, repeat=3):
        expected = common_dtype(common_dtype(*names[:2]), names[2])
        tensors = [unifw.ones(2, dtype=name) for name in names]
        assert unifw.result_type(*tensors) is as_dtype(expected)
        assert unifw.result_type(tensors[0], *map(as_dtype, names[1:])) is as_dtype(expected)


@pytest.mark.parametrize("name", STANDARD)
def test_isdtype(name: str) -> None:
    kinds = ["bool", "signed integer", "unsigned integer", "integral", "real floating", "complex floating", "numeric"]
    theirs = getattr(array_api_strict, name)
    for kind in [*kinds, ("bool", "integral")]:
        assert unifw.isdtype(as_dtype(name), kind) is array_api_strict.isdtype(theirs, kind)
    for other in STANDARD:
        assert unifw.isdtype(as_dtype(name), as_dtype(other)) is (name == other)


def test_dtypes_are_known_by_names_python_types_and_numpy_dtypes() -> None:
    for name in (*FLOATS, *INTEGERS, "bool"):
        assert as_dtype(name) is as_dtype(np.dtype(name)) is as_dtype(np.dtype(name).type) is as_dtype(as_dtype(name))
    assert [as_dtype(kind) for kind in (bool, int, float)] == [unifw.bool, unifw.int64, unifw.float32]
