"""Elementwise functions in every dtype: all integers, complex numbers, half precision; clip with tensors; slopes."""

from __future__ import annotations

import operator
from itertools import product
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unifw
from unifw.errors import DTypeError, MixedBackendError, OperandError, ShapeError

from .conftest import BACKENDS
from .oracle import assert_same
from .strategies import quick

SIGNED = ("int8", "int16", "int32", "int64")
UNSIGNED = ("uint8", "uint16", "uint32", "uint64")
COMPLEX = ("complex64", "complex128")
SHAPES = hnp.mutually_broadcastable_shapes(num_shapes=2, min_dims=0, max_dims=2, min_side=0, max_side=3)


@pytest.fixture(params=[name for name in BACKENDS if name != "toy"])
def framework(request: pytest.FixtureRequest) -> Any:
    """A backend that has bfloat16, which NumPy lacks."""
    with unifw.using_backend(request.param):
        yield request.param


def whole(dtype: str, low: int | None = None, high: int | None = None) -> st.SearchStrategy[int]:
    """Integers of the whole range of `dtype`, small ones and its ends often."""
    info = np.iinfo(dtype)
    low, high = max(int(info.min), -(2**64) if low is None else low), int(info.max) if high is None else high
    return st.integers(low, high) | st.integers(max(low, -9), min(high, 9)) | st.sampled_from([low, high])


# ---- integers

OF_INTEGER = ["abs", "bitwise_invert", "ceil", "conj", "floor", "isfinite", "isinf", "isnan", "logical_not"]
OF_INTEGER += ["negative", "positive", "real", "round", "sign", "square", "trunc"]
OF_INTEGERS = ["add", "bitwise_and", "bitwise_or", "bitwise_xor", "equal", "greater", "greater_equal", "less"]
OF_INTEGERS += ["less_equal", "logical_and", "logical_or", "logical_xor", "maximum", "minimum", "multiply"]
OF_INTEGERS += ["not_equal", "subtract"]
ROUNDING = ("ceil", "floor", "round", "trunc")


@pytest.mark.parametrize("dtype", SIGNED + UNSIGNED)
@quick
@given(data=st.data())
def test_integers(backend: str, dtype: str, data: st.DataObject) -> None:
    x = data.draw(hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=2), elements=whole(dtype)))
    for name in OF_INTEGER:
        got = getattr(unifw, name)(unifw.asarray(x))
        assert_same(got, x if name in ROUNDING else getattr(np, name)(x))


@pytest.mark.parametrize("dtype", SIGNED + UNSIGNED)
@quick
@given(data=st.data())
def test_pairs_of_integers(backend: str, dtype: str, data: st.DataObject) -> None:
    x1, x2 = (data.draw(hnp.arrays(dtype, s, elements=whole(dtype))) for s in data.draw(SHAPES).input_shapes)
    for name in OF_INTEGERS:
        assert_same(getattr(unifw, name)(unifw.asarray(x1), unifw.asarray(x2)), getattr(np, name)(x1, x2))


@pytest.mark.parametrize("dtype", SIGNED + UNSIGNED)
@quick
@given(data=st.data())
def test_division_of_integers(backend: str, dtype: str, data: st.DataObject) -> None:
    above_least = int(np.iinfo(dtype).min) + (dtype in SIGNED)  # the least number by -1 overflows
    shapes = data.draw(SHAPES).input_shapes
    x1 = data.draw(hnp.arrays(dtype, shapes[0], elements=whole(dtype, above_least)))
    x2 = data.draw(hnp.arrays(dtype, shapes[1], elements=whole(dtype).filter(bool)))
    tensor1, tensor2 = unifw.asarray(x1), unifw.asarray(x2)
    assert_same(tensor1 // tensor2, x1 // x2)
    assert_same(tensor1 % tensor2, x1 % x2)


@pytest.mark.parametrize("dtype", SIGNED + UNSIGNED)
@quick
@given(data=st.data())
def test_shifts_and_powers(backend: str, dtype: str, data: st.DataObject) -> None:
    shapes, bits = data.draw(SHAPES).input_shapes, 8 * np.dtype(dtype).itemsize
    x = data.draw(hnp.arrays(dtype, shapes[0], elements=whole(dtype)))
    by = data.draw(hnp.arrays(dtype, shapes[1], elements=st.integers(0, bits + 3)))
    exponents = data.draw(hnp.arrays(dtype, shapes[1], elements=st.integers(0, 9)))
    tensor = unifw.asarray(x)
    assert_same(unifw.bitwise_left_shift(tensor, unifw.asarray(by)), np.bitwise_left_shift(x, by))
    assert_same(unifw.bitwise_right_shift(tensor, unifw.asarray(by)), np.bitwise_right_shift(x, by))
    assert_same(tensor ** unifw.asarray(exponents), x**exponents)


@pytest.mark.parametrize("dtype", SIGNED + UNSIGNED)
def test_integers_with_python_scalars(backend: str, dtype: str) -> None:
    x = np.asarray([1, 7, 100], dtype)
    names = ("add", "sub", "mul", "floordiv", "mod", "and_", "or_", "xor", "lshift", "rshift", "lt", "le", "gt", "ge")
    for name in (*names, "eq", "ne"):
        function = getattr(operator, name)
        assert_same(function(unifw.asarray(x), 3), function(x, np.asarray(3, dtype)))
        assert_same(function(3, unifw.asarray(x)), function(np.asarray(3, dtype), x))
    assert_same(unifw.asarray(x) + 1.5, x.astype("float32") + np.float32(1.5))
    assert_same(unifw.asarray(x) > 1.5, x > 1.5)
    assert_same(unifw.maximum(unifw.asarray(x), 5), np.maximum(x, np.asarray(5, dtype)))


def test_shift_operators_in_place(backend: str) -> None:
    x = unifw.asarray([1, -20])
    kept = x
    x <<= 3
    assert kept is x
    assert x.tolist() == [8, -160]
    x >>= unifw.asarray([1, 2])
    assert x.tolist() == [4, -40]


@pytest.mark.parametrize("dtype", [*SIGNED, *UNSIGNED, "bool"])
def test_floating_functions_of_two_integers_are_float32(backend: str, dtype: str) -> None:
    x, one = np.asarray([0, 1, 1], dtype), np.float32(1)
    for name in ("atan2", "copysign", "hypot", "logaddexp", "nextafter"):
        want = getattr(np, name)(x.astype("float32"), one)
        assert_same(getattr(unifw, name)(unifw.asarray(x), unifw.asarray(np.ones(3, dtype))), want, ulps=2)
        assert_same(getattr(unifw, name)(unifw.asarray(x), 1), want, ulps=2)
        assert_same(getattr(unifw, name)(unifw.asarray(x), 1.0), want, ulps=2)


@pytest.mark.parametrize("dtype", SIGNED + UNSIGNED)
def test_where_and_clip_of_integers(backend: str, dtype: str) -> None:
    most = np.iinfo(dtype).max
    x, low, high = np.asarray([0, 5, most], dtype), np.asarray([[1], [9]], dtype), np.asarray(most - 1, dtype)
    condition = np.asarray([True, False, True])
    assert_same(
        unifw.where(unifw.asarray(condition), unifw.asarray(x), 7), np.where(condition, x, np.asarray(7, dtype))
    )
    assert_same(unifw.clip(unifw.asarray(x), unifw.asarray(low), unifw.asarray(high)), np.clip(x, low, high))
    assert_same(unifw.clip(unifw.asarray(x), 3, unifw.asarray(high)), np.clip(x, np.asarray(3, dtype), high))
    assert_same(unifw.clip(unifw.asarray(x), 3, 90), np.clip(x, np.asarray(3, dtype), np.asarray(90, dtype)))


def test_unsigned_integers_beyond_the_signed_ones(backend: str) -> None:
    most = 2**64 - 1
    assert unifw.asarray(np.uint64([most, 0])).tolist() == [most, 0]
    assert unifw.asarray(most).item() == most  # NumPy makes it a C unsigned long long
    assert (unifw.asarray(np.uint64([2**63, 5])) - 2**63 + most).tolist() == [most, 2**64 - 2**63 + 4]


# ---- clip


FRACTIONS = st.floats(-9, 9, width=32, allow_subnormal=False) | st.just(np.nan)


@quick
@given(data=st.data())
def test_clip_with_tensors(backend: str, data: st.DataObject) -> None:
    shapes = data.draw(hnp.mutually_broadcastable_shapes(num_shapes=3, min_dims=0, max_dims=2, max_side=3)).input_shapes
    x, low, high = (data.draw(hnp.arrays("float32", shape, elements=FRACTIONS)) for shape in shapes)
    tensor, least, most = map(unifw.asarray, (x, low, high))
    assert_same(unifw.clip(tensor, least, most), np.clip(x, low, high), signed_zeros=False)
    assert_same(unifw.clip(tensor, max=most), np.clip(x, None, high), signed_zeros=False)
    assert_same(unifw.clip(tensor, min=least), np.clip(x, low, None), signed_zeros=False)


def test_clip_keeps_the_dtype_of_its_kind(backend: str) -> None:
    x = unifw.asarray([1.0, 5.0])
    assert unifw.clip(x, max=unifw.asarray(2.5, dtype=unifw.float64)).dtype is unifw.float32
    assert unifw.clip(x, unifw.asarray(2)).dtype is unifw.float32
    assert_same(unifw.clip(unifw.asarray([1, 5], dtype=unifw.int8), unifw.asarray(3)), np.int8([3, 5]))
    assert_same(unifw.clip(unifw.asarray([1, 5]), 1.5, 4.5), np.float32([1.5, 4.5]))


def test_clip_refuses_what_does_not_fit(backend: str) -> None:
    x = unifw.zeros(3)
    with pytest.raises(ShapeError, match=r"clip: got shapes \(3,\) and \(2,\)"):
        unifw.clip(x, unifw.zeros(2))
    with pytest.raises(OperandError, match="clip: got str 'a'; expected a unifw Tensor"):
        unifw.clip(x, "a")  # type: ignore[arg-type]
    other = next(name for name in unifw.backends() if name != backend and name in (*BACKENDS, "toy"))
    with pytest.raises(MixedBackendError, match="clip: got tensors of the backends"):
        unifw.clip(x, x.to_backend(other))


# ---- complex numbers

PARTS = st.floats(-3, 3, width=32, allow_subnormal=False).filter(lambda x: abs(x) > 0.01)  # off the branch cuts
NUMBERS = st.builds(complex, PARTS, PARTS)
EXACT = ["conj", "imag", "isfinite", "isinf", "isnan", "negative", "positive", "real", "round"]
CLOSE = ["abs", "acos", "acosh", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp", "expm1", "log", "log10"]
CLOSE += ["log1p", "log2", "reciprocal", "sign", "sin", "sinh", "sqrt", "square", "tan", "tanh"]


def assert_near(got: unifw.Tensor, want: Any, tolerance: float) -> None:
    """The same dtype and shape, and an error of `tolerance` roundings of the size of the number."""
    want = np.asarray(want)
    assert got.dtype is unifw.dtypes.as_dtype(want.dtype)
    eps = np.finfo(want.dtype).eps
    np.testing.assert_allclose(got.numpy(), want, rtol=tolerance * eps, atol=tolerance * float(np.finfo("f4").tiny))


@pytest.mark.parametrize("dtype", COMPLEX)
@quick
@given(data=st.data())
def test_complex_numbers(backend: str, dtype: str, data: st.DataObject) -> None:
    x = data.draw(hnp.arrays(dtype, hnp.array_shapes(min_dims=0, max_dims=2), elements=NUMBERS))
    for name in EXACT:
        assert_same(getattr(unifw, name)(unifw.asarray(x)), getattr(np, name)(x))
    for name in CLOSE:
        wide = getattr(np, name)(x.astype(np.clongdouble))
        want = wide.astype(np.dtype(dtype).type(0).real.dtype if wide.dtype.kind == "f" else dtype)
        assert_near(getattr(unifw, name)(unifw.asarray(x)), want, 16)


@pytest.mark.parametrize("dtype", COMPLEX)
@quick
@given(data=st.data())
def test_pairs_of_complex_numbers(backend: str, dtype: str, data: st.DataObject) -> None:
    x1, x2 = (data.draw(hnp.arrays(dtype, s, elements=NUMBERS)) for s in data.draw(SHAPES).input_shapes)
    tensor1, tensor2 = unifw.asarray(x1), unifw.asarray(x2)
    for name in ("add", "subtract", "equal", "not_equal"):
        assert_same(getattr(unifw, name)(tensor1, tensor2), getattr(np, name)(x1, x2))
    for name in ("multiply", "divide", "pow"):
        want = getattr(np, name)(x1.astype(np.clongdouble), x2.astype(np.clongdouble)).astype(dtype)
        assert_near(getattr(unifw, name)(tensor1, tensor2), want, 64)
    assert_same(unifw.where(tensor1 == tensor2, tensor1, tensor2), np.where(x1 == x2, x1, x2))


def test_complex_scalars_and_special_parts(backend: str) -> None:
    x = unifw.asarray([1.0, 2.0])
    assert_same(x + 1j, np.complex64([1 + 1j, 2 + 1j]))
    assert_same(2j * unifw.asarray([1, 2]), np.complex64([2j, 4j]))
    assert_same(x.to(unifw.float64) * 1j, np.complex128([1j, 2j]))
    special = np.complex64([complex(np.nan, 1), complex(1, np.inf), complex(-np.inf, np.nan), 1j])
    for name in ("isnan", "isinf", "isfinite"):
        assert_same(getattr(unifw, name)(unifw.asarray(special)), getattr(np, name)(special))
    assert_same(unifw.round(unifw.asarray([1.5 + 2.5j])), np.complex64([2 + 2j]))
    assert_same(unifw.sign(unifw.asarray([0j, 3j])), np.complex64([0, 1j]))


def test_complex_numbers_do_not_become_real_unnoticed(backend: str) -> None:
    x = unifw.asarray([1 + 2j])
    for cast in (lambda: unifw.astype(x, unifw.float32), lambda: x.to(unifw.int32)):
        with pytest.raises(DTypeError, match=r"astype: got unifw.complex64 for .*\. Write unifw.real\(x\)"):
            cast()
    assert_same(unifw.astype(x, unifw.bool), np.asarray([True]))
    assert_same(unifw.astype(x, unifw.complex128), np.complex128([1 + 2j]))


# ---- half precision

HALVES = {"float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
HALF = ["abs", "ceil", "floor", "negative", "positive", "round", "sign", "square", "trunc", "isnan", "signbit"]
HALF += ["acos", "asin", "asinh", "atan", "atanh", "cos", "cosh", "exp", "expm1", "sin", "sinh", "tan", "tanh"]
POSITIVE = ["log", "log10", "log1p", "log2", "sqrt", "reciprocal"]
PAIRS = ["add", "subtract", "multiply", "divide", "maximum", "minimum", "atan2", "copysign", "hypot", "logaddexp"]
PAIRS += ["equal", "less", "greater_equal", "floor_divide", "remainder"]


def assert_half(got: unifw.Tensor, want: Any, dtype: str, name: str) -> None:
    """Within one unit in the last place of the exact result, rounded to `dtype`."""
    if want.dtype.kind == "b":
        return assert_same(got, want)
    assert got.dtype is unifw.dtypes.as_dtype(dtype)
    rounded = want.astype(HALVES[dtype]).astype("float64")
    ulp = float(ml_dtypes.finfo(HALVES[dtype]).eps)
    np.testing.assert_allclose(got.numpy().astype("float64"), rounded, rtol=ulp, atol=1e-7, err_msg=name)
    return None


@pytest.mark.parametrize("dtype", HALVES)
def test_half_precision(framework: str, dtype: str) -> None:
    x = np.linspace(-0.96875, 0.96875, 32)  # which both dtypes hold exactly
    x1, x2 = np.repeat(x, 32), np.tile(x, 32)
    half = unifw.asarray(x, dtype=dtype)
    assert_same(half.to(unifw.float64), x)
    for name in HALF:
        assert_half(getattr(unifw, name)(half), getattr(np, name)(x), dtype, name)
    for name in POSITIVE:
        assert_half(getattr(unifw, name)(unifw.abs(half)), getattr(np, name)(np.abs(x)), dtype, name)
    assert_half(unifw.acosh(half + 1.96875), np.acosh(x + 1.96875), dtype, "acosh")
    for name in PAIRS:
        got = getattr(unifw, name)(unifw.asarray(x1, dtype=dtype), unifw.asarray(x2, dtype=dtype))
        assert_half(got, getattr(np, name)(x1, x2), dtype, name)
    assert_half(unifw.clip(half, unifw.asarray(-0.5, dtype=dtype), 0.25), np.clip(x, -0.5, 0.25), dtype, "clip")
    assert_half(unifw.where(half > 0, half, 2.0), np.where(x > 0, x, 2.0), dtype, "where")
    assert_half(unifw.abs(half) ** 2.0, x**2, dtype, "pow")


@pytest.mark.parametrize("dtype", HALVES)
def test_the_next_number_of_half_precision(framework: str, dtype: str) -> None:
    special = [0.0, -0.0, 1.0, -1.0, 2.0, 1.5, np.inf, -np.inf, np.nan, float(ml_dtypes.finfo(HALVES[dtype]).max)]
    x1, x2 = np.asarray(list(product(special, special))).T.astype(HALVES[dtype])
    got = unifw.nextafter(unifw.asarray(x1, dtype=dtype), unifw.asarray(x2, dtype=dtype))
    with np.errstate(over="ignore"):  # of the greatest number towards infinity
        want = np.where(x1 == x2, x2, np.nextafter(x1, x2)).astype("float32")
    values = got.numpy().astype("float32")
    np.testing.assert_array_equal(values, want)
    np.testing.assert_array_equal(np.signbit(values[want == 0]), np.signbit(want[want == 0]))


# ---- what the standard leaves out


REFUSED = {
    "bool": (["abs", "ceil", "floor", "negative", "round", "trunc"], ["floor_divide", "pow", "remainder", "subtract"]),
    "float32": (["bitwise_invert"], ["bitwise_and", "bitwise_left_shift", "bitwise_right_shift", "bitwise_xor"]),
    "complex64": (
        ["ceil", "floor", "signbit", "trunc"],
        ["atan2", "copysign", "floor_divide", "hypot", "less", "logaddexp", "maximum", "nextafter", "remainder"],
    ),
}
ADVICE = {"bool": "expected numbers", "float32": "expected integers", "complex64": "expected real numbers"}


@pytest.mark.parametrize("dtype", REFUSED)
def test_dtypes_without_a_meaning_are_refused(framework: str, dtype: str) -> None:
    x = unifw.ones(2, dtype=dtype)
    for count, names in enumerate(REFUSED[dtype], start=1):
        for name in names:
            with pytest.raises(DTypeError, match=rf"{name}: got .* dtype {dtype}; {ADVICE[dtype]}\. Write unifw"):
                getattr(unifw, name)(*[x] * count)


def test_arithmetic_of_booleans_is_logic(backend: str) -> None:
    x1, x2 = np.asarray([[True], [False]]), np.asarray([True, False])
    for name in ("add", "multiply", "less", "less_equal", "greater", "greater_equal", "maximum", "minimum"):
        assert_same(getattr(unifw, name)(unifw.asarray(x1), unifw.asarray(x2)), getattr(np, name)(x1, x2))


# ---- exact values and slopes


def test_logarithms_of_powers_are_exact(backend: str) -> None:
    for dtype, most in (("float32", 38), ("float64", 300)):
        twos, tens = 2.0 ** np.arange(-60, 60), np.asarray([float(f"1e{n}") for n in range(min(most, 23))])
        assert_same(unifw.log2(unifw.asarray(twos.astype(dtype))), np.arange(-60.0, 60).astype(dtype))
        if dtype == "float64":
            assert_same(unifw.log10(unifw.asarray(tens)), np.arange(23.0))


def test_no_overflow_on_the_way(backend: str) -> None:
    big = np.float64([1e300, 3e-300, np.inf, np.nan])
    other = np.float64([1e300, 4e-300, np.nan, -np.inf])
    assert_same(unifw.hypot(unifw.asarray(big), unifw.asarray(other)), np.hypot(big, other), ulps=2)
    x = np.float32([1000, -1000, np.inf, -np.inf, 3e38])
    assert_same(unifw.logaddexp(unifw.asarray(x), unifw.asarray(x)), np.logaddexp(x, x), ulps=2)


SLOPES = {
    "acos": lambda x: -1 / np.sqrt(1 - x * x),
    "asin": lambda x: 1 / np.sqrt(1 - x * x),
    "asinh": lambda x: 1 / np.sqrt(1 + x * x),
    "atan": lambda x: 1 / (1 + x * x),
    "atanh": lambda x: 1 / (1 - x * x),
    "cosh": np.sinh,
    "log10": lambda x: 1 / (x * np.log(10)),
    "log2": lambda x: 1 / (x * np.log(2)),
    "reciprocal": lambda x: -1 / (x * x),
    "sinh": np.cosh,
    "tan": lambda x: 1 / np.cos(x) ** 2,
    "trunc": lambda x: 0 * x,
}


@pytest.mark.parametrize("name", SLOPES)
def test_slopes(framework: str, name: str) -> None:
    x = np.float64([0.25, 0.5, 0.75])
    got = unifw.grad(lambda x: unifw.sum(getattr(unifw, name)(x)))(unifw.asarray(x))
    np.testing.assert_allclose(got.numpy(), SLOPES[name](x), rtol=1e-14)


PAIR_SLOPES = {
    "atan2": lambda x, y: (y / (x * x + y * y), -x / (x * x + y * y)),
    "copysign": lambda x, y: (np.sign(x) * np.sign(y), 0 * y),
    "hypot": lambda x, y: (x / np.hypot(x, y), y / np.hypot(x, y)),
    "logaddexp": lambda x, y: (1 / (1 + np.exp(y - x)), 1 / (1 + np.exp(x - y))),
}


@pytest.mark.parametrize("name", PAIR_SLOPES)
def test_slopes_of_pairs(framework: str, name: str) -> None:
    x, y = np.float64([[0.5], [-2.0], [3.0]]), np.float64([1.5, -0.25])
    got = unifw.grad(lambda xy: unifw.sum(getattr(unifw, name)(*xy)))((unifw.asarray(x), unifw.asarray(y)))
    slopes = [np.broadcast_to(slope, (3, 2)) for slope in PAIR_SLOPES[name](x, y)]
    np.testing.assert_allclose(got[0].numpy(), slopes[0].sum(axis=1, keepdims=True), rtol=1e-14)
    np.testing.assert_allclose(got[1].numpy(), slopes[1].sum(axis=0), rtol=1e-14, atol=1e-15)


def test_the_slope_of_clip_with_tensors(framework: str) -> None:
    x, low, high = (unifw.asarray(values) for values in ([-2.0, 0.5, 1.0, 9.0], [-1.0, -1.0, -1.0, -1.0], [1.0] * 4))
    got = unifw.grad(lambda xs: unifw.sum(unifw.clip(*xs)))((x, low, high))
    assert [g.tolist() for g in got] == [[0, 1, 1, 0], [1, 0, 0, 0], [0, 0, 0, 1]]
