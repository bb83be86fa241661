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
    kind = type(key)
    simple = kind is int or kind is slice
    if kind is tuple:
        for part in key:  # a loop costs less than `map`
            if type(part) not in _SIMPLE:
                break
        else:
            simple = True
    if simple:
        try:
            result = _new(TorchTensor)
            result.native = self.native[key]
            return result
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
        if axis is None or (type(axis) is int and (axis > 0 or native.ndim)):  # torch takes axis 0 and -1 of no axes
            result = _new(TorchTensor)
            if native.dtype not in _FLOATING:
                result.native = general(native, axis, keepdims)
            elif axis is None and keepdims is False:
                result.native = plain(native)  # torch reads the arguments of a call one by one
            else:
                result.native = plain(native, axis, keepdims)
            return result
        raise TypeError

    return apply


sum, mean = _reduction(Native.sum, statistical.sum), _reduction(Native.mean, statistical.mean)


def _greatest(general: Callable[[Any, Any, bool], Any]) -> Callable[[Tensor, Any, bool], Tensor]:
    def apply(x: Tensor, axis: Any, keepdims: bool, /) -> Tensor:
        native = x.native
        if axis is None or (type(axis) is int and (axis > 0 or native.ndim)):
            return TorchTensor(general(native, axis, keepdims))
        raise TypeError

    return apply


max, min = _greatest(statistical.max), _greatest(statistical.min)


def concat(arrays: Sequence[Tensor], axis: int) -> Tensor:
    """Of several dtypes too: torch promotes tensors with axes as the standard does, or fails."""
    if len(arrays) != 2:
        natives = [x.native for x in arrays]
        ndims = {x.ndim for x in natives}
        if len(ndims) == 1 and -(ndim := ndims.pop()) <= axis < ndim:
            return TorchTensor(_join(natives, axis))
    else:  # the commonest number, without a loop
        first, second = arrays
        x, y = first.native, second.native
        if x.ndim == y.ndim and (axis is _FIRST or -x.ndim <= axis < x.ndim):
            result = _new(TorchTensor)
            result.native = _join((x, y)) if axis is _FIRST else _join((x, y), axis)
            return result
    raise ValueError  # torch would leave out an empty tensor of another number of axes, or take any axis of such


_join = torch.cat
_FIRST = 0  # which torch need not read; compared by `is`, as False and 0.0 are no axes


def full(shape: tuple[int, ...], value: float, dtype: DType) -> Tensor:
    result = _new(TorchTensor)
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
