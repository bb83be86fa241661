"""Products, norms and Fourier transforms against NumPy."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unifw

from .oracle import assert_same, common_dtype
from .strategies import FLOATS, INTEGERS, NUMBERS, arrays, axes_of, elements, quick, shapes

SHAPES = ((3,), (2, 3), (1, 3), (4, 2, 3), (1, 2, 3), (5, 1, 2, 3), (0, 3), (2, 0, 3))


def whole(shape: tuple[int, ...], dtype: Any, seed: int = 0) -> Any:
    """Small whole numbers, whose products are exact."""
    return np.random.default_rng(seed).integers(-9, 10, shape).astype(dtype)


def second_shape(shape: tuple[int, ...]) -> tuple[int, ...]:
    """A shape whose second to last axis fits the last one of SHAPES."""
    return shape if len(shape) == 1 else (*shape[:-2], shape[-1], shape[-2])


@pytest.mark.parametrize("shape2", [*map(second_shape, SHAPES), (4, 3, 2)])
@pytest.mark.parametrize("shape1", SHAPES)
def test_matmul_of_all_ranks(backend: str, shape1: tuple[int, ...], shape2: tuple[int, ...]) -> None:
    for dtype in NUMBERS:
        x1, x2 = whole(shape1, dtype), whole(shape2, dtype, 1)
        try:
            expected = np.matmul(x1, x2)
        except ValueError:
            with pytest.raises(unifw.errors.ShapeError):
                unifw.matmul(unifw.asarray(x1), unifw.asarray(x2))
            continue
        assert_same(unifw.matmul(unifw.asarray(x1), unifw.asarray(x2)), expected)
        assert_same(unifw.asarray(x1) @ unifw.asarray(x2), expected)


def test_matmul_over_an_empty_axis_is_zero(backend: str) -> None:
    assert_same(unifw.zeros((2, 0)) @ unifw.zeros((0, 3)), np.zeros((2, 3), "float32"))
    assert_same(unifw.zeros((0,)) @ unifw.zeros((0,)), np.float32(0))


@pytest.mark.parametrize("shapes", [((2, 3), (3, 2)), ((3,), (3,)), ((4, 2, 3), (3,)), ((3,), (3, 2))])
def test_matmul_promotes(backend: str, shapes: Any) -> None:
    for first, second in product(NUMBERS, repeat=2):
        x1, x2 = whole(shapes[0], first), whole(shapes[1], second, 1)
        assert_same(unifw.asarray(x1) @ unifw.asarray(x2), (x1 @ x2).astype(common_dtype(first, second)))


def test_large_integer_products_are_exact(backend: str) -> None:
    x = np.asarray([[2**31 + 1, 1], [1, 1]], "int64")
    assert_same(unifw.asarray(x) @ unifw.asarray(x), x @ x)


@pytest.mark.parametrize("dtype", FLOATS)
def test_matmul_of_fractions(backend: str, dtype: str) -> None:
    rng = np.random.default_rng(0)
    x1, x2 = rng.standard_normal((7, 65)).astype(dtype), rng.standard_normal((65, 9)).astype(dtype)
    exact = x1.astype(np.longdouble) @ x2.astype(np.longdouble)
    bound = 16 * np.finfo(dtype).eps * (np.abs(x1) @ np.abs(x2))
    assert (np.abs((unifw.asarray(x1) @ unifw.asarray(x2)).numpy() - exact) <= bound).all()


@pytest.mark.parametrize("axis", [-1, -2])
@quick
@given(data=st.data())
def test_vecdot(backend: str, axis: int, data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from([*FLOATS, "int64"]))
    batches = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3)).input_shapes
    x1, x2 = (whole((*batch, 2, 3), dtype, seed) for seed, batch in enumerate(batches))
    assert_same(unifw.vecdot(unifw.asarray(x1), unifw.asarray(x2), axis=axis), (x1 * x2).sum(axis), signed_zeros=False)


@quick
@given(data=st.data(), keepdims=st.booleans())
def test_vector_norm(backend: str, data: st.DataObject, keepdims: bool) -> None:
    x = data.draw(arrays(INTEGERS, shapes)).astype(data.draw(st.sampled_from(FLOATS))) / 8
    axis = data.draw(axes_of(x.ndim))
    exact = np.sqrt(np.sum(np.square(x.astype(np.longdouble)), axis=axis, keepdims=keepdims)).astype(x.dtype)
    assert_same(unifw.linalg.vector_norm(unifw.asarray(x), axis=axis, keepdims=keepdims), exact, ulps=8)


def test_the_extension_has_the_main_namespaces_functions() -> None:
    for name in ("matmul", "matrix_transpose", "vecdot"):
        assert getattr(unifw.linalg, name) is getattr(unifw, name)


def assert_spectrum(got: Any, exact: Any, dtype: str) -> None:
    """Complex values within a few rounding errors of the greatest."""
    assert got.dtype is unifw.dtypes.as_dtype(dtype)
    assert got.shape == exact.shape
    epsilon = np.finfo(dtype).eps
    np.testing.assert_allclose(got.numpy(), exact, rtol=0, atol=8 * epsilon * max(1, np.abs(exact).max(initial=0)))


@quick
@given(data=st.data())
def test_fft_and_ifft(backend: str, data: st.DataObject) -> None:
    shape = hnp.array_shapes(min_dims=1, max_dims=3, min_side=1, max_side=9)
    x = data.draw(arrays((*FLOATS, *INTEGERS), shape))
    dtype = "complex128" if x.dtype == "float64" else "complex64"
    assert_spectrum(unifw.fft.fft(unifw.asarray(x)), np.fft.fft(x.astype("float64")), dtype)
    assert_spectrum(unifw.fft.ifft(unifw.asarray(x)), np.fft.ifft(x.astype("float64")), dtype)


@quick
@given(data=st.data(), dtype=st.sampled_from(["complex64", "complex128"]))
def test_ifft_undoes_fft(backend: str, data: st.DataObject, dtype: str) -> None:
    x = data.draw(hnp.arrays(dtype, (2, 6), elements=elements("float32").map(lambda real: complex(real, -2 * real))))
    there = unifw.fft.fft(unifw.asarray(x))
    assert_spectrum(there, np.fft.fft(x.astype("complex128")), dtype)
    back = unifw.fft.ifft(there)
    assert back.dtype is unifw.dtypes.as_dtype(dtype)
    np.testing.assert_allclose(back.numpy(), x, rtol=0, atol=16 * np.finfo(dtype).eps * max(1, np.abs(x).max()) * 6)
