"""Fourier transforms against NumPy's in double precision."""

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
from unifw.errors import ArgumentError, AxisError, DTypeError, ShapeError

from .conftest import NATIVE
from .oracle import assert_same
from .strategies import quick

NORMS = st.sampled_from(["backward", "ortho", "forward"])
REAL = ("float32", "float64")
COMPLEX = ("complex64", "complex128")
COMPLEX_TO_REAL = ("irfft", "hfft", "irfftn")
REAL_ONLY = ("rfft", "ihfft", "rfftn")


def values(shape: tuple[int, ...], dtype: str) -> Any:
    """Random numbers of a dtype."""
    rng = np.random.default_rng(0)
    real = rng.standard_normal(shape)
    return (real + 1j * rng.standard_normal(shape) if dtype.startswith("c") else real).astype(dtype)


def assert_spectrum(got: unifw.Tensor, exact: Any, source: str) -> None:
    """Values within a few rounding errors of the greatest, of the precision of the input."""
    double = source in ("float64", "complex128")
    names = ("complex64", "complex128") if exact.dtype.kind == "c" else ("float32", "float64")
    assert got.dtype is unifw.dtypes.as_dtype(names[double])
    assert got.shape == exact.shape
    limit = 8 * np.finfo(names[double]).eps * np.abs(exact).max(initial=0)
    np.testing.assert_allclose(got.numpy(), exact, rtol=0, atol=limit)


def double(x: Any) -> Any:
    """The same values in double precision."""
    return x.astype("complex128" if x.dtype.kind == "c" else "float64")


def dtypes_of(name: str) -> tuple[str, ...]:
    """The dtypes that a transform takes."""
    return (*REAL, "float16", "int64", "uint8") if name in REAL_ONLY else (*COMPLEX, *REAL, "int64")


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
@quick
@given(data=st.data(), norm=NORMS)
def test_one_axis(backend: str, name: str, data: st.DataObject, norm: Any) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=2, max_side=7))
    axis = data.draw(st.integers(-len(shape), len(shape) - 1))
    n = data.draw(st.none() | st.integers(1, 9))
    x = values(shape, data.draw(st.sampled_from(dtypes_of(name))))
    got = getattr(unifw.fft, name)(unifw.asarray(x), n=n, axis=axis, norm=norm)
    assert_spectrum(got, getattr(np.fft, name)(double(x), n=n, axis=axis, norm=norm), x.dtype.name)


@pytest.mark.parametrize("name", ["fftn", "ifftn", "rfftn", "irfftn"])
@quick
@given(data=st.data(), norm=NORMS)
def test_several_axes(backend: str, name: str, data: st.DataObject, norm: Any) -> None:
    shape = data.draw(hnp.array_shapes(min_dims=1, max_dims=3, min_side=2, max_side=5))
    ndim = len(shape)
    several = st.lists(st.integers(-ndim, ndim - 1), min_size=1, max_size=ndim, unique_by=lambda i: i % ndim)
    axes = data.draw(st.none() | several.map(tuple))
    s = None
    if axes is not None:
        s = data.draw(st.none() | st.tuples(*[st.integers(1, 6)] * len(axes)))
    x = values(shape, data.draw(st.sampled_from(dtypes_of(name))))
    got = getattr(unifw.fft, name)(unifw.asarray(x), s=s, axes=axes, norm=norm)
    assert_spectrum(got, getattr(np.fft, name)(double(x), s=s, axes=axes, norm=norm), x.dtype.name)


@pytest.mark.parametrize(("there", "back"), [("fft", "ifft"), ("rfft", "irfft"), ("ihfft", "hfft")])
@pytest.mark.parametrize("n", [1, 2, 7, 8, 101])
def test_the_way_back(backend: str, there: str, back: str, n: int) -> None:
    x = values((3, n), "float64")
    spectrum = getattr(unifw.fft, there)(unifw.asarray(x))
    np.testing.assert_allclose(getattr(unifw.fft, back)(spectrum, n=n).numpy(), x, rtol=0, atol=1e-14)


@pytest.mark.parametrize("name", ["fft", "ifft", "rfft", "irfft", "hfft", "ihfft"])
def test_no_vectors_at_all(backend: str, name: str) -> None:
    dtype = "float32" if name in REAL_ONLY else "complex64"
    got = getattr(unifw.fft, name)(unifw.zeros((0, 4), dtype=dtype))
    assert got.shape == getattr(np.fft, name)(np.zeros((0, 4), dtype)).shape


@pytest.mark.parametrize("name", ["fftfreq", "rfftfreq"])
@pytest.mark.parametrize("dtype", [None, *REAL])
def test_frequencies(backend: str, name: str, dtype: str | None) -> None:
    for n in (1, 2, 5, 8):
        exact = getattr(np.fft, name)(n, 0.25).astype(dtype or "float32")
        got = getattr(unifw.fft, name)(n, d=0.25, dtype=dtype, device="cpu")
        assert_same(got, exact)
        assert got.device == "cpu"
    strict = getattr(array_api_strict.fft, name)(6)
    assert_same(getattr(unifw.fft, name)(6, dtype="float64"), np.asarray(strict, "float64"))


@pytest.mark.parametrize("name", ["fftshift", "ifftshift"])
@pytest.mark.parametrize("axes", [None, 0, -1, (0,), (-1, 0), (1, 2), ()])
def test_shifts(backend: str, name: str, axes: Any) -> None:
    for shape in ((4, 5, 3), (1, 2, 6), (0, 2, 2)):
        x = np.arange(np.prod(shape)).reshape(shape)
        assert_same(getattr(unifw.fft, name)(unifw.asarray(x), axes=axes), getattr(np.fft, name)(x, axes))


def test_a_shift_of_no_axes(backend: str) -> None:
    assert_same(unifw.fft.fftshift(unifw.asarray(2.0)), np.float32(2))


def grad_check(function: Callable[[unifw.Tensor], unifw.Tensor], x: Any) -> None:
    """The gradient against central differences in double precision."""
    got = unifw.grad(function)(unifw.asarray(x)).numpy()
    step = 1e-6
    for i in np.ndindex(x.shape):
        up, down = x.copy(), x.copy()
        up[i] += step
        down[i] -= step
        slope = (function(unifw.asarray(up)) - function(unifw.asarray(down))).item() / (2 * step)
        np.testing.assert_allclose(got[i], slope, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", NATIVE)
@pytest.mark.parametrize("norm", ["backward", "ortho", "forward"])
@pytest.mark.parametrize("n", [None, 3, 6])
def test_gradients(n: int | None, norm: Any, name: str) -> None:
    with unifw.using_backend(name):
        _check_gradients(values((2, 5), "float64"), n, norm)


def _check_gradients(x: Any, n: int | None, norm: Any) -> None:

    def power(y: unifw.Tensor) -> unifw.Tensor:
        return unifw.sum(unifw.square(unifw.abs(y)) * unifw.asarray(np.arange(1.0, y.shape[-1] + 1)))

    grad_check(lambda y: power(unifw.fft.fft(y, n=n, norm=norm)), x)
    grad_check(lambda y: power(unifw.fft.rfft(y, n=n, norm=norm)), x)
    grad_check(lambda y: power(unifw.fft.irfft(y, n=n, norm=norm)), x)
    grad_check(lambda y: power(unifw.fft.hfft(unifw.fft.ifft(y), n=n, norm=norm)), x)


ERRORS: dict[str, tuple[Any, Callable[[], Any]]] = {
    "empty axis": (ShapeError, lambda: unifw.fft.fft(unifw.zeros((2, 0)))),
    "no axes": (AxisError, lambda: unifw.fft.rfft(unifw.asarray(1.0))),
    "axis": (AxisError, lambda: unifw.fft.ifft(unifw.zeros(3), axis=1)),
    "n": (ShapeError, lambda: unifw.fft.irfft(unifw.zeros(3), n=0)),
    "no length of its own": (ShapeError, lambda: unifw.fft.irfft(unifw.zeros(1))),
    "norm": (ArgumentError, lambda: unifw.fft.hfft(unifw.zeros(3), norm="half")),  # type: ignore[arg-type]
    "norm of several": (ArgumentError, lambda: unifw.fft.fftn(unifw.zeros(3), norm="half")),  # type: ignore[arg-type]
    "complex": (DTypeError, lambda: unifw.fft.rfft(unifw.zeros(3, dtype="complex64"))),
    "complex ihfft": (DTypeError, lambda: unifw.fft.ihfft(unifw.zeros(3, dtype="complex64"))),
    "complex of several": (DTypeError, lambda: unifw.fft.rfftn(unifw.zeros(3, dtype="complex64"))),
    "bool": (DTypeError, lambda: unifw.fft.fft(unifw.zeros(3, dtype="bool"))),
    "sizes": (ShapeError, lambda: unifw.fft.fftn(unifw.zeros((3, 3)), s=(2,), axes=(0, 1))),
    "the same axis": (AxisError, lambda: unifw.fft.fftn(unifw.zeros((3, 3)), axes=(0, -2))),
    "no axis to halve": (AxisError, lambda: unifw.fft.rfftn(unifw.zeros((3, 3)), axes=())),
    "frequencies": (ShapeError, lambda: unifw.fft.fftfreq(0)),
    "shift": (AxisError, lambda: unifw.fft.fftshift(unifw.zeros(3), axes=1)),
}


@pytest.mark.parametrize("case", ERRORS)
def test_an_error_has_one_wording(backends: list[str], case: str) -> None:
    wordings = set()
    for name in backends:
        with unifw.using_backend(name), pytest.raises(ERRORS[case][0]) as caught:
            ERRORS[case][1]()
        wordings.add(str(caught.value))
    assert len(wordings) == 1, wordings
