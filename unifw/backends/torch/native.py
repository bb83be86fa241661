"""What a `torch.Tensor` is: its dtype, shape and values, and how to make one of NumPy's."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch._functorch.pyfunctorch import temporarily_clear_interpreter_stack
from torch._subclasses.fake_tensor import FakeTensor

from unifw import dtypes
from unifw.backends.torch import capture, devices
from unifw.dtypes import DType
from unifw.errors import UnsupportedError

TORCH = {dtype: getattr(torch, dtype.name) for dtype in dtypes.ALL}
UNIFW = {native: dtype for dtype, native in TORCH.items()}


def is_traced(x: torch.Tensor) -> bool:
    if _is_wrapped(x) and _is_mapped(x):
        return True
    inside = capture.is_capturing() or torch.jit.is_tracing() or torch.compiler.is_compiling()
    return inside or isinstance(x, FakeTensor)


_is_wrapped, _unwrapped = torch._C._functorch.is_functorch_wrapped_tensor, torch._C._functorch.get_unwrapped


def _is_mapped(x: torch.Tensor) -> bool:
    """Whether an enclosing `vmap` maps over `x`, which then stands for many values."""
    while _is_wrapped(x):
        if torch._C._functorch.is_batchedtensor(x):
            return True
        x = _unwrapped(x)
    return False


def unwrapped(x: torch.Tensor) -> torch.Tensor:
    """The value itself, where a derivative that is being taken has it in wrappers; what `vmap` maps over has none."""
    if _is_mapped(x):
        raise UnsupportedError(
            "vmap: the function changes a parameter or buffer; expected one that only computes. "
            "Write model.eval() first, or return the new value."
        )
    while _is_wrapped(x):
        x = _unwrapped(x)
    return x


def is_recorded(x: torch.Tensor) -> bool:
    """Whether a derivative may be asked of `x`: its history is kept, or `torch.func` transforms what runs."""
    return x.requires_grad or torch._C._functorch.maybe_current_level() is not None


def is_size(x: Any) -> bool:
    return isinstance(x, torch.SymInt) or (isinstance(x, torch.Tensor) and torch.jit.is_tracing())


def from_numpy(x: np.ndarray[Any, Any], dtype: DType, device: str | None, copy: bool) -> torch.Tensor:
    if x.dtype.kind == "V":  # ml_dtypes' bfloat16, which torch does not read
        x = x.astype(np.float32)
    if x.dtype.char in "qQ" and x.dtype.isnative:  # C's long long, another name for 64 bits, which torch does not read
        x = x.view(x.dtype.name)
    if not x.dtype.isnative:
        x = x.astype(x.dtype.newbyteorder("="))
    if copy or not (x.flags.writeable and x.flags.c_contiguous):
        x = np.array(x, order="C")
    tensor = torch.from_numpy(x)
    if tensor.dtype is not TORCH[dtype]:
        tensor = tensor.to(TORCH[dtype])
    return tensor if device is None else devices.move(tensor, device)


def to_numpy(x: torch.Tensor) -> np.ndarray[Any, Any]:
    if _is_wrapped(x):  # by a derivative that is being taken
        with temporarily_clear_interpreter_stack():
            return to_numpy(_unwrapped(x))
    values: np.ndarray[Any, Any] = (x.float() if x.dtype is torch.bfloat16 else x).numpy(force=True)
    return values.copy()


def dtype(x: torch.Tensor) -> DType:
    return UNIFW[x.dtype]


def shape(x: torch.Tensor) -> tuple[Any, ...]:
    return tuple(x.shape)


def static_shape(x: torch.Tensor) -> tuple[int | None, ...]:
    state = torch._C._get_tracing_state()
    if state is None and type(x) is torch.Tensor:
        return tuple(x.shape)
    torch._C._set_tracing_state(None)  # while it records, TorchScript's tracer returns sizes as tensors
    sizes = tuple(size if isinstance(size, int) else None for size in x.shape)
    torch._C._set_tracing_state(state)
    return sizes


def lacks_half(x: torch.Tensor) -> bool:
    """Whether it has 16 bits and is on a CPU, where torch has no mean of volumes and no multi-margin loss for it."""
    return x.element_size() == 2 and x.device.type == "cpu"


def astype(x: torch.Tensor, dtype: DType) -> torch.Tensor:
    return x.to(TORCH[dtype])


copy = torch.clone
