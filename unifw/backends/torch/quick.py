"""The commonest functions in one step, where torch's own is the standard's; see `QuickOps`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from unifw.backends.torch import statistical
from unifw.backends.torch.native import TORCH, UNIFW
from unifw.backends.torch.tensor import TorchTensor
from unifw.dtypes import DType
from unifw.tensor import Tensor

_new = object.__new__  # and an assignment: less than a call of the class, which calls its `__init__`
Native = torch._C.TensorBase  # whose methods are what the operators of a `torch.Tensor` call in the end


def _operator(name: str, native: Callable[[Any, Any], Any]) -> Callable[[Tensor, Any], Tensor]:
    plain = getattr(Tensor, name)

    def apply(self: Tensor, other: Any, /) -> Tensor:
        kind, x = type(other), self.native
        try:
            if kind is TorchTensor:
                y = other.native
                if x.dtype is y.dtype:
                    result = _new(TorchTensor)
                    result.native = native(x, y)
                    return result
            elif kind is float or (kind is int and (-1 < other < 128 or _takes(x.dtype, other))):
                return TorchTensor(native(x, other))
        except Exception:
            pass
        found: Tensor = plain(self, other)
        return found

    return apply


def _takes(dtype: torch.dtype, number: int) -> bool:
    """Whether the dtype holds an integer, which torch would wrap into it."""
    low, high = _LIMITS[dtype]
    return low <= number <= high


_LIMITS = {
    native: (torch.iinfo(native).min, torch.iinfo(native).max) if "integer" in dtype.kind else (-(2**53), 2**53)
    for native, dtype in UNIFW.items()
    if native is not torch.bool
}


def _negative(self: Tensor) -> Tensor:
    try:
        return TorchTensor(_neg(self.native))
    except Exception:
        return Tensor.__neg__(self)


_neg = Native.neg
_SIMPLE = frozenset({int, slice, type(None)})


def _getitem(self: Tensor, key: Any, /) -> Tensor:
    try:
        kind = type(key)
        if kind is int or kind is slice or (kind is tuple and _SIMPLE.issuperset(map(type, key))):
            return TorchTensor(self.native[key])
    except Exception:
        pass
    return Tensor.__getitem__(self, key)


OPERATORS: dict[str, Callable[..., Tensor]] = {
    "__add__": _operator("__add__", Native.add),
    "__sub__": _operator("__sub__", Native.sub),
    "__mul__": _operator("__mul__", Native.mul),
    "__truediv__": _operator("__truediv__", Native.div),
    "__matmul__": _operator("__matmul__", Native.matmul),
    "__lt__": _operator("__lt__", Native.lt),
    "__le__": _operator("__le__", Native.le),
    "__gt__": _operator("__gt__", Native.gt),
    "__ge__": _operator("__ge__", Native.ge),
    "__eq__": _operator("__eq__", Native.eq),
    "__ne__": _operator("__ne__", Native.ne),
    "__neg__": _negative,
    "__getitem__": _getitem,
}


def _binary(native: Callable[[Any, Any], Any]) -> Callable[[Tensor, Tensor], Tensor]:
    def apply(x1: Tensor, x2: Tensor, /) -> Tensor:
        x, y = x1.native, x2.native
        if x.dtype is y.dtype:
            result = _new(TorchTensor)
            result.native = native(x, y)
            return result
        raise TypeError

    return apply


maximum, minimum, matmul = _binary(torch.maximum), _binary(torch.minimum), _binary(torch.matmul)


def where(condition: Tensor, x1: Tensor, x2: Tensor) -> Tensor:
    c, x, y = condition.native, x1.native, x2.native
    if x.dtype is y.dtype and c.dtype is torch.bool:
        result = _new(TorchTensor)
        result.native = torch.where(c, x, y)
        return result
    raise TypeError


_FLOATING = frozenset({torch.float16, torch.bfloat16, torch.float32, torch.float64})


def _reduction(plain: Callable[..., Any], general: Callable[..., Any]) -> Callable[[Tensor, Any, bool], Tensor]:
    """By torch's `plain` for floating numbers, and else by the backend's own function."""

    def apply(x: Tensor, axis: Any, keepdims: bool, /) -> Tensor:
        native = x.native
        if axis is None or (type(axis) is int and native.ndim):  # torch takes axis 0 of no axes
            result = _new(TorchTensor)
            result.native = (plain if native.dtype in _FLOATING else general)(native, axis, keepdims)
            return result
        raise TypeError

    return apply


sum, mean = _reduction(Native.sum, statistical.sum), _reduction(Native.mean, statistical.mean)
max, min = _reduction(statistical.max, statistical.max), _reduction(statistical.min, statistical.min)


def concat(arrays: Sequence[Tensor], axis: int) -> Tensor:
    """Of several dtypes too: torch promotes tensors with axes as the standard does, or fails."""
    natives, axes = [], 0
    for x in arrays:  # a loop costs less than comprehensions
        native = x.native
        natives.append(native)
        axes += native.ndim
    result = _new(TorchTensor)
    first = type(axis) is int and axis == 0  # which torch need not read
    result.native = joined = torch.cat(natives) if first else torch.cat(natives, axis)
    ndim = joined.ndim
    if axes != len(natives) * ndim or not (first or -ndim <= axis < ndim):
        raise ValueError  # torch left out an empty tensor that has another number of axes, or not this axis
    return result


def full(shape: tuple[int, ...], value: float, dtype: DType) -> Tensor:
    result = _new(TorchTensor)
    value = int(value) if value.__class__ is bool else value  # TorchScript takes no bool
    result.native = torch.full(shape, value, dtype=TORCH[dtype])
    return result


def astype(x: Tensor, dtype: DType, copy: bool) -> Tensor:
    native, wanted = x.native, TORCH[dtype]
    own = native.dtype
    if own is wanted:
        return TorchTensor(native.clone()) if copy else x
    if own.is_complex:  # what it becomes is to be looked at
        raise TypeError
    result = _new(TorchTensor)
    result.native = native.to(wanted)
    return result
