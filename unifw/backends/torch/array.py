"""The array functions on `torch.Tensor`. A plain assignment means that torch conforms as it is."""

from __future__ import annotations

import math
import operator
from typing import Any

import numpy as np
import torch
from array_api_compat import torch as compat
from torch._subclasses.fake_tensor import FakeTensor

from unifw import dtypes
from unifw.backends.torch import devices
from unifw.backends.torch.indexing import getitem as getitem
from unifw.backends.torch.indexing import setitem as setitem
from unifw.backends.torch.indexing import take as take
from unifw.dtypes import DType, promote_scalar

_TORCH = {dtype: getattr(torch, dtype.name) for dtype in dtypes.ALL}
_UNIFW = {native: dtype for dtype, native in _TORCH.items()}

# ---- data


def is_traced(x: torch.Tensor) -> bool:
    return isinstance(x, FakeTensor) or torch.jit.is_tracing() or torch.compiler.is_compiling()


def is_size(x: Any) -> bool:
    return isinstance(x, torch.SymInt) or (isinstance(x, torch.Tensor) and torch.jit.is_tracing())


def from_numpy(x: np.ndarray[Any, Any], dtype: DType, device: str | None, copy: bool) -> torch.Tensor:
    if x.dtype.name == "bfloat16":  # ml_dtypes' type, which torch does not read
        x = x.astype(np.float32)
    if not copy and x.flags.writeable and x.dtype.isnative and x.flags.c_contiguous:
        tensor = torch.from_numpy(x).to(_TORCH[dtype])
    else:
        tensor = torch.from_numpy(np.array(x, order="C", dtype=x.dtype.newbyteorder("="))).to(_TORCH[dtype])
    return tensor if device is None else devices.move(tensor, device)


def to_numpy(x: torch.Tensor) -> np.ndarray[Any, Any]:
    x = x.detach().cpu()
    values: np.ndarray[Any, Any] = (x.float() if x.dtype is torch.bfloat16 else x.resolve_conj().resolve_neg()).numpy()
    return values.copy()


def dtype(x: torch.Tensor) -> DType:
    return _UNIFW[x.dtype]


def shape(x: torch.Tensor) -> tuple[Any, ...]:
    return tuple(x.shape)


def static_shape(x: torch.Tensor) -> tuple[int | None, ...]:
    state = torch._C._get_tracing_state()
    torch._C._set_tracing_state(None)  # while it records, TorchScript's tracer returns sizes as tensors
    sizes = tuple(size if isinstance(size, int) else None for size in x.shape)
    torch._C._set_tracing_state(state)
    return sizes


def astype(x: torch.Tensor, dtype: DType) -> torch.Tensor:
    return x.to(_TORCH[dtype])


copy = torch.clone

# ---- creation


def full(shape: tuple[Any, ...], value: Any, dtype: DType, device: str | None) -> torch.Tensor:
    if device is None:
        return torch.full(shape, value, dtype=_TORCH[dtype])
    return torch.full(shape, value, dtype=_TORCH[dtype], device=devices.native(device))


def arange(start: float, stop: float, step: float, dtype: DType, device: str | None) -> torch.Tensor:
    if (stop - start) / step <= 0:  # torch refuses an empty range that the standard allows
        return torch.empty(0, dtype=_TORCH[dtype], device=devices.native(device))
    return torch.arange(start, stop, step, dtype=_TORCH[dtype], device=devices.native(device))


# ---- manipulation

reshape = torch.reshape
permute_dims = torch.permute
expand_dims = torch.unsqueeze
squeeze = torch.squeeze
broadcast_to = torch.broadcast_to
stack = torch.stack
flip = torch.flip


def concat(xs: Any, axis: int) -> torch.Tensor:
    return torch.cat(xs, axis)


# ---- elementwise

add = operator.add
subtract = operator.sub
multiply = operator.mul
floor_divide = operator.floordiv
remainder = operator.mod
pow = operator.pow
matmul = torch.matmul
bitwise_and = operator.and_
bitwise_or = operator.or_
bitwise_xor = operator.xor
equal = operator.eq
not_equal = operator.ne
less = operator.lt
less_equal = operator.le
greater = operator.gt
greater_equal = operator.ge


def divide(x1: Any, x2: Any) -> torch.Tensor:
    if isinstance(x1, torch.Tensor):
        return torch.divide(x1, x2)
    return torch.divide(_like(x1, x2), x2)  # torch's own scalar / tensor multiplies by a rounded reciprocal


def _like(scalar: Any, x: torch.Tensor) -> torch.Tensor:
    """A Python scalar as a 0-d tensor of the dtype that it and `x` have in common."""
    kind: Any = type(scalar)
    common = _TORCH[promote_scalar(_UNIFW[x.dtype], kind)]
    return torch.scalar_tensor(scalar, dtype=common, device=x.device)


def _both(x1: Any, x2: Any) -> tuple[torch.Tensor, torch.Tensor]:
    if not isinstance(x1, torch.Tensor):
        x1 = _like(x1, x2)
    elif not isinstance(x2, torch.Tensor):
        x2 = _like(x2, x1)
    return x1, x2


def maximum(x1: Any, x2: Any) -> torch.Tensor:
    return torch.maximum(*_both(x1, x2))


def minimum(x1: Any, x2: Any) -> torch.Tensor:
    return torch.minimum(*_both(x1, x2))


def logical_and(x1: Any, x2: Any) -> torch.Tensor:
    return torch.logical_and(*_both(x1, x2))


def logical_or(x1: Any, x2: Any) -> torch.Tensor:
    return torch.logical_or(*_both(x1, x2))


def where(condition: torch.Tensor, x1: Any, x2: Any) -> torch.Tensor:
    return torch.where(condition, x1, x2)


def clip(x: torch.Tensor, minimum: float | None, maximum: float | None) -> torch.Tensor:
    return x.clone() if minimum is None and maximum is None else torch.clamp(x, minimum, maximum)


abs = torch.abs
bitwise_invert = torch.bitwise_not
ceil = compat.ceil
cos = torch.cos
exp = torch.exp
expm1 = torch.expm1
floor = compat.floor
isfinite = torch.isfinite
isinf = torch.isinf
isnan = torch.isnan
log = torch.log
log1p = torch.log1p
logical_not = torch.logical_not
negative = torch.negative
positive = torch.positive
round = compat.round
sin = torch.sin
sqrt = torch.sqrt
square = torch.square
tanh = torch.tanh


def sign(x: torch.Tensor) -> torch.Tensor:
    result = torch.sgn(x)
    return torch.where(torch.isnan(x), x, result) if x.is_floating_point() else result  # sign(NaN) is NaN


# ---- reductions


def sum(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    if x.is_floating_point():
        return torch.sum(x, axis, keepdims)
    return compat.sum(x, axis=axis, keepdims=keepdims)


def prod(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return compat.prod(x, axis=axis, keepdims=keepdims)


def mean(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return torch.mean(x if x.is_floating_point() else _floating(x), axis, keepdims)


def max(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return compat.max(x, axis=axis, keepdims=keepdims)


def min(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return compat.min(x, axis=axis, keepdims=keepdims)


def any(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return compat.any(x, axis=axis, keepdims=keepdims)


def all(x: torch.Tensor, axis: Any, keepdims: bool) -> torch.Tensor:
    return compat.all(x, axis=axis, keepdims=keepdims)


def var(x: torch.Tensor, axis: Any, keepdims: bool, correction: float) -> torch.Tensor:
    x = _floating(x)
    axes = range(x.ndim) if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if not x.numel() or math.prod(x.shape[i] for i in axes) <= correction:  # undefined, of which torch warns
        return torch.sum(x, axis, keepdims) * math.nan
    return torch.var(x, dim=axis, correction=correction, keepdim=keepdims)


def argmax(x: torch.Tensor, axis: int | None, keepdims: bool) -> torch.Tensor:
    return torch.argmax(x, dim=axis, keepdim=keepdims)


def argmin(x: torch.Tensor, axis: int | None, keepdims: bool) -> torch.Tensor:
    return torch.argmin(x, dim=axis, keepdim=keepdims)


def _floating(x: torch.Tensor) -> torch.Tensor:
    return x if x.is_floating_point() or x.is_complex() else x.to(torch.float32)


# ---- sorting, sets, Fourier transforms


def sort(x: torch.Tensor, axis: int, descending: bool) -> torch.Tensor:
    return torch.sort(x, dim=axis, descending=descending, stable=True).values


def argsort(x: torch.Tensor, axis: int, descending: bool) -> torch.Tensor:
    return torch.argsort(x, dim=axis, descending=descending, stable=True)


def unique_values(x: torch.Tensor) -> torch.Tensor:
    return torch.unique(x)


def fft(x: torch.Tensor) -> torch.Tensor:
    return torch.fft.fft(x)


def ifft(x: torch.Tensor) -> torch.Tensor:
    return torch.fft.ifft(x)
