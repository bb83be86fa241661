"""The commonest functions in one step, for eager tensors that need nothing done to them first; see `QuickOps`.

The types of the native tensors are looked at, since TensorFlow would take those of others too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf
from tensorflow.python import pywrap_tfe
from tensorflow.python.eager import context
from tensorflow.python.framework.ops import EagerTensor

from unifw.backends.tensorflow import statistical
from unifw.backends.tensorflow.creation import full as _full
from unifw.backends.tensorflow.native import (
    TF,
    UNIFW,
    cast,
    eager,
    kept_integer,
    kept_integers,
    no_tape,
    settings,
    thread,
)
from unifw.backends.tensorflow.tensor import TensorFlowTensor
from unifw.dtypes import DType
from unifw.tensor import Tensor

_new = object.__new__  # and an assignment: less than a call of the class, which calls its `__init__`
_context = context.context()
_execute = pywrap_tfe.TFE_Py_FastPathExecute  # called as it is: less than `eager`, whose arguments are put together


def _operator(name: str, operation: str) -> Callable[[Tensor, Any], Tensor]:
    plain = getattr(Tensor, name)

    def apply(self: Tensor, other: Any, /) -> Tensor:
        kind = type(other)
        try:
            if kind is TensorFlowTensor:
                if thread.is_eager:
                    result = _new(TensorFlowTensor)
                    result.native = _execute(_context, operation, None, self.native, other.native)
                    return result
            elif thread.is_eager:
                x = self.native
                if (kind is float and other) or (kind is int and (0 < other < 128 or _takes(x, other))):
                    return TensorFlowTensor(_execute(_context, operation, None, x, other))
        except Exception:
            pass
        found: Tensor = plain(self, other)
        return found

    return apply


def _takes(x: tf.Tensor, number: int) -> bool:
    """Whether TensorFlow's conversion is right: other integers wrap, or leave an error behind that ends the process.

    Not 0, for which it keeps one tensor, of -0.0 too.
    """
    low, high = _LIMITS[x._datatype_enum()]
    return low <= number <= high and number != 0


_LIMITS = {
    native.as_datatype_enum: (native.min, native.max) if native.is_integer else (-(2**53), 2**53)
    for native in UNIFW
    if native is not tf.bool
}


def _negative(self: Tensor) -> Tensor:
    try:
        if thread.is_eager:
            result = _new(TensorFlowTensor)
            result.native = _execute(_context, "Neg", None, self.native)
            return result
    except Exception:
        pass
    return Tensor.__neg__(self)


OPERATORS: dict[str, Callable[..., Tensor]] = {
    "__add__": _operator("__add__", "AddV2"),
    "__sub__": _operator("__sub__", "Sub"),
    "__mul__": _operator("__mul__", "Mul"),
    "__lt__": _operator("__lt__", "Less"),
    "__le__": _operator("__le__", "LessEqual"),
    "__gt__": _operator("__gt__", "Greater"),
    "__ge__": _operator("__ge__", "GreaterEqual"),
    "__neg__": _negative,
}


class _LongWay(Exception):  # noqa: N818  # it is no error
    """What follows is not for here."""


def _extreme(operation: str) -> Callable[[Tensor, Tensor], Tensor]:
    def apply(x1: Tensor, x2: Tensor, /) -> Tensor:
        x, y = x1.native, x2.native
        if type(x) is type(y) is EagerTensor and thread.is_eager and no_tape():  # its gradient is another at a tie
            result = _new(TensorFlowTensor)
            result.native = _execute(_context, operation, None, x, y)
            return result
        raise _LongWay

    return apply


maximum, minimum = _extreme("Maximum"), _extreme("Minimum")
_product = eager("MatMul")
_OF_PRODUCT = settings("MatMul")


def where(condition: Tensor, x1: Tensor, x2: Tensor) -> Tensor:
    c, x, y = condition.native, x1.native, x2.native
    if type(c) is type(x) is type(y) is EagerTensor and thread.is_eager:
        sizes = x._shape_tuple()
        same = sizes == c._shape_tuple() and sizes == y._shape_tuple()
        result = _new(TensorFlowTensor)  # the kernel that does not broadcast takes less time, and half of it for many
        result.native = _execute(_context, "Select" if same else "SelectV2", None, c, x, y)
        return result
    raise _LongWay


def matmul(x1: Tensor, x2: Tensor) -> Tensor:
    x, y = x1.native, x2.native
    if type(x) is type(y) is EagerTensor and thread.is_eager:
        return TensorFlowTensor(_product(x, y, *_OF_PRODUCT))
    raise _LongWay


def _reduction(operation: str, general: Callable[[Any, Any, bool], Any]) -> Callable[[Tensor, Any, bool], Tensor]:
    quick = eager(operation)

    def apply(x: Tensor, axis: Any, keepdims: bool, /) -> Tensor:
        native = x.native
        if type(axis) is int and thread.is_eager and native.dtype is tf.float32:
            return TensorFlowTensor(quick(native, kept_integers(axis), "keep_dims", keepdims))
        if axis is None or type(axis) is int:
            return TensorFlowTensor(general(native, axis, keepdims))
        raise _LongWay

    return apply


sum, mean = _reduction("Sum", statistical.sum), _reduction("Mean", statistical.mean)


def _greatest(general: Callable[[Any, Any, bool], Any]) -> Callable[[Tensor, Any, bool], Tensor]:
    def apply(x: Tensor, axis: Any, keepdims: bool, /) -> Tensor:
        if axis is None or type(axis) is int:
            return TensorFlowTensor(general(x.native, axis, keepdims))
        raise _LongWay

    return apply


max, min = _greatest(statistical.max), _greatest(statistical.min)


def concat(arrays: Sequence[Tensor], axis: int) -> Tensor:
    if len(arrays) != 2:
        natives = [x.native for x in arrays]
        if thread.is_eager and _ONLY_EAGER.issuperset(map(type, natives)):
            return TensorFlowTensor(_join(natives, kept_integer(axis)))
    else:  # the commonest number, without a loop
        first, second = arrays
        x, y = first.native, second.native
        if type(x) is type(y) is EagerTensor and thread.is_eager:
            result = _new(TensorFlowTensor)
            result.native = _execute(_context, "ConcatV2", None, [x, y], kept_integer(axis))
            return result
    raise _LongWay


_join = eager("ConcatV2")
_ONLY_EAGER = frozenset({EagerTensor})


def astype(x: Tensor, dtype: DType, copy: bool) -> Tensor:
    native = x.native
    if native.dtype.is_complex:  # what it becomes is to be looked at
        raise _LongWay
    result = cast(native, TF[dtype])
    return x if result is native and not copy else TensorFlowTensor(result)


def full(shape: tuple[int, ...], value: float, dtype: DType) -> Tensor:
    return TensorFlowTensor(_full(shape, value, dtype, None))
