"""Tensors of up to eight axes, which all functions take, where the kernels of a framework stop earlier."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import errors

from .conftest import NATIVE
from .oracle import assert_same
from .test_linalg import traced

MOST = 8
Array = np.ndarray[Any, Any]


def numbers(*shape: int) -> Array:
    return np.random.default_rng(0).integers(-9, 9, shape).astype("float32")


@pytest.mark.parametrize("name", ["argmax", "argmin"])
@pytest.mark.parametrize("axis", [0, 3, -1, None])
@pytest.mark.parametrize("keepdims", [False, True])
def test_positions(backend: str, name: str, axis: int | None, keepdims: bool) -> None:
    x = numbers(*(2, 3) * (MOST // 2))
    x[0, 0, 0, 0, 0, 0, 0, 0] = np.nan
    for values in (x, np.nan_to_num(x).astype("int16")):
        want = np.asarray(getattr(np, name)(values, axis=axis, keepdims=keepdims))
        assert_same(getattr(unifw, name)(unifw.asarray(values), axis=axis, keepdims=keepdims), want)


@pytest.mark.parametrize("name", ["std", "var"])
@pytest.mark.parametrize("axis", [(0, 2, 4), (1, -1), 3, None])
def test_deviations(backend: str, name: str, axis: Any) -> None:
    x = numbers(*(2, 3) * (MOST // 2)).astype("float64")
    assert_same(getattr(unifw, name)(unifw.asarray(x), axis=axis), getattr(np, name)(x, axis=axis), ulps=16)


def crossed(count: int = MOST) -> tuple[Array, Array]:
    """Two arrays that broadcast along every second axis, so that none merges with its neighbour."""
    x, y = numbers(*(3, 1) * (count // 2)), numbers(*(1, 3) * (count // 2))
    x[x == 0] = y[y == 0] = 1
    return x, y


ELEMENTWISE = "add subtract multiply divide floor_divide remainder less equal maximum atan2 hypot copysign"


@pytest.mark.parametrize("name", ELEMENTWISE.split())
def test_pairs_of_elements(backend: str, name: str) -> None:
    x, y = crossed()
    want = getattr(np, {"atan2": "arctan2"}.get(name, name))(x, y)
    assert_same(getattr(unifw, name)(unifw.asarray(x), unifw.asarray(y)), want, ulps=4 * (want.dtype.kind == "f"))


def test_choice_and_truth(backend: str) -> None:
    x, y = crossed()
    a, b = unifw.asarray(x), unifw.asarray(y)
    assert_same(unifw.where(a > 0, a, b), np.where(x > 0, x, y))
    assert_same(unifw.where(a > 0, b, 0.0), np.where(x > 0, y, np.float32(0)))
    assert_same(unifw.logical_xor(a > 0, b > 0), np.logical_xor(x > 0, y > 0))
    assert_same(unifw.bitwise_or(a > 0, b > 0), (x > 0) | (y > 0))


def test_sums_of_products(backend: str) -> None:
    x, y = crossed()
    x, y = np.repeat(x, 3, -1), np.repeat(y, 1, -1)
    a, b = unifw.asarray(x), unifw.asarray(y)
    assert_same(unifw.vecdot(a, b), np.vecdot(x, y))
    assert_same(unifw.linalg.cross(a, b), np.cross(*np.broadcast_arrays(x, y)))


def test_solutions(backend: str) -> None:
    x, y = crossed(6)
    matrices, sides = x[..., None, None] * np.eye(2, dtype="float32"), y[..., None, None] * np.ones((2, 1), "float32")
    assert_same(unifw.linalg.solve(unifw.asarray(matrices), unifw.asarray(sides)), sides / x[..., None, None], ulps=2)


def test_assignment(backend: str) -> None:
    x, y = np.zeros((3,) * MOST, "float32"), crossed()[1]
    a = unifw.asarray(x)
    x[...], a[...] = y, unifw.asarray(y)
    assert_same(a, x)
    x[1], a[1] = y[0] + 1, unifw.asarray(y[0] + 1)
    assert_same(a, x)
    with pytest.raises(errors.ShapeError, match=r"^index assignment"):
        a[...] = unifw.ones((2,) * MOST)


def test_in_place(backend: str) -> None:
    x, y = np.ones((3,) * MOST, "float32"), crossed()[1]
    a = unifw.asarray(x)
    a += unifw.asarray(y)
    assert_same(a, x + y)


BEYOND: dict[str, Callable[[Any], Any]] = {
    "where": lambda x: unifw.where(x[:1] > 0, x, x),
    "clip": lambda x: unifw.clip(x, 0.0, 1.0),
    "sort": lambda x: unifw.sort(x, axis=4),
    "flip": lambda x: unifw.flip(x, axis=(0, 3)),
    "index": lambda x: x[:, 1:],
    "index by a mask": lambda x: x[x > 0],
    "index assignment": lambda x: x.__setitem__((slice(None), 0), 1.0),
    "nonzero": unifw.nonzero,
    "tril": unifw.tril,
    "searchsorted": lambda x: unifw.searchsorted(unifw.ones(3), x),
    "gather": lambda x: unifw.gather(x, unifw.zeros_like(x, dtype=unifw.int64), axis=4),
    "scatter_add": lambda x: unifw.scatter_add(x, unifw.zeros_like(x, dtype=unifw.int64), x, axis=4),
}


@pytest.mark.parametrize("name", BEYOND)
def test_beyond_it_what_does_not_work_says_what_to_write(backend: str, name: str) -> None:
    try:
        BEYOND[name](unifw.ones((2,) * (MOST + 1)))
    except errors.UnsupportedError as error:
        assert str(error).startswith(f"{name.split(' by ')[0]}: got Tensor of shape")  # noqa: PT017
        assert f", of {MOST + 1} axes; expected up to {MOST}, which every function of" in str(error)  # noqa: PT017
        assert f" backend {backend} takes. Write unifw.reshape(x, ...)" in str(error)  # noqa: PT017


OF_PAIRS: dict[str, Callable[[Any, Any], Any]] = {
    "add": lambda x, y: x + y,
    "where": lambda x, y: unifw.where(x > 0, x, y),
    "vecdot": lambda x, y: unifw.vecdot(x, y),
}


@pytest.mark.parametrize("backend", NATIVE, indirect=True)
@pytest.mark.parametrize("name", OF_PAIRS)
def test_pairs_in_a_graph(backend: str, name: str) -> None:
    function = OF_PAIRS[name]
    a, b = map(unifw.asarray, crossed())
    a = unifw.broadcast_to(a, (*a.shape[:-1], 3))
    assert a.backend.tracing is not None
    step = a.backend.tracing.make_step(lambda _, batch: (function(*map(a.wrap, batch)).native,))
    assert_same(a.wrap(step((), (a.native, b.native))[0]), function(a, b).numpy())


@pytest.mark.parametrize("backend", NATIVE, indirect=True)
@pytest.mark.parametrize("name", ["argmax", "var"])
def test_reductions_in_a_graph_of_an_unknown_size(backend: str, name: str) -> None:
    x = numbers(*(2, 3) * (MOST // 2))
    axis: Any = 3 if name == "argmax" else (1, 3, 5)
    got = unifw.asarray(traced(backend, lambda x: getattr(unifw, name)(x, axis=axis), x))
    assert_same(got, getattr(np, name)(x, axis=axis), ulps=16 if name == "var" else 0)


@pytest.mark.parametrize("backend", NATIVE, indirect=True)
def test_gradients(backend: str) -> None:
    a, b = map(unifw.asarray, crossed(6))
    for function in (lambda x: unifw.sum(x * b), lambda x: unifw.sum(unifw.where(x > 0, x, b) * b)):
        got = unifw.grad(function)(a).numpy()
        chosen = (a.numpy() > 0) if "where" in function.__code__.co_names else np.ones(a.shape)
        np.testing.assert_allclose(got, chosen * b.numpy().sum())


@pytest.mark.parametrize("axis", [0, 1, MOST - 2, MOST - 1])
def test_beyond_the_standard(backend: str, axis: int) -> None:
    x = numbers(*(2, 3) * (MOST // 2))
    at = np.random.default_rng(1).integers(0, x.shape[axis], x.shape)
    power = np.exp(x - x.max(axis, keepdims=True))
    assert_same(unifw.softmax(unifw.asarray(x), axis), power / power.sum(axis, keepdims=True), ulps=16)
    widths = [(int(i == axis), 2 * int(i == axis)) for i in range(MOST)]
    assert_same(unifw.pad(unifw.asarray(x), tuple(widths), constant_values=5.0), np.pad(x, widths, constant_values=5.0))
    want = x.copy()
    where = list(np.indices(x.shape))
    where[axis] = at
    np.add.at(want, tuple(where), x)
    assert_same(unifw.scatter_add(unifw.asarray(x), unifw.asarray(at), unifw.asarray(x), axis=axis), want)
    with pytest.raises(errors.OutOfRangeError):
        unifw.scatter_add(unifw.asarray(x), unifw.asarray(np.full_like(at, 3)), unifw.asarray(x), axis=axis)


@pytest.mark.parametrize("backend", NATIVE, indirect=True)
@pytest.mark.parametrize("name", ["softmax", "pad", "scatter_add"])
def test_beyond_the_standard_in_a_graph_of_an_unknown_size(backend: str, name: str) -> None:
    functions: dict[str, Callable[[Any], Any]] = {
        "softmax": lambda x: unifw.softmax(x, 0),
        "pad": lambda x: unifw.pad(x, 1),
        "scatter_add": lambda x: unifw.scatter_add(x, unifw.zeros_like(x, dtype="int64"), x, axis=0),
    }
    x = numbers(*(2, 1) * (MOST // 2))
    got = unifw.asarray(traced(backend, functions[name], x))
    assert_same(got, functions[name](unifw.asarray(x)).numpy(), ulps=4)
