"""The ends of what dtypes and shapes can be, where kernels fail: huge numbers, no elements, wide unsigned integers."""

from __future__ import annotations

import cmath
import math
from array import array
from itertools import product

import numpy as np
import pytest

import unifw
from unifw import errors

from .conftest import NATIVE
from .oracle import assert_same
from .test_linalg import traced

UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
COMPLEX = ("complex64", "complex128")
TOP = 1 << 63


def test_lists_of_uint64_keep_every_bit(backend: str) -> None:
    numbers = [0, TOP + 1, 2**64 - 1]
    assert unifw.asarray(numbers, dtype="uint64").tolist() == numbers
    assert unifw.asarray([1.5, 2], dtype="uint64").tolist() == [1, 2]


@pytest.mark.parametrize("exponent", [TOP, TOP + 5, 2**64 - 2, 2**64 - 1])
def test_powers_of_uint64_wrap_around(backend: str, exponent: int) -> None:
    bases = [0, 1, 2, 3, 5, 10, 2**64 - 1]
    expected = [pow(base, exponent, 2**64) for base in bases]
    x = unifw.asarray(bases, dtype="uint64")
    assert unifw.pow(x, unifw.full(7, exponent, dtype="uint64")).tolist() == expected
    assert (x**exponent).tolist() == expected
    assert (exponent ** unifw.asarray([0, 1, 2], dtype="uint64")).tolist() == [1, exponent, exponent**2 % 2**64]


@pytest.mark.parametrize("dtype", UNSIGNED)
def test_unsigned_integers_are_taken_and_repeated(backend: str, dtype: str) -> None:
    x = np.asarray([[1, 2, 3], [4, 5, 6]], dtype)
    assert_same(unifw.take(unifw.asarray(x), unifw.asarray([2, -1], dtype="int8"), axis=1), x[:, [2, 2]])
    counts = np.asarray([2, 0, 1], dtype)
    assert_same(unifw.repeat(unifw.asarray(x), unifw.asarray(counts), axis=1), x[:, [0, 0, 2]])


@pytest.mark.parametrize("shape", [(0,), (0, 3), (2, 0), (0, 0)])
def test_masks_without_elements_fit_axes_of_any_size(backend: str, shape: tuple[int, ...]) -> None:
    """As the standard has it: the size of an axis of a mask is that of the tensor's axis, or 0."""
    x, mask = unifw.ones((2, 3, 4)), unifw.zeros(shape, dtype="bool")
    assert x[mask].shape == (0, *x.shape[len(shape) :])
    x[mask] = 5
    x[mask] = unifw.zeros((0, *x.shape[len(shape) :]))
    assert_same(x, np.ones((2, 3, 4), "float32"))
    with pytest.raises(IndexError):
        x[unifw.zeros((1, *shape[1:]), dtype="bool")]


@pytest.mark.parametrize("backend", NATIVE, indirect=True)  # NumPy, the toy's, warns of the mean of nothing
@pytest.mark.parametrize("dtype", COMPLEX)
def test_the_mean_of_no_complex_numbers_is_nan(backend: str, dtype: str) -> None:
    for x, axis in ((unifw.zeros(0, dtype=dtype), None), (unifw.zeros((1, 0), dtype=dtype), 1)):
        mean = unifw.mean(x, axis=axis).numpy()
        assert np.isnan([mean.real, mean.imag]).all()


@pytest.mark.parametrize("dtype", COMPLEX)
def test_an_imaginary_number_is_true(backend: str, dtype: str) -> None:
    x = unifw.asarray([[1j, 0], [1, 1j]], dtype=dtype)
    assert unifw.any(x, axis=1).tolist() == [True, True]
    assert unifw.all(x, axis=1).tolist() == [False, True]


FUNCTIONS = {
    "acos": cmath.acos, "acosh": cmath.acosh, "asin": cmath.asin, "asinh": cmath.asinh, "atan": cmath.atan,
    "atanh": cmath.atanh, "log": cmath.log, "log10": cmath.log10, "sqrt": cmath.sqrt, "tanh": cmath.tanh,
    "log2": lambda z: cmath.log(z) / math.log(2),
}  # fmt: skip


@pytest.mark.parametrize("backend", NATIVE, indirect=True)
@pytest.mark.parametrize("dtype", COMPLEX)
@pytest.mark.parametrize("name", FUNCTIONS)
def test_functions_of_huge_and_tiny_complex_numbers(backend: str, name: str, dtype: str) -> None:
    """All at once, by vector instructions, and some alone, by other code."""
    limits = np.finfo(dtype)
    low, high = float(limits.smallest_normal) * 2, float(limits.max)
    sizes = [low, math.sqrt(low), 1e-3, 2.0, math.sqrt(high) / 2, math.sqrt(high) * 4, high / 4, high]
    parts = [sign * size for size in sizes for sign in (1, -1)]
    x = np.asarray([complex(a, b) for a, b in product(parts, parts)], dtype)
    function = getattr(unifw, name)
    results = dict(enumerate(function(unifw.asarray(x)).tolist()))
    alone = {i: function(unifw.asarray(x[i])).item() for i in range(0, len(x), 7)}
    for i, got in [*results.items(), *alone.items()]:
        want = FUNCTIONS[name](complex(x[i]))
        if abs(want.real) < high and abs(want.imag) < high:
            assert cmath.isclose(got / 4, want / 4, rel_tol=1e-5, abs_tol=low), (x[i], got, want)


@pytest.mark.parametrize("backend", NATIVE, indirect=True)
@pytest.mark.parametrize("dtype", ["float32", "float64", *COMPLEX])
def test_eigenvalues_of_matrices_of_any_size_of_numbers(backend: str, dtype: str) -> None:
    limits = np.finfo(dtype)
    for size in (float(limits.smallest_normal) * 8, float(limits.smallest_normal) ** 0.5, float(limits.max) / 8):
        scale = 2.0 ** math.floor(math.log2(size))
        x = unifw.asarray(np.asarray([[[2, 1], [1, 2]], [[0, 1], [-4, 0]], [[0, 0], [0, 0]]], dtype) * scale)
        values, vectors = unifw.linalg.eig(x)
        for found in (values, unifw.linalg.eigvals(x)):
            parts = np.sort_complex(np.round(found.numpy().astype("complex128") / scale, 4))
            np.testing.assert_allclose(parts, [[1, 3], [-2j, 2j], [0, 0]], rtol=1e-5, atol=1e-5)
        ones = np.linalg.norm(vectors.numpy(), axis=-2)
        np.testing.assert_allclose(ones, np.ones((3, 2)), rtol=1e-5)


def test_eigenvalues_whose_products_vanish(backend: str) -> None:
    """LAPACK fails on it, or writes past the end of its memory, if it is not brought near 1 first."""
    tiny = np.full((2, 3, 3), 1.97174516e-201)
    tiny[0, 0, 0], tiny[1, 1, 0] = 1.06997574, 3.69921656e-109
    assert unifw.linalg.eig(unifw.asarray(tiny)).eigenvalues.shape == (2, 3)


@pytest.mark.parametrize("backend", NATIVE, indirect=True)  # NumPy, the toy's, squares truth values in int8
@pytest.mark.parametrize("name", ["square", "positive"])
def test_a_truth_value_is_no_number(backend: str, name: str) -> None:
    with pytest.raises(errors.DTypeError, match=f"^{name}: got .* dtype bool; expected numbers. Write unifw.astype"):
        getattr(unifw, name)(unifw.asarray([True]))
    assert getattr(unifw, name)(unifw.asarray([1], dtype="uint16")).tolist() == [1]


@pytest.mark.parametrize("dtype", ["float16", "float32", "float64"])
def test_floor_divide_of_infinities_and_zeros(backend: str, dtype: str) -> None:
    numbers = np.asarray([0.0, -0.0, 1, -1, 2.5, -3, math.inf, -math.inf, math.nan], dtype)
    x1, x2 = numbers[:, None], numbers
    with np.errstate(all="ignore"):
        quotients, rests = np.floor_divide(x1, x2), np.remainder(x1, x2)
    a, b = unifw.asarray(x1), unifw.asarray(x2)
    assert_same(unifw.floor_divide(a, b), quotients)
    assert_same(a // b, quotients)
    assert_same(a % b, rests)
    assert (unifw.asarray(numbers) // 2.0).tolist()[:-3] == [0, 0, 0, -1, 1, -2]


@pytest.mark.parametrize("dtype", COMPLEX)
def test_a_complex_number_as_a_truth_value(backend: str, dtype: str) -> None:
    x = np.asarray([0, 1j, 1, complex(math.nan, 0), complex(0, math.nan), complex(-0.0, -0.0)], dtype)
    truth = x.astype(bool)
    assert_same(unifw.astype(unifw.asarray(x), unifw.bool), truth)
    assert_same(unifw.asarray(x).to(unifw.bool), truth)
    if backend != "toy":
        assert_same(unifw.asarray(traced(backend, lambda x: unifw.astype(x, unifw.bool), x)), truth)
        assert_same(unifw.logical_not(unifw.asarray(x)), ~truth)
        assert_same(unifw.logical_and(unifw.asarray(x), True), truth)


@pytest.mark.parametrize("indices", [1, [[0, 1]], [[[1]]]])
def test_take_takes_indices_of_one_axis(backend: str, indices: object) -> None:
    x, where = unifw.reshape(unifw.arange(6), (2, 3)), unifw.asarray(indices)
    with pytest.raises(errors.ShapeError, match=r"^take: got indices of shape .*Write x\[:, indices\]"):
        unifw.take(x, where, axis=1)
    assert_same(x[:, where], x.numpy()[:, indices])


def test_a_tensor_without_axes_has_no_rows(backend: str) -> None:
    for ask in (iter, list, len):
        with pytest.raises(TypeError, match="got a tensor without axes; expected at least one") as caught:
            ask(unifw.asarray(1))
        assert isinstance(caught.value, errors.ShapeError)


def test_a_result_that_does_not_fit_in_place(backend: str) -> None:
    x = unifw.asarray([1])
    with pytest.raises(errors.ShapeError, match=r"^in-place add: got a result of shape"):
        x += unifw.asarray([1, 2])
    with pytest.raises(errors.DTypeError, match=r"^in-place add: got a result of shape"):
        x += unifw.asarray([1.5])
    assert x.tolist() == [1]


NEAR_THE_END = [
    (0, TOP - 1, TOP // 2), (-TOP, TOP - 1, TOP // 2), (TOP - 1, -TOP, -TOP // 2), (TOP - 3, TOP - 1, 1),
    (0, 31 * 2**58, 2**58), (0, 10, TOP), (-TOP, TOP - 1, 2**100), (TOP - 1, -TOP),
]  # fmt: skip


@pytest.mark.parametrize("arguments", NEAR_THE_END)
def test_ranges_near_the_ends_of_int64(backend: str, arguments: tuple[int, ...]) -> None:
    want = [*range(*arguments)]
    assert_same(unifw.arange(*arguments), np.asarray(want, "int64"))
    for dtype in ("float32", "float64"):
        assert_same(unifw.arange(*arguments, dtype=dtype), np.asarray(want, dtype))


def test_ranges_near_the_end_of_uint64(backend: str) -> None:
    for arguments in ((2 * TOP - 1, 0, -TOP // 2), (0, 2 * TOP, TOP), (2 * TOP - 2, 2 * TOP)):
        assert_same(unifw.arange(*arguments, dtype="uint64"), np.asarray([*range(*arguments)], "uint64"))


def test_a_range_of_complex_numbers(backend: str) -> None:
    with pytest.raises(errors.DTypeError, match=r"^arange: got 1j; expected real numbers"):
        unifw.arange(0, 1, 1j)  # type: ignore[arg-type]


def test_objects_with_the_buffer_protocol_keep_their_dtype(backend: str) -> None:
    for code in "bBhHiIlLqQfd":
        assert_same(unifw.asarray(array(code, [1, 2])), np.asarray(array(code, [1, 2])))
    for x in (memoryview(b"ab"), bytearray(b"ab")):
        assert_same(unifw.asarray(x), np.asarray([97, 98], "uint8"))
    rows = np.asarray([[1.5, 2.5]])
    assert_same(unifw.asarray(memoryview(rows)), rows)
    assert_same(unifw.asarray(array("d", [1.5]), dtype="int8"), np.asarray([1], "int8"))
    with pytest.raises(errors.OperandError, match=r"^asarray: got bytes"):
        unifw.asarray(b"ab")
