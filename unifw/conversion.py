"""Making native tensors of what users pass: Tensors of any backend, NumPy arrays, numbers in lists, native tensors."""

from __future__ import annotations

from typing import Any

import numpy as np

from unifw.devices import existing, placed
from unifw.dtypes import (
    OF_NUMPY,
    DType,
    as_dtype,
    bool_,
    castable,
    complex64,
    default_dtype,
    float32,
    held,
    int64,
    promote,
    promote_scalar,
    uint64,
)
from unifw.errors import OperandError, ShapeError, describe
from unifw.registry import backend_of_native
from unifw.spec import Backend, Native, Numpy
from unifw.tensor import Tensor

TensorLike = Any
"""What unifw makes a Tensor of: a Tensor, a NumPy array, Python numbers in lists, a native tensor."""


def to_native(x: TensorLike, backend: Backend, dtype: DType | None = None, device: str | None = None) -> Native:
    """A native tensor of `backend` with the values of `x`, in memory of its own."""
    if type(x) is np.ndarray and dtype is None:
        own = OF_NUMPY.get(x.dtype)
        if own is not None and x.dtype.char not in "qQ":  # the usual case, without a conversion
            return backend.array.from_numpy(x, own, placed(backend, device), True)
    if isinstance(x, Tensor):
        if dtype is not None:
            castable(x.dtype, dtype)
        if x.backend is not backend:  # by copy: the caller may go on to change what it gave us
            return backend.array.from_numpy(x.numpy(), dtype or x.dtype, placed(backend, device), True)
        native = x.ops.copy(x.native) if dtype is None or dtype is x.dtype else x.ops.astype(x.native, dtype)
        return native if device is None else backend.devices.move(native, existing(backend, device))
    owner = backend_of_native(x)
    if owner is not None:
        return to_native(owner.Tensor(x), backend, dtype, device)
    return _from_python(x, backend, dtype, device)


def _from_python(x: Any, backend: Backend, dtype: DType | None, device: str | None) -> Native:
    if isinstance(x, (list, tuple)) and _tensors_in(x):
        return _stacked(x, backend, dtype or _common_dtype(x), device)
    try:
        values = np.asarray(x)
    except ValueError as error:
        raise ShapeError(f"asarray: got nested lists of uneven lengths ({error}); expected a full rectangle.") from None
    says = _has_dtype(x)
    if (dtype is not None or values.dtype.char in "dO") and not says:
        values = _numbers(x, values, dtype)
    if values.dtype.kind not in "biufc" and values.dtype.name != "bfloat16":
        raise OperandError(
            f"asarray: got {describe(x)}; expected numbers, nested lists of them, a NumPy array or a native tensor."
        )
    if values.dtype.char == "Q" and values.dtype.isnative:  # NumPy's other name for uint64, which frameworks refuse
        values = values.view(np.uint64)
    if dtype is None:
        dtype = as_dtype(values.dtype) if says else default_dtype(values)
    if values.dtype.kind == "c":
        castable(complex64, dtype)
    with np.errstate(all="ignore"):  # a value that the dtype cannot hold is inf, as in any conversion
        return backend.array.from_numpy(values, dtype, placed(backend, device), True)


def _has_dtype(x: Any) -> bool:
    """Whether it says what its numbers are: an array of NumPy's, or what has the buffer protocol."""
    if isinstance(x, (list, tuple, int, float, complex)) and not isinstance(x, np.generic):
        return False
    try:
        return isinstance(x, (np.ndarray, np.generic)) or memoryview(x) is not None
    except TypeError:
        return False


def _numbers(x: Any, values: Numpy, dtype: DType | None) -> Numpy:
    """Python numbers that the dtype holds, of what NumPy made of them."""
    mixed = values.dtype.char == "d" and isinstance(_first(x), int) and values.max() >= 2**63
    if values.size and (mixed or values.dtype.char == "O"):
        values, dtype = _huge(np.asarray(x, object), values, dtype)
    if dtype is not None and values.size and (values.dtype.char == "O" or "integer" in dtype.kind):
        for extreme in (values.min(), values.max()) if values.dtype.kind in "iufO" else ():
            held("asarray", extreme, dtype)
    if values.dtype.char != "O" or dtype is None:
        return values
    return values.astype(dtype.name if "integer" in dtype.kind else np.float64)


def _first(x: Any) -> Any:
    """The first of the numbers in nested lists."""
    while isinstance(x, (list, tuple)) and x:
        x = x[0]
    return x


def _huge(whole: Numpy, values: Numpy, dtype: DType | None) -> tuple[Numpy, DType | None]:
    """Integers as they are, which NumPy makes floats, or leaves as objects, where no dtype of its own holds all."""
    if all(isinstance(number, int) for number in whole.flat):
        return whole, dtype or (uint64 if whole.min() >= 0 and whole.max() < 2**64 else int64)
    if values.dtype.char == "O" and all(isinstance(number, (int, float)) for number in whole.flat):
        return whole, dtype or float32
    return values, dtype if values.dtype.char != "O" else None


def _tensors_in(x: Any) -> list[Tensor]:
    """The Tensors in nested lists."""
    if isinstance(x, (list, tuple)):
        return [tensor for item in x for tensor in _tensors_in(item)]
    return [x] if isinstance(x, Tensor) else []


def _common_dtype(x: Any) -> DType:
    """The dtype of nested lists with Tensors and arrays in them, to which Python numbers adapt."""
    found, numbers = bool_, []
    for item in _leaves(x):
        if isinstance(item, (Tensor, np.ndarray, np.generic)):
            found = promote(found, as_dtype(item.dtype))
        else:
            numbers.append(item)
    for number in numbers:
        found = promote_scalar(found, _kind(number))
    return found


def _leaves(x: Any) -> list[Any]:
    return [leaf for item in x for leaf in _leaves(item)] if isinstance(x, (list, tuple)) else [x]


def _kind(number: Any) -> Any:
    if not isinstance(number, (bool, int, float, complex)):
        raise OperandError(f"asarray: got {describe(number)} in a list; expected numbers, Tensors or NumPy arrays.")
    return type(number)


def _stacked(x: Any, backend: Backend, dtype: DType, device: str | None) -> Native:
    """Nested lists with Tensors in them, put together by stacking, so that gradients pass."""
    if not isinstance(x, (list, tuple)) or not _tensors_in(x):
        return to_native(x, backend, dtype, device)
    items = [_stacked(item, backend, dtype, device) for item in x]
    if len({tuple(item.shape) for item in items}) > 1:
        raise ShapeError("asarray: got nested lists of uneven lengths; expected a full rectangle.")
    return backend.array.stack(items, 0)
