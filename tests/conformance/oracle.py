"""What a result is compared with: NumPy arrays, and array_api_strict's promotion."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import array_api_strict
import numpy as np

import unifw

Array = np.ndarray[Any, Any]
EXTENDED = {"float32": np.float64, "float64": np.longdouble}


def assert_same(got: Any, want: Any, ulps: float = 0, signed_zeros: bool = True) -> None:
    """The same dtype, shape and values: floats within `ulps` units in the last place, or zeros of the same sign."""
    want = np.asarray(want)
    assert isinstance(got, unifw.Tensor)
    assert got.dtype is unifw.dtypes.as_dtype(want.dtype), f"dtype {got.dtype}, expected {want.dtype}"
    assert got.shape == want.shape
    values = got.numpy()
    assert values.dtype == want.dtype
    if ulps:
        _assert_close(values, want, ulps)
    else:
        np.testing.assert_array_equal(values, want)
        if want.dtype.kind == "f" and signed_zeros:
            zeros = want == 0
            np.testing.assert_array_equal(np.signbit(values[zeros]), np.signbit(want[zeros]), "signs of zeros")


def _assert_close(values: Array, want: Array, ulps: float) -> None:
    finite = np.isfinite(want)
    np.testing.assert_array_equal(values[~finite], want[~finite])
    got, expected = values[finite], want[finite]
    size = np.maximum(np.abs(expected), np.finfo(want.dtype).tiny)
    flushed = (got == 0) & (np.abs(expected) < np.finfo(want.dtype).tiny)  # as subnormal results may be
    error = np.where(flushed, 0, np.abs(got - expected)) / np.spacing(size)
    assert not error.size or error.max() <= ulps, f"{error.max():.1f} ulp: got {got}, expected {expected}"


def rounded(function: Callable[..., Any], *xs: Array) -> Array:
    """`function` in the next wider precision, rounded to the dtype of the first operand."""
    with np.errstate(all="ignore"):
        return np.asarray(function(*(x.astype(EXTENDED[x.dtype.name]) for x in xs))).astype(xs[0].dtype)


KINDS = {"b": 0, "i": 1, "f": 2}


def common_dtype(first: Any, second: Any) -> np.dtype[Any]:
    """The standard's promotion within a kind; the dtype of the higher of two kinds."""
    one, other = np.dtype(first), np.dtype(second)
    if one.kind == other.kind:
        names = (getattr(array_api_strict, dtype.name) for dtype in (one, other))
        return np.dtype(str(array_api_strict.result_type(*names)).rpartition(".")[2])
    return max(one, other, key=lambda dtype: KINDS[dtype.kind])


def scalar_dtype(dtype: Any, scalar: Any) -> np.dtype[Any]:
    """The dtype of a tensor with a Python scalar: the tensor's, or that of the scalar's kind where it is higher."""
    default = {bool: "bool", int: "int64", float: "float32"}[type(scalar)]
    return max(np.dtype(dtype), np.dtype(default), key=lambda dtype: KINDS[dtype.kind])  # the first one if equal
