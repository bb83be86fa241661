"""Softmax and its kin, one-hot rows, top-k, padding, picking and adding by position, Einstein sums; gradients."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.special
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unifw
from unifw.errors import ArgumentError, AxisError, DTypeError, OperandError, OutOfRangeError, ShapeError

from .conftest import BACKENDS
from .oracle import Array, assert_same
from .strategies import arrays, axes_of, filled_shapes, quick, shapes

INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
NUMBERS = (*INTEGERS, "float16", "float32", "float64", "complex64", "complex128")
EVERY = (*NUMBERS, "bool")
some_axes = hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4)


def close(got: unifw.Tensor, want: Array, ulps: float = 8) -> None:
    """The same dtype and shape, and values within a few units of the dtype's precision, relative and absolute."""
    assert got.dtype is unifw.dtypes.as_dtype(want.dtype)
    assert got.shape == want.shape
    epsilon = ulps * np.finfo(want.dtype).eps
    np.testing.assert_allclose(got.numpy(), want, rtol=epsilon, atol=epsilon)


@st.composite
def wholes(draw: Any, dtypes: tuple[str, ...] = NUMBERS, shape: Any = shapes) -> Array:
    """Arrays of small whole numbers, not negative, exact in every dtype."""
    values = draw(hnp.arrays("int64", shape, elements=st.integers(0, 5)))
    return values.astype(draw(st.sampled_from(dtypes)))


# ---- softmax and its kin


@pytest.mark.parametrize("name", ["softmax", "log_softmax"])
@quick
@given(data=st.data())
def test_softmax(backend: str, name: str, data: st.DataObject) -> None:
    x = data.draw(arrays(("float32", "float64", "int64"), some_axes))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    got = getattr(unifw, name)(unifw.asarray(x), axis=axis)
    dtype = "float32" if x.dtype == "int64" else x.dtype
    want = getattr(scipy.special, name)(x.astype("float64"), axis) if x.size else x
    close(got, want.astype(dtype), 32)


@quick
@given(data=st.data(), keepdims=st.booleans())
def test_logsumexp(backend: str, data: st.DataObject, keepdims: bool) -> None:
    x = data.draw(arrays(("float32", "float64", "int64"), filled_shapes | st.just(())))
    axis = data.draw(axes_of(x.ndim))
    got = unifw.logsumexp(unifw.asarray(x), axis=axis, keepdims=keepdims)
    want = x.astype("float64") if axis == () else scipy.special.logsumexp(x.astype("float64"), axis, keepdims=keepdims)
    want = np.reshape(want, np.sum(x, axis, keepdims=keepdims).shape)  # SciPy gives numbers an axis
    close(got, want.astype("float32" if x.dtype == "int64" else x.dtype))


def test_logarithms_at_the_ends(backend: str) -> None:
    inf, nan = np.inf, np.nan
    x = np.float32([[-inf, -inf], [inf, 0], [1e4, -1e4], [nan, inf], [-inf, 3]])
    assert_same(unifw.logsumexp(unifw.asarray(x), axis=1), np.float32([-inf, inf, 1e4, nan, 3]))
    assert_same(unifw.logsumexp(unifw.zeros((0,))), np.float32(-inf))
    assert_same(unifw.logsumexp(unifw.zeros((0, 2)), axis=0), np.float32([-inf, -inf]))
    some = unifw.asarray(x[[0, 2, 4]])
    assert_same(unifw.softmax(some), np.float32([[nan, nan], [1, 0], [0, 1]]), signed_zeros=False)
    assert_same(unifw.log_softmax(unifw.asarray(x[2:3])), np.float32([[0, -2e4]]), signed_zeros=False)


@pytest.mark.parametrize("name", ["softmax", "log_softmax", "logsumexp"])
def test_what_softmax_refuses(backend: str, name: str) -> None:
    with pytest.raises(AxisError, match=f"{name}: got axis 2 for 1 axes"):
        getattr(unifw, name)(unifw.ones(2), axis=2)
    with pytest.raises(DTypeError, match=f"{name}: got .* expected real numbers"):
        getattr(unifw, name)(unifw.asarray([1j]))
    with pytest.raises(OperandError, match=f"{name}: got list"):
        getattr(unifw, name)([1.0])


# ---- one-hot rows and top-k


@quick
@given(x=hnp.arrays(st.sampled_from(["int32", "int64", "uint8"]), shapes, elements=st.integers(0, 6)))
def test_one_hot(backend: str, x: Array) -> None:
    table = np.concatenate([np.eye(5), np.zeros((2, 5))])  # integers beyond the classes give zeros
    for dtype in ("float32", "int64", "bool"):
        assert_same(unifw.one_hot(unifw.asarray(x), 5, dtype=dtype), table[x].astype(dtype))
    assert unifw.one_hot(unifw.asarray([-1]), 2).tolist() == [[0.0, 0.0]]
    assert unifw.one_hot(unifw.asarray(x), 300).shape == (*x.shape, 300)


def test_what_one_hot_refuses(backend: str) -> None:
    with pytest.raises(DTypeError, match=r"one_hot: got indices of dtype float32; expected integers"):
        unifw.one_hot(unifw.ones(2), 3)
    with pytest.raises(ArgumentError, match="one_hot: got num_classes=-1"):
        unifw.one_hot(unifw.asarray([1]), -1)


@quick
@given(data=st.data(), largest=st.booleans())
def test_top_k(backend: str, data: st.DataObject, largest: bool) -> None:
    dtype = data.draw(st.sampled_from([name for name in EVERY if "complex" not in name]))
    x = data.draw(wholes((dtype,), some_axes))
    axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
    k = data.draw(st.integers(0, x.shape[axis]))
    values, indices = unifw.top_k(unifw.asarray(x), k, axis=axis, largest=largest)
    key = -x.astype("float64") if largest else x
    order = np.take(np.argsort(key, axis, stable=True), np.arange(k), axis)
    assert_same(indices, order)
    assert_same(values, np.take_along_axis(x, order, axis))


@pytest.mark.parametrize("largest", [True, False])
@pytest.mark.parametrize("dtype", ["float32", "float64", "int32", "int64", "uint16"])
def test_top_k_of_equal_elements_takes_the_first(backend: str, dtype: str, largest: bool) -> None:
    x = np.asarray([[3, 1, 3, 2, 1, 3, 0, 0], [7, 6, 5, 4, 3, 2, 1, 0]], dtype)
    for k in range(9):
        order = np.argsort(-x.astype(np.int64) if largest else x, axis=1, stable=True)[:, :k]
        values, places = unifw.top_k(unifw.asarray(x), k, largest=largest)
        assert_same(places, order)
        assert_same(values, np.take_along_axis(x, order, 1))


def test_top_k_of_nan_and_too_many(backend: str) -> None:
    x = unifw.asarray([1.0, np.nan, 3.0])
    assert_same(unifw.top_k(x, 2)[0], np.float32([np.nan, 3]))
    assert_same(unifw.top_k(x, 2, largest=False)[0], np.float32([1, 3]))
    with pytest.raises(ArgumentError, match=r"top_k: got k=4 for axis 0 of shape \(3,\)"):
        unifw.top_k(x, 4)


# ---- padding


@quick
@given(data=st.data(), mode=st.sampled_from(["constant", "reflect", "edge"]))
def test_pad(backend: str, data: st.DataObject, mode: Any) -> None:
    x = data.draw(wholes(EVERY, filled_shapes))
    pair = st.tuples(st.integers(0, 5), st.integers(0, 5))
    width = data.draw(st.integers(0, 3) | pair | st.tuples(*[pair] * x.ndim))
    assert_same(unifw.pad(unifw.asarray(x), width, mode), np.pad(x, width, mode))


def test_pad_with_a_value(backend: str) -> None:
    for x, value in (
        (np.float64([[1]]), -np.inf),
        (np.int8([[1]]), -7),
        (np.complex64([[1]]), 1j),
        (np.bool_([[0]]), 1),
    ):
        got = unifw.pad(unifw.asarray(x), ((1, 0), (0, 2)), constant_values=value)
        assert_same(got, np.pad(x, ((1, 0), (0, 2)), constant_values=value))
    assert_same(unifw.pad(unifw.asarray(3.0), 2), np.float32(3))
    assert_same(unifw.pad(unifw.zeros((0,)), (1, 2), constant_values=5), np.float32([5, 5, 5]))


def test_what_pad_refuses(backend: str) -> None:
    x = unifw.ones((2, 3))
    with pytest.raises(ShapeError, match=r"pad: got pad_width .* for 2 axes"):
        unifw.pad(x, ((1, 1), (1, 1), (1, 1)))
    with pytest.raises(ArgumentError, match=r"pad: got pad_width -1; expected integers from 0"):
        unifw.pad(x, -1)
    with pytest.raises(ArgumentError, match="pad: got mode 'wrap'"):
        unifw.pad(x, 1, "wrap")  # type: ignore[arg-type]
    with pytest.raises(ShapeError, match="pad: got no elements along axis 0"):
        unifw.pad(unifw.zeros((0,)), 1, "edge")


# ---- picking and adding by position


@st.composite
def picks(draw: Any, dtypes: tuple[str, ...]) -> tuple[Array, Array, int]:
    """An array, positions along an axis, and the axis; the positions may have fewer rows."""
    x = draw(wholes(dtypes, filled_shapes))
    axis = draw(st.integers(0, x.ndim - 1))
    sizes = [draw(st.integers(0, 4 if i == axis else size)) for i, size in enumerate(x.shape)]
    kind = draw(st.sampled_from(["int32", "int64", "uint8"]))
    return x, draw(hnp.arrays(kind, tuple(sizes), elements=st.integers(0, x.shape[axis] - 1))), axis


def places(indices: Array, axis: int) -> tuple[Array, ...]:
    """The index of each position, for NumPy."""
    grid = list(np.indices(indices.shape))
    grid[axis] = indices
    return tuple(grid)


@quick
@given(given=picks(EVERY), from_end=st.booleans())
def test_gather(backend: str, given: tuple[Array, Array, int], from_end: bool) -> None:
    x, indices, axis = given
    got = unifw.gather(unifw.asarray(x), unifw.asarray(indices), axis=axis - x.ndim if from_end else axis)
    assert_same(got, x[places(indices, axis)])


@quick
@given(given=picks(NUMBERS), data=st.data())
def test_scatter_add(backend: str, given: tuple[Array, Array, int], data: st.DataObject) -> None:
    x, indices, axis = given
    updates = data.draw(wholes((x.dtype.name,), indices.shape))
    expected = x.copy()
    np.add.at(expected, places(indices, axis), updates)
    before = unifw.asarray(x)
    assert_same(unifw.scatter_add(before, unifw.asarray(indices), unifw.asarray(updates), axis=axis), expected)
    assert_same(before, x)


@quick
@given(x=wholes(NUMBERS, some_axes), data=st.data(), count=st.integers(0, 4))
def test_segment_sum(backend: str, x: Array, data: st.DataObject, count: int) -> None:
    ids = data.draw(hnp.arrays("int64", x.shape[:1], elements=st.integers(-1, 5)))
    expected = np.zeros((count, *x.shape[1:]), x.dtype)
    inside = (ids >= 0) & (ids < count)
    np.add.at(expected, ids[inside], x[inside])
    assert_same(unifw.segment_sum(unifw.asarray(x), unifw.asarray(ids), count), expected)


@pytest.mark.parametrize("index", [3, -1])
def test_positions_outside_are_an_error(backend: str, index: int) -> None:
    x, indices = unifw.ones((2, 3)), unifw.asarray([[0], [index]])
    message = r"got an index outside 0 to 2, the range of axis 1 of shape \(2, 3\)"
    with pytest.raises(OutOfRangeError, match=f"gather: {message}"):
        unifw.gather(x, indices, axis=1)
    with pytest.raises(OutOfRangeError, match=f"scatter_add: {message}"):
        unifw.scatter_add(x, indices, unifw.ones((2, 1)), axis=1)


def test_shapes_that_do_not_fit(backend: str) -> None:
    x = unifw.ones((2, 3))
    for indices in (unifw.asarray([0]), unifw.asarray([[0], [0], [0]])):
        with pytest.raises(ShapeError, match=r"gather: got indices of shape .* for shape \(2, 3\)"):
            unifw.gather(x, indices, axis=1)
    with pytest.raises(ShapeError, match=r"scatter_add: got updates of shape \(2,\); expected \(1, 1\)"):
        unifw.scatter_add(x, unifw.asarray([[0]]), unifw.ones(2), axis=1)
    with pytest.raises(ShapeError, match=r"segment_sum: got ids of shape \(3,\) for data of shape \(2, 3\)"):
        unifw.segment_sum(x, unifw.asarray([0, 1, 0]), 2)
    with pytest.raises(DTypeError, match="segment_sum: got dtype bool"):
        unifw.segment_sum(unifw.asarray([True]), unifw.asarray([0]), 2)
    with pytest.raises(DTypeError, match="gather: got indices of dtype float32"):
        unifw.gather(x, x, axis=1)


def test_scatter_add_promotes(backend: str) -> None:
    got = unifw.scatter_add(unifw.asarray([1, 2]), unifw.asarray([1]), unifw.asarray([0.5]), axis=0)
    assert_same(got, np.float32([1, 2.5]))


# ---- Einstein sums

EQUATIONS = {
    "ij,jk->ik": ((2, 3), (3, 4)),
    "ij,jk": ((2, 3), (3, 4)),
    "ba,cb": ((2, 3), (4, 2)),
    "ii->i": ((3, 3),),
    "ii": ((3, 3),),
    "i,j->ij": ((2,), (3,)),
    "ij->": ((2, 3),),
    "...ij,...jk->...ik": ((5, 2, 3), (3, 4)),
    " i j , j -> i": ((2, 3), (3,)),
    "bhqd,bhkd->bhqk": ((2, 2, 3, 4), (2, 2, 5, 4)),
    "i,i,i->": ((3,), (3,), (3,)),
    "aB,Bc->cB": ((2, 3), (3, 2)),
    "ij->ji": ((0, 2),),
}


@pytest.mark.parametrize("equation", EQUATIONS)
@pytest.mark.parametrize("dtype", NUMBERS)
def test_einsum(backend: str, equation: str, dtype: str) -> None:
    xs = [np.random.default_rng(i).integers(0, 3, shape).astype(dtype) for i, shape in enumerate(EQUATIONS[equation])]
    assert_same(unifw.einsum(equation, *map(unifw.asarray, xs)), np.einsum(equation, *xs))


def test_einsum_promotes_and_refuses(backend: str) -> None:
    x = np.asarray([[1, 2], [3, 4]], "int32")
    got = unifw.einsum("ij,jk->ik", unifw.asarray(x), unifw.asarray(x.astype("float64")))
    assert_same(got, (x @ x).astype("float64"))
    with pytest.raises(ShapeError, match=r"einsum: got 'ij,jk' for shapes \(2, 3\), \(2, 3\)"):
        unifw.einsum("ij,jk", unifw.ones((2, 3)), unifw.ones((2, 3)))
    with pytest.raises(DTypeError, match="einsum: got dtype bool"):
        unifw.einsum("i->", unifw.asarray([True]))
    with pytest.raises(OperandError, match="einsum: got Tensor"):
        unifw.einsum(unifw.ones(2), "i")  # type: ignore[arg-type]


# ---- gradients

WEIGHTS = np.random.default_rng(5).standard_normal((3, 4))


def weighted(x: unifw.Tensor) -> unifw.Tensor:
    """A sum in which each element counts differently, so that no wrong place stays unseen."""
    weights = np.resize(WEIGHTS, x.shape)
    return unifw.sum(x * unifw.asarray(weights))


INDICES = [[2, 0, 2, 1], [1, 1, 0, 0]]
GRADIENTS: dict[str, Callable[[Any], Any]] = {
    "softmax": lambda x: weighted(unifw.softmax(x, axis=0)),
    "log_softmax": lambda x: weighted(unifw.log_softmax(x)),
    "logsumexp": lambda x: weighted(unifw.logsumexp(x, axis=1)),
    "logsumexp of all": lambda x: unifw.logsumexp(x),
    "pad": lambda x: weighted(unifw.pad(x, ((1, 0), (2, 1)))),
    "pad reflect": lambda x: weighted(unifw.pad(x, 2, "reflect")),
    "pad edge": lambda x: weighted(unifw.pad(x, 2, "edge")),
    "gather": lambda x: weighted(unifw.gather(x, unifw.asarray(INDICES), axis=0)),
    "scatter_add": lambda x: weighted(unifw.scatter_add(x, unifw.asarray(INDICES), x[:2, :] ** 2, axis=0)),
    "segment_sum": lambda x: weighted(unifw.segment_sum(x, unifw.asarray([1, 7, 1]), 2) ** 2),
    "top_k": lambda x: weighted(unifw.top_k(x, 2)[0]),
    "top_k smallest": lambda x: weighted(unifw.top_k(x, 2, axis=0, largest=False)[0]),
    "cumulative_sum": lambda x: weighted(unifw.cumulative_sum(x, axis=1, include_initial=True)),
    "cumulative_prod": lambda x: weighted(unifw.cumulative_prod(x, axis=1)),
    "sort": lambda x: weighted(unifw.sort(x, axis=0, descending=True)),
    "max": lambda x: weighted(unifw.max(x, axis=0)),
    "min": lambda x: weighted(unifw.min(x, axis=1, keepdims=True)),
    "diff": lambda x: weighted(unifw.diff(x, n=2)),
    "einsum": lambda x: weighted(unifw.einsum("ij,kj->ik", x, x**2)),
    "var": lambda x: weighted(unifw.var(x, axis=1)) + unifw.mean(x),
}
DIFFERENTIABLE = [name for name in BACKENDS if name != "toy"]


def differences(function: Callable[[Any], Any], x: Array, width: float = 1e-6) -> Array:
    """Central differences in float64."""
    slopes = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[place] = width
        up, down = (function(unifw.asarray(value)).item() for value in (x + shift, x - shift))
        slopes[place] = (up - down) / (2 * width)
    return slopes


@pytest.mark.parametrize("name", GRADIENTS)
@pytest.mark.parametrize("where", DIFFERENTIABLE)
def test_gradients_are_those_of_central_differences(where: str, name: str) -> None:
    function, x = GRADIENTS[name], np.random.default_rng(3).standard_normal((3, 4))
    with unifw.using_backend(where):
        gradient = unifw.grad(function)(unifw.asarray(x))
        np.testing.assert_allclose(gradient.numpy(), differences(function, x), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("where", DIFFERENTIABLE)
@pytest.mark.parametrize("zeros", [(), (0,), (2,), (1, 3), (0, 1, 2, 3)])
def test_gradient_of_a_running_product_with_zeros(where: str, zeros: tuple[int, ...]) -> None:
    function, x = GRADIENTS["cumulative_prod"], np.random.default_rng(4).standard_normal((2, 4))
    x[0, list(zeros)] = 0
    with unifw.using_backend(where):
        gradient = unifw.grad(function)(unifw.asarray(x))
        np.testing.assert_allclose(gradient.numpy(), differences(function, x), rtol=1e-7, atol=1e-8)


@pytest.mark.parametrize("where", DIFFERENTIABLE)
@pytest.mark.parametrize("zeros", [(), (1,), (0, 2)])
def test_second_derivative_of_a_running_product(where: str, zeros: tuple[int, ...]) -> None:
    x = np.random.default_rng(6).standard_normal(4)
    x[list(zeros)] = 0
    first = unifw.grad(lambda x: weighted(unifw.cumulative_prod(x)))
    with unifw.using_backend(where):
        second = unifw.grad(lambda x: weighted(first(x) ** 2))(unifw.asarray(x))
        slopes = differences(lambda x: weighted(first(x) ** 2), x)
        np.testing.assert_allclose(second.numpy(), slopes, rtol=1e-6, atol=1e-8)


# ---- inside a traced step

TRACED: dict[str, Callable[[Any], Any]] = {
    "softmax": lambda x: unifw.softmax(x, axis=0),
    "logsumexp": lambda x: unifw.logsumexp(x),
    "one_hot": lambda x: unifw.one_hot(unifw.argmax(x, axis=1), 4),
    "top_k": lambda x: unifw.top_k(x, 2, axis=0)[0],
    "sort": lambda x: unifw.sort(x, descending=True),
    "pad": lambda x: unifw.pad(unifw.pad(x, 1, constant_values=2), ((0, 0), (1, 2)), "reflect"),
    "gather": lambda x: unifw.gather(x, unifw.argsort(x, axis=0)[:2, :], axis=0),
    "scatter_add": lambda x: unifw.scatter_add(x, unifw.argsort(x, axis=1), x, axis=1),
    "segment_sum": lambda x: unifw.segment_sum(x, unifw.argmin(x, axis=1), 4),
    "cumulative_prod": lambda x: unifw.cumulative_prod(x, axis=0, include_initial=True),
    "einsum": lambda x: unifw.einsum("ij,kj->ik", x, x),
    "unique": lambda x: unifw.unique_counts(x).counts,
    "isin": lambda x: unifw.isin(x, unifw.diff(x)),
    "nonzero": lambda x: unifw.stack(unifw.nonzero(x > 0)),
}


@pytest.mark.parametrize("name", TRACED)
@pytest.mark.parametrize("where", DIFFERENTIABLE)
def test_traced_as_eager(where: str, name: str) -> None:
    function = TRACED[name]
    with unifw.using_backend(where):
        x = unifw.asarray(WEIGHTS)
        assert x.backend.tracing is not None
        step = x.backend.tracing.make_step(lambda _, batch: (function(x.wrap(batch[0])).native,))
        assert_same(x.wrap(step((), (x.native,))[0]), function(x).numpy())
