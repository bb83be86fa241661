"""Making native tensors of what users pass: Tensors of any backend, NumPy arrays, numbers in lists, native tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from unifw.dtypes import DType, as_dtype, default_dtype
from unifw.errors import OperandError, ShapeError, describe
from unifw.registry import backend_of_native
from unifw.spec import Backend, Native
from unifw.tensor import Tensor

TensorLike = Any
"""What unifw makes a Tensor of: a Tensor, a NumPy array, Python numbers in lists, a native tensor."""


def to_native(x: TensorLike, backend: Backend, dtype: DType | None = None, device: str | None = None) -> Native:
    """A native tensor of `backend` with the values of `x`, in memory of its own."""
    if isinstance(x, Tensor):
        if x.backend is not backend:  # by copy: the caller may go on to change what it gave us
            return backend.array.from_numpy(x.numpy(), dtype or x.dtype, device, True)
        native = x.ops.copy(x.native) if dtype is None or dtype is x.dtype else x.ops.astype(x.native, dtype)
        return native if device is None else backend.devices.move(native, device)
    owner = backend_of_native(x)
    if owner is not None:
        return to_native(owner.Tensor(x), backend, dtype, device)
    return _from_python(x, backend, dtype, device)


def _from_python(x: Any, backend: Backend, dtype: DType | None, device: str | None) -> Native:
    if isinstance(x, (list, tuple)):
        x = _without_tensors(x)
    try:
        values = np.asarray(x)
    except ValueError as error:
        raise ShapeError(f"asarray: got nested lists of uneven lengths ({error}); expected a full rectangle.") from None
    if values.dtype.kind not in "biufc" and values.dtype.name != "bfloat16":
        raise OperandError(
            f"asarray: got {describe(x)}; expected numbers, nested lists of them, a NumPy array or a native tensor."
        )
    if dtype is None:
        dtype = as_dtype(values.dtype) if isinstance(x, (np.ndarray, np.generic)) else default_dtype(values)
    return backend.array.from_numpy(values, dtype, device, True)


def _without_tensors(x: Any) -> Any:
    """Nested lists with each Tensor in them replaced by its NumPy value."""
    if isinstance(x, (list, tuple)):
        return [_without_tensors(item) for item in x]
    return x.numpy() if isinstance(x, Tensor) else x
