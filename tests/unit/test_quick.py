"""The short way of a function gives what its long way gives, or leaves it to that: values, dtypes and errors."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import pytest

import unifw
from unifw.dtypes import ALL
from unifw.errors import UnifwError
from unifw.tensor import Tensor

Call = Callable[[unifw.Tensor, unifw.Tensor], Any]
SHAPES = ((), (2,), (2, 2))

# Of two tensors x and y: the short way, and for operators the long one, which functions take where there is no short.
OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "__add__": operator.add,
    "__sub__": operator.sub,
    "__mul__": operator.mul,
    "__truediv__": operator.truediv,
    "__matmul__": operator.matmul,
    "__lt__": operator.lt,
    "__le__": operator.le,
    "__gt__": operator.gt,
    "__ge__": operator.ge,
    "__eq__": operator.eq,
    "__ne__": operator.ne,
}
FUNCTIONS: dict[str, Call] = {
    "maximum": unifw.maximum,
    "minimum": unifw.minimum,
    "matmul": unifw.matmul,
    "where": lambda x, y: unifw.where(y > 1 if y.dtype is not unifw.bool and not is_complex(y) else y == y, x, y),
    "where of numbers": lambda x, y: unifw.where(x, x, y),
    "concat": lambda x, y: unifw.concat((x, y)),
    "concat of three": lambda x, y: unifw.concat([x, y, x], axis=-1),
    "concat flat": lambda x, y: unifw.concat((x, y), axis=None),
    "astype": lambda x, y: unifw.astype(x, y.dtype),
    "astype without a copy": lambda x, y: (unifw.astype(x, y.dtype, copy=False), unifw.astype(x, y.dtype) is x),
}
REDUCTIONS = {"sum": unifw.sum, "mean": unifw.mean, "max": unifw.max, "min": unifw.min}
KEYS: tuple[Any, ...] = (
    0, -1, 5, True, None, ..., slice(None), slice(None, None, -1), slice(1, 9), slice(0, 2, 0), slice(0.5, None), 1.0,
    "a", (), (0, 0), (slice(None), 1), (slice(None), slice(0, 1)), (None, 0), (..., 0), (..., ...), (0, 0, 0),
    (True, 0), [0, 1], (slice(None), [0]), (0, slice(None, None, -1)), np.int64(1), (np.int64(0), 1),
)  # fmt: skip


def is_complex(x: unifw.Tensor) -> bool:
    return "complex" in x.dtype.name


def outcome(call: Callable[[], Any]) -> Any:
    """What a call gives, as something to compare."""
    try:
        found = call()
    except (UnifwError, TypeError) as error:
        return type(error), str(error)
    rest = found[1:] if isinstance(found, tuple) else ()
    x = found[0] if isinstance(found, tuple) else found
    return x.dtype, x.shape, x.numpy().tobytes(), *rest


def tensors(shape: tuple[int, ...]) -> list[unifw.Tensor]:
    """One of each dtype, with numbers that small integers do not hold the sums of."""
    values = np.asarray([[1, 120], [3, 2]], "uint8")[tuple([0] * (2 - len(shape)))]
    return [unifw.astype(unifw.asarray(values), dtype) for dtype in ALL]


def without_short_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(unifw.ones(1)), "quick", None)


@pytest.mark.parametrize("name", OPERATORS)
def test_operators(backend: str, name: str) -> None:
    short, long = OPERATORS[name], getattr(Tensor, name)
    for first, second in product(SHAPES, SHAPES):
        for x, y in product(tensors(first), tensors(second)):
            assert outcome(lambda: short(x, y)) == outcome(lambda: long(x, y)), (x, y)  # noqa: B023
    for x in tensors((2,)):
        for y in (2, 0, -3, 2.5, 0.0, -0.0, True, None, "a", [1, 2], 2**70):
            if name not in ("__eq__", "__ne__") or not isinstance(y, (str, type(None))):
                assert outcome(lambda: short(x, y))[:2] == outcome(lambda: _answered(long(x, y)))[:2], (x, y)  # noqa: B023


def _answered(x: Any) -> Any:
    return x if isinstance(x, unifw.Tensor) else pytest.fail("no answer")


def test_the_sign_and_the_index(backend: str) -> None:
    for x in (*tensors(()), *tensors((2,)), *tensors((2, 2))):
        assert outcome(lambda: -x) == outcome(lambda: Tensor.__neg__(x)), x  # noqa: B023
    for x, key in product([unifw.ones(()), unifw.asarray([[1, 2], [3, 4]]), unifw.ones((0, 3))], KEYS):
        assert outcome(lambda: x[key]) == outcome(lambda: Tensor.__getitem__(x, key)), (x, key)  # noqa: B023


@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_two(backend: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function = FUNCTIONS[name]
    pairs = [pair for a, b in product(SHAPES, SHAPES) for pair in product(tensors(a), tensors(b))]
    pairs += [(x, y) for x, y in product([unifw.ones(0), unifw.ones((0, 2)), unifw.ones((2, 2))], repeat=2)]
    short = [outcome(lambda: function(x, y)) for x, y in pairs]  # noqa: B023
    without_short_ways(monkeypatch)
    for (x, y), found in zip(pairs, short, strict=True):
        assert found == outcome(lambda: function(x, y)), (x, y)  # noqa: B023


@pytest.mark.parametrize("name", REDUCTIONS)
def test_reductions(backend: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    function = REDUCTIONS[name]
    given = [x for shape in SHAPES for x in tensors(shape)] + [unifw.ones((0, 2))]
    axes: tuple[Any, ...] = (None, 0, 1, -1, 2, (), (0,), (0, 1), (0, 0), 1.0, "a")
    cases = list(product(given, axes, (False, True)))
    short = [outcome(lambda: function(x, axis, keepdims=keep)) for x, axis, keep in cases]  # noqa: B023
    without_short_ways(monkeypatch)
    for (x, axis, keep), found in zip(cases, short, strict=True):
        assert found == outcome(lambda: function(x, axis, keepdims=keep)), (x, axis)  # noqa: B023


def test_creation(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shapes: tuple[Any, ...] = ((), 3, (2, 3), [2, 3], (0,), -1, (2, -1), 2.0, (2.0,), "a", (2, True), unifw.asarray(2))
    cases = list(product((unifw.zeros, unifw.ones, unifw.empty), shapes, (None, *ALL)))
    short = [outcome(lambda: make(shape, dtype=dtype)) for make, shape, dtype in cases]  # noqa: B023
    poor = dataclasses.replace(unifw.get_backend(), quick=None)
    monkeypatch.setattr("unifw.array.creation.get_backend", lambda: poor)
    for (make, shape, dtype), found in zip(cases, short, strict=True):
        assert found == outcome(lambda: make(shape, dtype=dtype)), (make, shape, dtype)  # noqa: B023


def test_a_tie_shares_the_gradient(backend: str) -> None:
    x, y = unifw.ones(2), unifw.ones(2)
    for function in (unifw.maximum, unifw.minimum):
        gradient = unifw.grad(lambda x, function=function: unifw.sum(function(x, y)))(x)
        assert gradient.tolist() == [0.5, 0.5]
