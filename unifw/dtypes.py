"""The data types of the array API standard, plus float16 and bfloat16, free of any framework."""

from __future__ import annotations

from functools import cache
from math import copysign, inf
from typing import Any, Final, Literal

import numpy as np

from unifw.errors import DTypeError, NumberRangeError, OperandError, describe

Kind = Literal["bool", "signed integer", "unsigned integer", "real floating", "complex floating"]


class DType:
    """A data type: `name`, `kind` (as in the array API standard) and `itemsize` in bytes.

    >>> float32.kind, float32.itemsize
    ('real floating', 4)
    """

    __slots__ = ("itemsize", "kind", "name")

    def __init__(self, name: str, kind: Kind, itemsize: int) -> None:
        self.name = name
        self.kind: Kind = kind
        self.itemsize = itemsize

    def __repr__(self) -> str:
        return f"unifw.{self.name}"

    def __str__(self) -> str:
        return self.name

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return as_dtype, (self.name,)  # copies and pickles stay the one object that `is` compares

    def __copy__(self) -> DType:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> DType:
        return self


bool_: Final = DType("bool", "bool", 1)
int8: Final = DType("int8", "signed integer", 1)
int16: Final = DType("int16", "signed integer", 2)
int32: Final = DType("int32", "signed integer", 4)
int64: Final = DType("int64", "signed integer", 8)
uint8: Final = DType("uint8", "unsigned integer", 1)
uint16: Final = DType("uint16", "unsigned integer", 2)
uint32: Final = DType("uint32", "unsigned integer", 4)
uint64: Final = DType("uint64", "unsigned integer", 8)
float16: Final = DType("float16", "real floating", 2)
bfloat16: Final = DType("bfloat16", "real floating", 2)
float32: Final = DType("float32", "real floating", 4)
float64: Final = DType("float64", "real floating", 8)
complex64: Final = DType("complex64", "complex floating", 8)
complex128: Final = DType("complex128", "complex floating", 16)

ALL: Final = (
    bool_, int8, int16, int32, int64, uint8, uint16, uint32, uint64,
    float16, bfloat16, float32, float64, complex64, complex128,
)  # fmt: skip
BY_NAME: Final = {dtype.name: dtype for dtype in ALL}
_PYTHON: Final[dict[type, DType]] = {bool: bool_, int: int64, float: float32, complex: complex64}
OF_NUMPY: Final = {np.dtype(dtype.name): dtype for dtype in ALL if dtype is not bfloat16}
"""The dtype of an array, where NumPy has it too and its bytes are in the machine's order."""


def as_dtype(dtype: Any) -> DType:
    """The `DType` for a DType, a name, a Python scalar type or a NumPy dtype.

    Raises DTypeError for anything else.

    >>> as_dtype("float32") is float32, as_dtype(int) is int64
    (True, True)
    """
    if isinstance(dtype, DType):
        return dtype
    if isinstance(dtype, str) and dtype in BY_NAME:
        return BY_NAME[dtype]
    try:
        return _PYTHON.get(dtype) or OF_NUMPY.get(dtype) or BY_NAME[np.dtype(dtype).name if dtype is not None else ""]
    except (TypeError, ValueError, KeyError):
        raise DTypeError(
            f"dtype: got {dtype!r}; expected one of {', '.join(BY_NAME)}. Write for example unifw.float32."
        ) from None


def numpy_dtype(dtype: DType) -> np.dtype[Any]:
    """The NumPy dtype that holds every value of `dtype` (float32 for bfloat16, which NumPy lacks).

    >>> numpy_dtype(bfloat16)
    dtype('float32')
    """
    return np.dtype("float32" if dtype is bfloat16 else dtype.name)


def default_dtype(values: np.ndarray[Any, Any]) -> DType:
    """The dtype of Python values: float32 for floats, int64 for integers, complex64 for complex numbers.

    >>> default_dtype(np.asarray([1.5]))
    unifw.float32
    """
    return {"f": float32, "i": int64, "u": uint64, "c": complex64, "b": bool_}.get(values.dtype.kind) or as_dtype(
        values.dtype
    )


def castable(source: DType, target: DType) -> DType:
    """`target`, once it is known to hold what `source` holds: a complex number has two parts. Raises DTypeError.

    >>> castable(int64, float32)
    unifw.float32
    """
    if source.kind == "complex floating" and target.kind not in (source.kind, "bool"):
        raise DTypeError(
            f"astype: got {source!r} for {target!r}; expected real numbers. Write unifw.real(x) or unifw.abs(x) first."
        )
    return target


@cache
def promote(first: DType, second: DType) -> DType:
    """The dtype of an operation on two dtypes: the array API standard's table, and torch's rule between kinds.

    An integer with a float gives the float; int64 with uint64, which has no common integer, gives float32.

    >>> promote(int32, int64), promote(int64, float32), promote(uint8, int8)
    (unifw.int64, unifw.float32, unifw.int16)
    """
    if first is second:
        return first
    low, high = sorted((first, second), key=lambda dtype: (_RANK[dtype.kind], dtype.itemsize))
    if low.kind == "bool" or (_RANK[low.kind] < _RANK["real floating"] <= _RANK[high.kind]):
        return high
    if low.kind == "real floating" and high.kind == "complex floating":
        return complex128 if low.itemsize == 8 else high
    if {low, high} == {float16, bfloat16}:
        return float32
    if _RANK[high.kind] < _RANK["real floating"] and low.kind != high.kind:
        name = np.result_type(low.name, high.name).name
        return float32 if name == "float64" else BY_NAME[name]
    return high


_RANK: Final = {"bool": 0, "unsigned integer": 1, "signed integer": 2, "real floating": 3, "complex floating": 4}


@cache
def promote_scalar(dtype: DType, scalar: type[bool | int | float | complex]) -> DType:
    """The dtype of an operation on a tensor of `dtype` and a Python scalar: the tensor's, unless its kind is too low.

    >>> promote_scalar(float64, int), promote_scalar(int32, float), promote_scalar(float64, complex)
    (unifw.float64, unifw.float32, unifw.complex128)
    """
    least = next(dtype for python, dtype in _PYTHON.items() if issubclass(scalar, python))
    if _RANK[least.kind] <= _RANK[dtype.kind] or {least.kind, dtype.kind} == {"signed integer", "unsigned integer"}:
        return dtype
    return complex128 if least is complex64 and dtype is float64 else least


_LIMITS: Final = {dtype: np.iinfo(dtype.name) for dtype in ALL if "integer" in dtype.kind}
_LARGEST: Final = {  # and the least that rounds to infinity; of 64 bits Python's own floats are
    float16: (65504.0, 65520.0),
    bfloat16: (2.0**128 - 2.0**120, 2.0**128 - 2.0**119),
    float32: (2.0**128 - 2.0**104, 2.0**128 - 2.0**103),
    complex64: (2.0**128 - 2.0**104, 2.0**128 - 2.0**103),
}


def fits(number: float, dtype: DType) -> bool:
    """Whether a Python number, less its fraction, is within the limits of an integer dtype; other dtypes have none.

    >>> fits(300, uint8), fits(-128, int8), fits(300, float16)
    (False, True, True)
    """
    limits = _LIMITS.get(dtype)
    return limits is None or limits.min - 1 < number < limits.max + 1


def held(name: str, number: Any, dtype: DType) -> Any:
    """A Python number as an operation in `dtype` takes it: what rounds to infinity is infinity, on each backend.

    Raises NumberRangeError for what an integer dtype does not hold, as NumPy does, and for integers beyond any float,
    DTypeError for a complex number where real ones are, and OperandError for what is no number.

    >>> held("full", 255, uint8), held("full", 1e39, float32), held("full", 2**70, float32)
    (255, inf, 1.1805916207174113e+21)
    """
    kind: Any = type(number)
    if (kind is int or kind is float) and 0 <= number < 128 and dtype is not bool_:  # in any other dtype
        return number
    if not issubclass(kind, (int, float, complex, np.generic)):
        raise OperandError(f"{name}: got {describe(number)}; expected a number. Write x.item() for a tensor's value.")
    if issubclass(kind, (complex, np.complexfloating)):
        if dtype.kind != "complex floating":
            raise DTypeError(f"{name}: got {number} for {dtype}; expected unifw.complex64 or unifw.complex128.")
        return complex(_rounded(number.real, dtype), _rounded(number.imag, dtype))
    if dtype is bool_:
        return bool(number)
    if kind is bool:
        return int(number)
    try:
        if fits(number, dtype):
            return number if dtype in _LIMITS else _rounded(number, dtype)
    except OverflowError:
        pass
    limits = _LIMITS.get(dtype)
    expected = f"{limits.min} to {limits.max}" if limits else "what a float can hold"
    raise NumberRangeError(
        f"{name}: got {number} for {dtype}; expected {expected}. Take a dtype that holds it, as unifw.astype(x, dtype)."
    )


def _rounded(number: float, dtype: DType) -> float:
    """A number of a floating dtype; only what is beyond its finite ones changes."""
    if -65504 <= number <= 65504:
        return number
    number = float(number)
    largest, infinite = _LARGEST.get(dtype, (inf, inf))
    if not largest < abs(number) < inf:
        return number
    return copysign(inf if abs(number) >= infinite else largest, number)
