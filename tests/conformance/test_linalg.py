"""Products against NumPy, decompositions by what defines them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_strict
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unifw
from unifw.errors import ArgumentError, AxisError, DTypeError, LinAlgError, MixedBackendError, ShapeError

from .conftest import NATIVE
from .oracle import assert_same
from .strategies import quick

linalg = unifw.linalg
REAL = ("float32", "float64")
KERNELS = (*REAL, "complex64", "complex128")
INTEGERS = ("int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64")
SQUARES = ((3, 3), (1, 1), (0, 0), (4, 2, 2), (0, 3, 3), (2, 0, 0), (2, 1, 4, 4))
SHAPES = (*SQUARES, (2, 4), (4, 2), (3, 2, 5), (0, 3), (3, 0), (2, 3, 0), (0, 2, 3))


def whole(shape: tuple[int, ...], dtype: str, seed: int = 0) -> Any:
    """Small whole numbers, whose products are exact, complex for complex dtypes."""
    rng = np.random.default_rng(seed)
    low = 0 if dtype.startswith("u") else -9
    real = rng.integers(low, 10, shape)
    return (real + 1j * rng.integers(low, 10, shape) if dtype.startswith("c") else real).astype(dtype)


def normal(shape: tuple[int, ...], dtype: str, seed: int = 0) -> Any:
    """Random numbers of a dtype."""
    rng = np.random.default_rng(seed)
    real = rng.standard_normal(shape)
    return (real + 1j * rng.standard_normal(shape) if dtype.startswith("c") else real).astype(dtype)


def well(shape: tuple[int, ...], dtype: str, seed: int = 0) -> Any:
    """Random square matrices far from singular."""
    return (normal(shape, dtype, seed) + 2 * shape[-1] * np.eye(shape[-1])).astype(dtype)


def hermitian(shape: tuple[int, ...], dtype: str) -> Any:
    """Random Hermitian matrices."""
    x = normal(shape, dtype)
    return (x + x.swapaxes(-1, -2).conj()) / 2


def real_of(dtype: str) -> str:
    """The dtype of absolute values."""
    return np.empty(0, dtype).real.dtype.name


def assert_near(got: unifw.Tensor, want: Any, dtype: str, factor: float = 16) -> None:
    """A dtype, a shape, and values within some rounding errors of the greatest."""
    want = np.asarray(want)
    assert got.dtype is unifw.dtypes.as_dtype(dtype)
    assert got.shape == want.shape
    limit = factor * np.finfo(dtype).eps * max(1.0, np.abs(want).max(initial=0))
    np.testing.assert_allclose(got.numpy(), want, rtol=0, atol=limit)


def assert_unitary(x: Any) -> None:
    """The columns are orthonormal."""
    near = np.broadcast_to(np.eye(x.shape[-1]), (*x.shape[:-2], x.shape[-1], x.shape[-1]))
    product = x.swapaxes(-1, -2).conj() @ x
    np.testing.assert_allclose(product, near, rtol=0, atol=16 * np.finfo(x.dtype).eps)


# ---- products


@pytest.mark.parametrize("dtype", [*INTEGERS, *KERNELS, "float16"])
def test_matmul_of_every_dtype(backend: str, dtype: str) -> None:
    for shape1, shape2 in (
        ((2, 3), (3, 2)),
        ((3,), (3,)),
        ((4, 2, 3), (3,)),
        ((3,), (5, 3, 2)),
        ((2, 1, 2, 3), (4, 3, 1)),
    ):
        x1, x2 = whole(shape1, dtype), whole(shape2, dtype, 1)
        assert_same(unifw.matmul(unifw.asarray(x1), unifw.asarray(x2)), np.matmul(x1, x2))
    assert_same(unifw.asarray(np.ones((2, 0), dtype)) @ unifw.asarray(np.ones((0, 3), dtype)), np.zeros((2, 3), dtype))


@pytest.mark.parametrize("dtype", INTEGERS)
def test_integer_products_wrap_around(backend: str, dtype: str) -> None:
    x = np.full((2, 2), np.iinfo(dtype).max, dtype)
    assert_same(unifw.asarray(x) @ unifw.asarray(x), np.matmul(x, x))


@quick
@given(data=st.data())
def test_vecdot(backend: str, data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from([*KERNELS, *INTEGERS]))
    batches = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=2, max_dims=2, max_side=3)).input_shapes
    axis = data.draw(st.sampled_from([-1, -2]))
    x1, x2 = (whole((*batch, 2, 3), dtype, seed) for seed, batch in enumerate(batches))
    want = (x1.conj() * x2).sum(axis, dtype=dtype)
    assert_same(unifw.vecdot(unifw.asarray(x1), unifw.asarray(x2), axis=axis), want, signed_zeros=False)


def test_vecdot_of_two_dtypes(backend: str) -> None:
    x1, x2 = whole((2, 3), "int8"), whole((3,), "complex64", 1)
    assert_same(unifw.vecdot(unifw.asarray(x1), unifw.asarray(x2)), (x1 * x2).sum(-1).astype("complex64"))
    strict = array_api_strict.vecdot(array_api_strict.asarray(x2), array_api_strict.asarray(x2 * 1j))
    assert_same(unifw.vecdot(unifw.asarray(x2), unifw.asarray(x2) * 1j), np.asarray(strict))


@quick
@given(data=st.data())
def test_tensordot(backend: str, data: st.DataObject) -> None:
    dtype = data.draw(st.sampled_from([*KERNELS, "int64", "uint16"]))
    shape1 = data.draw(hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3))
    count = data.draw(st.integers(0, len(shape1)))
    free = data.draw(hnp.array_shapes(min_dims=0, max_dims=2, min_side=0, max_side=3))
    axes1 = data.draw(st.permutations(range(len(shape1))))[:count]
    shape2, axes2 = (*free, *(shape1[i] for i in axes1)), tuple(range(-count, 0))
    x1, x2 = whole(shape1, dtype), whole(shape2, dtype, 1)
    want = np.tensordot(x1, x2, (axes1, axes2)).astype(dtype)
    assert_same(unifw.tensordot(unifw.asarray(x1), unifw.asarray(x2), axes=(axes1, axes2)), want, signed_zeros=False)
    x3 = whole((*shape1[len(shape1) - count :], *free), dtype, 2)
    want = np.tensordot(x1, x3, count).astype(dtype)
    assert_same(unifw.tensordot(unifw.asarray(x1), unifw.asarray(x3), axes=count), want, signed_zeros=False)


@pytest.mark.parametrize("dtype", ["int64", "float32", "complex128", "uint8", "int16"])
def test_cross(backend: str, dtype: str) -> None:
    for shape1, shape2, axis in (((3,), (3,), -1), ((2, 3), (3,), -1), ((4, 3, 1), (3, 2), -2), ((3, 2), (3, 2), 0)):
        x1, x2 = whole(shape1, dtype), whole(shape2, dtype, 1)
        back = axis - min(len(shape1), len(shape2)) if axis >= 0 else axis
        moved = np.cross(*np.broadcast_arrays(np.moveaxis(x1, back, -1), np.moveaxis(x2, back, -1)))
        want = np.moveaxis(moved, -1, back) if back != -1 else moved
        assert_same(linalg.cross(unifw.asarray(x1), unifw.asarray(x2), axis=axis), want, signed_zeros=False)


@pytest.mark.parametrize("dtype", ["int64", "float32", "complex64", "uint8", "bool"])
def test_diagonal_and_trace(backend: str, dtype: str) -> None:
    for shape in SHAPES:
        x = whole(shape, dtype)
        for offset in range(-shape[-2] - 1, shape[-1] + 2):
            want = np.diagonal(x, offset, -2, -1)
            assert_same(linalg.diagonal(unifw.asarray(x), offset=offset), want)
            if dtype != "bool":
                total = np.sum(want, -1, dtype=want.dtype if want.dtype.kind in "fc" else None)
                assert_same(linalg.trace(unifw.asarray(x), offset=offset), total, signed_zeros=False)


def test_the_dtype_of_a_trace(backend: str) -> None:
    x = whole((3, 3), "uint8")
    for dtype in ("uint8", "int16", "float64", "complex64"):
        assert_same(linalg.trace(unifw.asarray(x), dtype=dtype), np.trace(x).astype(dtype))


@pytest.mark.parametrize("dtype", ["int64", "float32", "complex64", "uint8"])
def test_outer(backend: str, dtype: str) -> None:
    x1, x2 = whole((3,), dtype), whole((2,), dtype, 1)
    assert_same(linalg.outer(unifw.asarray(x1), unifw.asarray(x2)), np.multiply.outer(x1, x2), signed_zeros=False)
    assert linalg.outer(unifw.zeros(0), unifw.zeros(2)).shape == (0, 2)


@pytest.mark.parametrize("dtype", KERNELS)
@pytest.mark.parametrize("n", [-3, -1, 0, 1, 2, 3, 7])
def test_matrix_power(backend: str, n: int, dtype: str) -> None:
    for shape in SQUARES:
        x = (well(shape, dtype) / max(1, 2 * shape[-1])).astype(dtype)
        want = np.linalg.matrix_power(x.astype("complex128" if dtype[0] == "c" else "float64"), n)
        assert_near(linalg.matrix_power(unifw.asarray(x), n), want, dtype, 64)


# ---- norms


@pytest.mark.parametrize("order", [0, 1, 2, 3, 0.5, -1, -2.5, np.inf, -np.inf])
@quick
@given(data=st.data(), keepdims=st.booleans())
def test_vector_norm(backend: str, order: float, data: st.DataObject, keepdims: bool) -> None:
    dtype = data.draw(st.sampled_from(KERNELS))
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, max_side=4))
    axis = data.draw(
        st.none() | st.integers(-len(shape), len(shape) - 1) | st.sampled_from([(), (0,), tuple(range(len(shape)))])
    )
    x = whole(shape, dtype)
    x[..., 0] += 10 if order < 0 else 0  # zeros for the other orders
    with np.errstate(divide="ignore"):
        strict = array_api_strict.linalg.vector_norm(
            array_api_strict.asarray(x.astype("complex128" if dtype[0] == "c" else "float64")),
            axis=axis, keepdims=keepdims, ord=order,
        )  # fmt: skip
    assert_near(linalg.vector_norm(unifw.asarray(x), axis=axis, keepdims=keepdims, ord=order), strict, real_of(dtype))


@pytest.mark.parametrize("order", ["fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf, None])
@pytest.mark.parametrize("dtype", KERNELS)
def test_matrix_norm(backend: str, dtype: str, order: Any) -> None:
    for shape in ((3, 3), (2, 4), (4, 2, 3), (0, 2, 3)):
        x = normal(shape, dtype)
        for keepdims in (False, True):
            want = np.linalg.norm(x.astype("complex128"), order, (-2, -1), keepdims)
            assert_near(linalg.matrix_norm(unifw.asarray(x), keepdims=keepdims, ord=order), want, real_of(dtype), 32)


def test_norms_of_special_values(backend: str) -> None:
    x = unifw.asarray([1.0, np.nan, -np.inf])
    for order in (1, 2, 3, np.inf, -np.inf):
        assert np.isnan(linalg.vector_norm(x, ord=order).item())
    assert linalg.vector_norm(unifw.asarray([1.0, -np.inf])).item() == np.inf
    assert linalg.vector_norm(unifw.asarray(-3.0), ord=3).item() == pytest.approx(3, rel=1e-6)
    assert linalg.matrix_norm(unifw.zeros((0, 3))).item() == 0
    assert linalg.vector_norm(unifw.zeros((0, 3)), axis=0).tolist() == [0, 0, 0]


# ---- decompositions


@pytest.mark.parametrize("dtype", KERNELS)
@pytest.mark.parametrize("upper", [False, True])
def test_cholesky(backend: str, dtype: str, upper: bool) -> None:
    for shape in SQUARES:
        x = normal(shape, dtype)
        x = (x @ x.swapaxes(-1, -2).conj() + np.eye(shape[-1])).astype(dtype)
        got = linalg.cholesky(unifw.asarray(x), upper=upper)
        factor = got.numpy()
        np.testing.assert_array_equal(factor, np.triu(factor) if upper else np.tril(factor))
        left, right = (factor.swapaxes(-1, -2).conj(), factor) if upper else (factor, factor.swapaxes(-1, -2).conj())
        assert_near(unifw.asarray(left @ right), x, dtype)
        assert (np.diagonal(factor, 0, -2, -1).real > 0).all()


@pytest.mark.parametrize("name", ["cholesky", "eigh", "eigvalsh"])
def test_only_the_lower_triangle_is_read(backend: str, name: str) -> None:
    x = np.float64([[4, 9], [2, 5]])
    function = getattr(linalg, name)
    got, want = (function(unifw.asarray(y)) for y in (x, np.float64([[4, 2], [2, 5]])))
    for one, other in zip(got, want, strict=True):
        assert_same(one, other.numpy())


@pytest.mark.parametrize("dtype", KERNELS)
def test_eigh(backend: str, dtype: str) -> None:
    for shape in SQUARES:
        x = hermitian(shape, dtype)
        values, vectors = linalg.eigh(unifw.asarray(x))
        w, v = values.numpy(), vectors.numpy()
        assert vectors.shape == shape
        assert_unitary(v)
        assert_near(unifw.asarray((v * w[..., None, :]) @ v.swapaxes(-1, -2).conj()), x, dtype, 32)
        assert (np.diff(w) >= 0).all()
        assert_near(linalg.eigvalsh(unifw.asarray(x)), np.linalg.eigvalsh(x), real_of(dtype), 32)
        assert_near(values, np.linalg.eigvalsh(x), real_of(dtype), 32)


@pytest.mark.parametrize("dtype", KERNELS)
def test_eig(backend: str, dtype: str) -> None:
    wide = "complex128" if dtype in ("float64", "complex128") else "complex64"
    for shape in SQUARES:
        x = normal(shape, dtype)
        values, vectors = linalg.eig(unifw.asarray(x))
        assert values.dtype is vectors.dtype is unifw.dtypes.as_dtype(wide)
        assert (values.shape, vectors.shape) == (shape[:-1], shape)
        w, v = values.numpy(), vectors.numpy()
        assert_near(unifw.asarray(x @ v, dtype=wide), v * w[..., None, :], wide, 32)
        np.testing.assert_allclose(np.linalg.norm(v, axis=-2), np.ones(w.shape), atol=16 * np.finfo(wide).eps)
        apart = np.abs(linalg.eigvals(unifw.asarray(x)).numpy()[..., :, None] - w[..., None, :])
        limit = 256 * np.finfo(wide).eps
        assert apart.min(-1, initial=np.inf).max(initial=0) < limit or 0 in shape
        assert apart.min(-2, initial=np.inf).max(initial=0) < limit or 0 in shape


@pytest.mark.parametrize("dtype", KERNELS)
@pytest.mark.parametrize("mode", ["reduced", "complete"])
def test_qr(backend: str, dtype: str, mode: Any) -> None:
    for shape in SHAPES:
        x = normal(shape, dtype)
        result = linalg.qr(unifw.asarray(x), mode=mode)
        size = shape[-2] if mode == "complete" else min(shape[-2:])
        assert result.Q.shape == (*shape[:-1], size)
        assert result.R.shape == (*shape[:-2], size, shape[-1])
        q, r = (part.numpy() for part in result)
        assert_unitary(q)
        np.testing.assert_array_equal(r, np.triu(r))
        assert_near(result.Q @ result.R, x, dtype)


@pytest.mark.parametrize("dtype", KERNELS)
@pytest.mark.parametrize("full", [False, True])
def test_svd(backend: str, dtype: str, full: bool) -> None:
    for shape in SHAPES:
        x = normal(shape, dtype)
        result = linalg.svd(unifw.asarray(x), full_matrices=full)
        m, n, k = shape[-2], shape[-1], min(shape[-2:])
        assert result.U.shape == (*shape[:-2], m, m if full else k)
        assert result.Vh.shape == (*shape[:-2], n if full else k, n)
        u, s, vh = (part.numpy() for part in result)
        assert_unitary(u)
        assert_unitary(vh.swapaxes(-1, -2).conj())
        assert_near(unifw.asarray((u[..., :k] * s[..., None, :]) @ vh[..., :k, :]), x, dtype, 32)
        for values in (result.S, linalg.svdvals(unifw.asarray(x))):
            assert_near(values, np.linalg.svd(x, compute_uv=False), real_of(dtype), 32)


def test_field_names(backend: str) -> None:
    x = unifw.asarray([[2.0, 0.0], [0.0, 1.0]])
    names = {"eigh": "eigenvalues eigenvectors", "eig": "eigenvalues eigenvectors", "qr": "Q R", "svd": "U S Vh"}
    for name, fields in {**names, "slogdet": "sign logabsdet"}.items():
        result = getattr(linalg, name)(x)
        assert result._fields == tuple(fields.split())
        assert isinstance(result[0], unifw.Tensor)


# ---- systems


@pytest.mark.parametrize("dtype", KERNELS)
def test_det_and_slogdet(backend: str, dtype: str) -> None:
    for shape in SQUARES:
        x = normal(shape, dtype)
        want = np.asarray(np.linalg.det(x))
        assert_near(linalg.det(unifw.asarray(x)), want, dtype, 64)
        sign, logarithm = linalg.slogdet(unifw.asarray(x))
        assert logarithm.dtype is unifw.dtypes.as_dtype(real_of(dtype))
        assert_near(unifw.asarray(sign.numpy() * np.exp(logarithm.numpy()), dtype=dtype), want, dtype, 64)
        np.testing.assert_allclose(np.abs(sign.numpy()), np.ones(want.shape), rtol=4 * np.finfo(dtype).eps)


def test_det_of_a_singular_matrix(backend: str) -> None:
    x = unifw.asarray([[1.0, 2.0], [2.0, 4.0]])
    assert linalg.det(x).item() == 0
    sign, logarithm = linalg.slogdet(x)
    assert (sign.item(), logarithm.item()) == (0, -np.inf)


@pytest.mark.parametrize("dtype", KERNELS)
def test_inv(backend: str, dtype: str) -> None:
    for shape in SQUARES:
        x = well(shape, dtype)
        assert_near(linalg.inv(unifw.asarray(x)), np.linalg.inv(x), dtype)


@pytest.mark.parametrize("dtype", KERNELS)
def test_solve(backend: str, dtype: str) -> None:
    cases = [(shape, (*shape[:-1], k)) for shape in SQUARES for k in (0, 1, 3)] + [
        (shape, shape[-1:]) for shape in SQUARES
    ]
    cases += [
        ((3, 3), (4, 3, 2)),
        ((4, 3, 3), (3, 2)),
        ((2, 1, 3, 3), (5, 3, 1)),
        ((3, 3, 3), (3, 3)),
        ((1, 1, 1), (1, 1)),
    ]
    for shape1, shape2 in cases:
        x1, x2 = well(shape1, dtype), normal(shape2, dtype, 1)
        column = x2[:, None] if len(shape2) == 1 else x2
        want = np.linalg.inv(x1) @ column
        assert_near(
            linalg.solve(unifw.asarray(x1), unifw.asarray(x2)), want[..., 0] if len(shape2) == 1 else want, dtype
        )


@pytest.mark.parametrize("dtype", KERNELS)
def test_inv_and_solve_of_nan(backend: str, dtype: str) -> None:
    x = np.stack([np.full((2, 2), np.nan), 2 * np.eye(2)]).astype(dtype)
    half = np.eye(2) / 2
    for got in (linalg.inv(unifw.asarray(x)), linalg.solve(unifw.asarray(x), unifw.asarray(np.eye(2, dtype=dtype)))):
        assert np.isnan(got.numpy()[0]).all()
        np.testing.assert_array_equal(got.numpy()[1], half)
    singular = np.stack([np.full((2, 2), np.nan), np.ones((2, 2))]).astype(dtype)
    with pytest.raises(LinAlgError):
        linalg.inv(unifw.asarray(singular))


def test_solve_promotes(backend: str) -> None:
    x1, x2 = well((2, 2), "float32"), normal((2,), "complex128")
    assert linalg.solve(unifw.asarray(x1), unifw.asarray(x2)).dtype is unifw.complex128


@pytest.mark.parametrize("dtype", KERNELS)
def test_pinv(backend: str, dtype: str) -> None:
    for shape in SHAPES:
        x = normal(shape, dtype)
        assert_near(linalg.pinv(unifw.asarray(x)), np.linalg.pinv(x), dtype, 128)
    low = normal((4, 2), dtype) @ normal((2, 3), dtype, 1)
    assert_near(linalg.pinv(unifw.asarray(low), rtol=1e-3), np.linalg.pinv(low, rtol=1e-3), dtype, 256)
    assert_near(linalg.pinv(unifw.zeros((2, 3), dtype=dtype)), np.zeros((3, 2)), dtype)


def test_the_tolerance(backend: str) -> None:
    x = np.stack([np.diag([1.0, 0.1, 1e-3]), np.diag([100.0, 1.0, 0.0])])
    tensor = unifw.asarray(x)
    assert_same(linalg.matrix_rank(tensor), np.int64([3, 2]))
    assert_same(linalg.matrix_rank(tensor, rtol=0.05), np.int64([2, 1]))
    assert_same(linalg.matrix_rank(tensor, rtol=unifw.asarray([0.5, 1e-3])), np.int64([1, 2]))
    assert_same(linalg.matrix_rank(tensor, rtol=unifw.asarray([[0.5], [1e-4]])), np.int64([[1, 1], [3, 2]]))
    for shape in ((0, 3), (3, 0), (2, 0, 0), (0, 2, 2)):
        assert_same(linalg.matrix_rank(unifw.zeros(shape)), np.zeros(shape[:-2], "int64"))
    for rtol in (0.05, np.float64([0.5, 1e-3])):
        given = rtol if isinstance(rtol, float) else unifw.asarray(rtol)
        assert_near(linalg.pinv(tensor, rtol=given), np.linalg.pinv(x, rtol=rtol), "float64")


# ---- gradients

WEIGHTS = np.random.default_rng(5).standard_normal((3, 3))


def weighed(x: unifw.Tensor) -> unifw.Tensor:
    """A number that every element moves in another way."""
    return (
        unifw.sum(unifw.abs(x) * unifw.asarray(WEIGHTS[: x.shape[-2], : x.shape[-1]]))
        if x.ndim > 1
        else unifw.sum(x * x)
    )


SMOOTH: dict[str, Callable[[Any], Any]] = {
    "det": linalg.det,
    "slogdet": lambda x: linalg.slogdet(x).logabsdet,
    "inv": lambda x: unifw.sum(linalg.inv(x) * unifw.asarray(WEIGHTS)),
    "solve": lambda x: unifw.sum(linalg.solve(x, unifw.asarray(WEIGHTS)) ** 2),
    "solve of the right side": lambda x: unifw.sum(linalg.solve(unifw.asarray(WEIGHTS), x) ** 2),
    "solve of a vector": lambda x: unifw.sum(linalg.solve(x, x[0]) ** 2),
    "pinv": lambda x: unifw.sum(linalg.pinv(x) * unifw.asarray(WEIGHTS)),
    "pinv of a tall one": lambda x: unifw.sum(linalg.pinv(x[:, :2]) * unifw.asarray(WEIGHTS[:2])),
    "pinv of a wide one": lambda x: unifw.sum(linalg.pinv(x[:2]) * unifw.asarray(WEIGHTS[:, :2])),
    "cholesky": lambda x: weighed(linalg.cholesky(x @ x.mT + linalg.matrix_power(x, 0))),
    "eigh": lambda x: weighed(linalg.eigh(x + x.mT).eigenvectors),
    "eigvalsh": lambda x: weighed(linalg.eigvalsh(x + x.mT)),
    "eig": lambda x: unifw.sum(unifw.abs(linalg.eig(x).eigenvalues) ** 3),
    "qr": lambda x: weighed(linalg.qr(x).R),
    "svd": lambda x: weighed(linalg.svd(x, full_matrices=False).U),
    "svdvals": lambda x: unifw.sum(linalg.svdvals(x) ** 3),
    "nuclear norm": lambda x: linalg.matrix_norm(x, ord="nuc"),
    "spectral norm": lambda x: linalg.matrix_norm(x, ord=2),
    "norm of rows": lambda x: linalg.matrix_norm(x, ord=np.inf),
    "vector_norm 3": lambda x: linalg.vector_norm(x, ord=3),
    "vector_norm -2": lambda x: linalg.vector_norm(x, ord=-2),
    "matrix_power": lambda x: unifw.sum(linalg.matrix_power(x, 5) * unifw.asarray(WEIGHTS)),
    "tensordot": lambda x: unifw.sum(unifw.tensordot(x, x, axes=((0,), (1,))) ** 2),
    "vecdot": lambda x: unifw.sum(unifw.vecdot(x, x * x)),
    "cross": lambda x: unifw.sum(linalg.cross(x, x * x) * unifw.asarray(WEIGHTS)),
    "trace": lambda x: linalg.trace(x * x, offset=1),
}


@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize("case", SMOOTH)
def test_gradients(name: str, case: str) -> None:
    x, step = np.random.default_rng(3).standard_normal((3, 3)), 1e-6
    with unifw.using_backend(name):
        got = unifw.grad(SMOOTH[case])(unifw.asarray(x)).numpy()
        for i in np.ndindex(x.shape):
            up, down = x.copy(), x.copy()
            up[i] += step
            down[i] -= step
            slope = (SMOOTH[case](unifw.asarray(up)) - SMOOTH[case](unifw.asarray(down))).item() / (2 * step)
            np.testing.assert_allclose(got[i], slope, rtol=1e-5, atol=1e-7)


@pytest.mark.parametrize("name", NATIVE)
def test_gradients_where_values_meet(name: str) -> None:
    with unifw.using_backend(name):
        for order in (1, 2, 3, 2.5, 0.5, np.inf):
            gradient = unifw.grad(lambda x, order=order: linalg.vector_norm(x, ord=order))(unifw.zeros(3))
            assert gradient.tolist() == [0, 0, 0]
        inverse = unifw.grad(lambda x: linalg.trace(linalg.pinv(x)))(unifw.asarray(np.eye(3)))
        np.testing.assert_allclose(inverse.numpy(), -np.eye(3), rtol=0, atol=1e-14)


# ---- graphs


def traced(name: str, function: Callable[[Any], Any], x: Any) -> Any:
    """What a graph of `function` returns, built without its values, and on one backend without its first size."""
    native = unifw.asarray(x).native

    def of_native(y: Any) -> Any:
        return function(unifw.asarray(y)).native

    if name == "tensorflow":
        import tensorflow as tf

        spec = tf.TensorSpec((None, *x.shape[1:]), native.dtype)
        return tf.function(of_native, autograph=False, input_signature=[spec])(native)
    from torch.fx.experimental.proxy_tensor import make_fx

    return make_fx(of_native, tracing_mode="fake")(native)(native)


GRAPHS: dict[str, Callable[[Any], Any]] = {
    "cholesky": lambda x: linalg.cholesky(x @ x.mT),
    "cholesky upper": lambda x: linalg.cholesky(x @ x.mT, upper=True),
    "eigvalsh": lambda x: linalg.eigvalsh(x + x.mT),
    "eigvals": lambda x: unifw.sum(linalg.eigvals(x)),
    "svdvals": linalg.svdvals,
    "svd": lambda x: linalg.svd(x, full_matrices=False).S,
    "qr": lambda x: unifw.abs(linalg.qr(x).R),
    "det": linalg.det,
    "slogdet": lambda x: linalg.slogdet(x).logabsdet,
    "inv": linalg.inv,
    "solve": lambda x: linalg.solve(x, x[0]),
    "pinv": linalg.pinv,
    "matrix_rank": linalg.matrix_rank,
    "matrix_norm": lambda x: linalg.matrix_norm(x, ord="nuc"),
    "matrix_power": lambda x: linalg.matrix_power(x, -2) + linalg.matrix_power(x, 0),
    "diagonal": lambda x: linalg.diagonal(x, offset=-1),
    "trace": linalg.trace,
    "tensordot": lambda x: unifw.tensordot(x, x, axes=((0, 1), (0, 2))),
    "vecdot": lambda x: unifw.vecdot(x, x[0], axis=-2),
    "cross": lambda x: linalg.cross(x, x[0, 0]),
    "fft": lambda x: unifw.abs(unifw.fft.fft(x, n=4, axis=0)),
    "irfft": lambda x: unifw.fft.irfft(unifw.fft.rfft(x, axis=0), axis=0, norm="ortho"),
    "fftn": lambda x: unifw.abs(unifw.fft.fftshift(unifw.fft.fftn(x, norm="forward"))),
}


@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize("case", GRAPHS)
def test_in_a_graph(name: str, case: str) -> None:
    x = well((2, 3, 3), "float64")
    with unifw.using_backend(name):
        want = GRAPHS[case](unifw.asarray(x)).numpy()
        np.testing.assert_allclose(traced(name, GRAPHS[case], x), want, rtol=1e-12, atol=1e-12)


# ---- errors

SINGULAR = [[1.0, 2.0], [2.0, 4.0]]


def z(*shape: int, dtype: str = "float32") -> Any:
    """A tensor of zeros."""
    return unifw.zeros(shape, dtype=dtype)


def bad(value: float) -> Any:
    """A matrix with one element that is not finite."""
    return unifw.asarray([[value, 2.0], [2.0, 4.0]])


ERRORS: dict[str, tuple[Any, Callable[[], Any]]] = {
    "inv": (LinAlgError, lambda: linalg.inv(unifw.asarray(SINGULAR))),
    "inv of a stack": (LinAlgError, lambda: linalg.inv(unifw.asarray([np.eye(2).tolist(), SINGULAR]))),
    "solve": (LinAlgError, lambda: linalg.solve(unifw.asarray(SINGULAR), unifw.ones(2))),
    "matrix_power": (LinAlgError, lambda: linalg.matrix_power(unifw.asarray(SINGULAR), -2)),
    "cholesky": (LinAlgError, lambda: linalg.cholesky(unifw.asarray(SINGULAR))),
    "cholesky of a negative": (LinAlgError, lambda: linalg.cholesky(unifw.asarray([[-1.0]]))),
    "cholesky of complex": (LinAlgError, lambda: linalg.cholesky(unifw.asarray([[-1.0 + 0j]]))),
    **{
        f"{name} of {value}": (LinAlgError, lambda name=name, value=value: getattr(linalg, name)(bad(value)))
        for name in ("eig", "eigvals", "eigh", "eigvalsh", "svd", "svdvals", "pinv", "matrix_rank", "cholesky")
        for value in (np.nan, np.inf)
    },
    **{
        f"{name} of a rectangle": (ShapeError, lambda name=name: getattr(linalg, name)(z(2, 3)))
        for name in ("cholesky", "det", "eig", "eigh", "eigvals", "eigvalsh", "inv", "slogdet")
    },
    **{
        f"{name} of a vector": (ShapeError, lambda name=name: getattr(linalg, name)(z(2)))
        for name in ("inv", "qr", "svd", "svdvals", "pinv", "matrix_rank", "matrix_norm", "diagonal", "trace")
    },
    **{
        f"{name} of {dtype}": (DTypeError, lambda name=name, dtype=dtype: getattr(linalg, name)(z(2, 2, dtype=dtype)))
        for name in ("cholesky", "det", "eig", "eigh", "eigvals", "eigvalsh", "inv", "pinv", "qr", "slogdet", "svd")
        for dtype in ("int64", "bool", "float16")
    },
    **{
        f"{name} of integers": (DTypeError, lambda name=name: getattr(linalg, name)(z(2, 2, dtype="int64")))
        for name in ("svdvals", "matrix_rank", "matrix_norm", "vector_norm")
    },
    "solve of integers": (DTypeError, lambda: linalg.solve(z(2, 2), z(2, dtype="int64"))),
    "solve of a rectangle": (ShapeError, lambda: linalg.solve(z(2, 3), z(2))),
    "solve of another size": (ShapeError, lambda: linalg.solve(z(2, 2), z(3))),
    "solve of other stacks": (ShapeError, lambda: linalg.solve(z(4, 2, 2), z(3, 2, 1))),
    "solve of a number": (ShapeError, lambda: linalg.solve(z(2, 2), z())),
    "matrix_power of a fraction": (ArgumentError, lambda: linalg.matrix_power(z(2, 2), 0.5)),  # type: ignore[arg-type]
    "matrix_power of integers": (DTypeError, lambda: linalg.matrix_power(z(2, 2, dtype="int64"), 2)),
    "matrix_power of a rectangle": (ShapeError, lambda: linalg.matrix_power(z(2, 3), 0)),
    "mode": (ArgumentError, lambda: linalg.qr(z(2, 2), mode="full")),  # type: ignore[arg-type]
    "order of a matrix": (ArgumentError, lambda: linalg.matrix_norm(z(2, 2), ord=3)),
    "order of a vector": (ArgumentError, lambda: linalg.vector_norm(z(2), ord="fro")),  # type: ignore[arg-type]
    "nuclear norm in half precision": (DTypeError, lambda: linalg.matrix_norm(z(2, 2, dtype="float16"), ord="nuc")),
    "cross of two": (ShapeError, lambda: linalg.cross(z(2), z(2))),
    "cross along no axis": (AxisError, lambda: linalg.cross(z(3), z(3), axis=1)),
    "outer": (ShapeError, lambda: linalg.outer(z(2, 2), z(2))),
    "vecdot of other sizes": (ShapeError, lambda: unifw.vecdot(z(3), z(1))),
    "vecdot of other ranks": (AxisError, lambda: unifw.vecdot(z(3, 3), z(3), axis=0)),
    "tensordot of other sizes": (ShapeError, lambda: unifw.tensordot(z(2, 3), z(2), axes=1)),
    "tensordot of too many axes": (AxisError, lambda: unifw.tensordot(z(2, 3), z(2))),
    "tensordot of an axis": (AxisError, lambda: unifw.tensordot(z(2), z(2), axes=((1,), (0,)))),
    "tensordot of an axis twice": (AxisError, lambda: unifw.tensordot(z(2, 2), z(2, 2), axes=((0, 0), (0, 1)))),
    "tensordot of unequal axes": (ArgumentError, lambda: unifw.tensordot(z(2, 2), z(2, 2), axes=((0, 1), (0,)))),
    **{
        f"{name} of booleans": (DTypeError, lambda name=name: getattr(linalg, name)(*[z(3, dtype="bool")] * 2))
        for name in ("matmul", "vecdot", "cross", "outer")
    },
    "tensordot of booleans": (DTypeError, lambda: unifw.tensordot(z(3, dtype="bool"), z(3, dtype="bool"), axes=1)),
    "trace of booleans": (DTypeError, lambda: linalg.trace(z(3, 3, dtype="bool"))),
}


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_has_one_wording(backends: list[str], case: str) -> None:
    wordings = set()
    for name in backends:
        if name == "toy" and ("booleans" in case or ERRORS[case][0] is LinAlgError):
            continue  # NumPy multiplies booleans, and finds numbers for NaN
        with unifw.using_backend(name), pytest.raises(ERRORS[case][0]) as caught:
            ERRORS[case][1]()
        wordings.add(str(caught.value).partition("The native framework says")[0])
    assert len(wordings) == 1, wordings


def test_tensors_of_two_backends(backend: str) -> None:
    other = "toy" if backend != "toy" else NATIVE[0]
    x, y = unifw.ones((3, 3)), unifw.ones((3, 3)).to_backend(other)
    for function in (linalg.solve, linalg.cross, linalg.outer, unifw.tensordot, unifw.vecdot, unifw.matmul):
        with pytest.raises(MixedBackendError):
            function(x, y)


@pytest.mark.parametrize("order", [0, 1, 2, 3, np.inf])
def test_the_norm_of_nothing_is_zero(backend: str, order: float) -> None:
    assert_same(linalg.vector_norm(unifw.zeros((2, 0)), axis=1, ord=order), np.zeros(2, "float32"))
    assert_same(linalg.vector_norm(unifw.zeros((0, 2)), ord=order, keepdims=True), np.zeros((1, 1), "float32"))
    if order in (1, 2, np.inf):
        assert_same(linalg.matrix_norm(unifw.zeros((0, 0)), ord=order), np.zeros((), "float32"))
        assert_same(linalg.matrix_norm(unifw.zeros((2, 0, 3)), ord=order), np.zeros(2, "float32"))
