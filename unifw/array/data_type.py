"""Data types: conversion, promotion and queries."""

from __future__ import annotations

from functools import reduce
from typing import Any

from unifw.devices import existing
from unifw.dtypes import DType, as_dtype, castable, promote, promote_scalar
from unifw.errors import ArgumentError, DTypeError
from unifw.operators import Scalar, not_a_tensor
from unifw.tensor import Tensor


def astype(x: Tensor, dtype: Any, /, *, copy: bool = True, device: str | None = None) -> Tensor:
    """The values in another dtype, on `device` if one is given; with `copy=False`, `x` itself where nothing changes.

    Raises DTypeError for complex numbers as real ones: write `unifw.real(x)`.

    >>> import unifw
    >>> unifw.astype(unifw.asarray([1.9, -1.9]), unifw.int32).tolist()
    [1, -1]
    """
    if device is None:
        try:
            return x.quick.astype(x, dtype, copy)  # type: ignore[no-any-return]
        except Exception:
            pass  # what follows says why, or does without
    if not isinstance(x, Tensor):
        raise not_a_tensor("astype", x)
    if device is not None:
        moved = x.backend.devices.move(x.native, existing(x.backend, device))
        x, copy = (x, copy) if moved is x.native else (x.wrap(moved), False)
    wanted, native = dtype if type(dtype) is DType else as_dtype(dtype), x.native
    own = x.ops.dtype(native)
    if wanted is own:
        return x.wrap(x.ops.copy(native)) if copy else x
    return x.wrap(x.ops.astype(native, castable(own, wanted)))


def can_cast(from_: Any, to: Any, /) -> bool:
    """Whether a dtype, or a Tensor's, becomes `to` by promotion, so that no value is lost but digits of integers.

    >>> import unifw
    >>> unifw.can_cast(unifw.int32, unifw.int64), unifw.can_cast(unifw.int64, unifw.int32)
    (True, False)
    """
    wanted = as_dtype(to)
    return promote(from_.dtype if isinstance(from_, Tensor) else as_dtype(from_), wanted) is wanted


def result_type(*arrays_and_dtypes: Any) -> DType:
    """The dtype of an operation on all of these tensors, dtypes and Python numbers, which adapt to the others.

    Raises ArgumentError unless there is a tensor or a dtype among them.

    >>> import unifw
    >>> unifw.result_type(unifw.int32, unifw.int64), unifw.result_type(unifw.float64, 1)
    (unifw.int64, unifw.float64)
    """
    numbers: list[Any] = [type(x) for x in arrays_and_dtypes if isinstance(x, Scalar)]
    others = [x for x in arrays_and_dtypes if not isinstance(x, Scalar)]
    if not others:
        raise ArgumentError(
            f"result_type: got {arrays_and_dtypes}; expected at least one tensor or dtype. Write unifw.asarray(x)."
        )
    found = reduce(promote, (x.dtype if isinstance(x, Tensor) else as_dtype(x) for x in others))
    return reduce(promote_scalar, numbers, found)


_KINDS = {
    "bool": ("bool",),
    "signed integer": ("signed integer",),
    "unsigned integer": ("unsigned integer",),
    "integral": ("signed integer", "unsigned integer"),
    "real floating": ("real floating",),
    "complex floating": ("complex floating",),
    "numeric": ("signed integer", "unsigned integer", "real floating", "complex floating"),
}


def isdtype(dtype: Any, kind: Any) -> bool:
    """Whether `dtype` is another dtype, of a kind ("bool", "integral", "real floating", ...), or one of a tuple.

    Raises DTypeError for an unknown kind.

    >>> import unifw
    >>> unifw.isdtype(unifw.float32, "real floating"), unifw.isdtype(unifw.float32, ("integral", unifw.float64))
    (True, False)
    """
    return is_of_kind("isdtype", dtype, kind)


def is_of_kind(name: str, dtype: Any, kind: Any) -> bool:
    """`isdtype` for the function `name`, which its errors name.

    >>> is_of_kind("dtypes", "float32", "integral")
    False
    """
    if isinstance(kind, tuple):
        return any(is_of_kind(name, dtype, one) for one in kind)
    if isinstance(kind, str) and kind in _KINDS:
        return as_dtype(dtype).kind in _KINDS[kind]
    if isinstance(kind, DType):
        return as_dtype(dtype) is kind
    raise DTypeError(f"{name}: got kind {kind!r}; expected a dtype or one of {', '.join(_KINDS)}.")
