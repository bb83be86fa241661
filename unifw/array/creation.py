"""Making tensors: from values, from a shape, from a range.

New tensors are made on the active backend (`get_backend()`), those of the `..._like` functions beside their model.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from unifw.conversion import TensorLike, to_native
from unifw.dtypes import DType, as_dtype, float32, int64
from unifw.errors import ArgumentError, ShapeError, explain
from unifw.operators import not_a_tensor
from unifw.registry import backend_of_native, get_backend
from unifw.tensor import Tensor

Shape = int | tuple[int, ...]


def _sizes(shape: Any) -> tuple[Any, ...]:
    return shape if type(shape) is tuple else tuple(shape) if isinstance(shape, list) else (shape,)


def _explain_shape(name: str, error: Exception, shape: Any) -> Exception:
    sizes = _sizes(shape)
    if any(isinstance(size, (float, str)) or (isinstance(size, int) and size < 0) for size in sizes):
        return ShapeError(f"{name}: got shape {shape!r}; expected non-negative integers. Write for example (2, 3).")
    return explain(name, error)


def asarray(obj: TensorLike, /, *, dtype: Any = None, device: str | None = None, copy: bool | None = None) -> Tensor:
    """A Tensor of numbers, nested lists, a NumPy array, a native tensor or another Tensor.

    Python floats become float32 and Python integers int64. `copy=False` shares memory or raises ValueError; else the
    result has its own. A Tensor and a native tensor stay on their backend.

    >>> import unifw
    >>> unifw.asarray([[1, 2], [3, 4]]).shape
    (2, 2)
    """
    wanted = None if dtype is None else as_dtype(dtype)
    backend = obj.backend if isinstance(obj, Tensor) else backend_of_native(obj) or get_backend()
    if copy is False:
        if not isinstance(obj, Tensor) or (wanted is not None and wanted is not obj.dtype):
            raise ArgumentError("asarray: got copy=False for values that need a copy; write copy=None to allow one.")
        return obj
    return backend.Tensor(to_native(obj, backend, wanted, device))


def _filled(name: str, shape: Shape, value: Any, dtype: DType, device: str | None) -> Tensor:
    backend = get_backend()
    try:
        return backend.Tensor(backend.array.full(_sizes(shape), value, dtype, device))
    except Exception as error:
        raise _explain_shape(name, error, shape) from error


def full(
    shape: Shape, fill_value: bool | int | float | complex, *, dtype: Any = None, device: str | None = None
) -> Tensor:
    """A tensor of `shape` with one value everywhere; the dtype is that of the value unless given.

    Raises ShapeError for a negative size.

    >>> import unifw
    >>> unifw.full((2,), 7).tolist()
    [7, 7]
    """
    return _filled("full", shape, fill_value, as_dtype(type(fill_value) if dtype is None else dtype), device)


def zeros(shape: Shape, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """A tensor of zeros, float32 unless another dtype is given. Raises ShapeError for a negative size.

    >>> import unifw
    >>> unifw.zeros((1, 2)).tolist()
    [[0.0, 0.0]]
    """
    return _filled("zeros", shape, 0, float32 if dtype is None else as_dtype(dtype), device)


def ones(shape: Shape, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """A tensor of ones, float32 unless another dtype is given. Raises ShapeError for a negative size.

    >>> import unifw
    >>> unifw.ones(2).tolist()
    [1.0, 1.0]
    """
    return _filled("ones", shape, 1, float32 if dtype is None else as_dtype(dtype), device)


def full_like(x: Tensor, /, fill_value: bool | int | float | complex, *, dtype: Any = None) -> Tensor:
    """One value everywhere, with the shape, device and (unless given) dtype of `x`.

    >>> import unifw
    >>> unifw.full_like(unifw.zeros(2), 3).tolist()
    [3.0, 3.0]
    """
    if not isinstance(x, Tensor):
        raise not_a_tensor("full_like", x)
    wanted = x.dtype if dtype is None else as_dtype(dtype)
    return x.wrap(x.ops.full(x.shape, fill_value, wanted, x.device))


def zeros_like(x: Tensor, /, *, dtype: Any = None) -> Tensor:
    """Zeros with the shape, device and (unless given) dtype of `x`.

    >>> import unifw
    >>> unifw.zeros_like(unifw.ones(2)).tolist()
    [0.0, 0.0]
    """
    return full_like(x, 0, dtype=dtype)


def ones_like(x: Tensor, /, *, dtype: Any = None) -> Tensor:
    """Ones with the shape, device and (unless given) dtype of `x`.

    >>> import unifw
    >>> unifw.ones_like(unifw.zeros(2)).tolist()
    [1.0, 1.0]
    """
    return full_like(x, 1, dtype=dtype)


def arange(
    start: float, /, stop: float | None = None, step: float = 1, *, dtype: Any = None, device: str | None = None
) -> Tensor:
    """Evenly spaced values in [start, stop), or in [0, start) where `stop` is not given: (n,).

    int64 if all arguments are integers, else float32. Raises ShapeError for step 0.

    >>> import unifw
    >>> unifw.arange(1, 7, 2).tolist()
    [1, 3, 5]
    """
    start, stop = (0, start) if stop is None else (start, stop)
    if isinstance(step, (int, float)) and step == 0:
        raise ShapeError("arange: got step 0; expected another number. Write unifw.full(n, value) for equal values.")
    integers = not any(isinstance(value, float) for value in (start, stop, step))
    wanted = (int64 if integers else float32) if dtype is None else as_dtype(dtype)
    backend = get_backend()
    return backend.Tensor(backend.array.arange(start, stop, step, wanted, device))


def linspace(
    start: float, stop: float, /, num: int, *, dtype: Any = None, device: str | None = None, endpoint: bool = True
) -> Tensor:
    """`num` evenly spaced values from `start` to `stop`, both included unless `endpoint=False`: (num,).

    >>> import unifw
    >>> unifw.linspace(0, 1, 5).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    if num < 0:
        raise ShapeError(f"linspace: got num={num}; expected a non-negative integer.")
    values = np.linspace(start, stop, num, endpoint=endpoint)
    return asarray(values, dtype=float32 if dtype is None else dtype, device=device)


def eye(
    n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None, device: str | None = None
) -> Tensor:
    """Ones on the k-th diagonal, zeros elsewhere: (n_rows, n_cols).

    >>> import unifw
    >>> unifw.eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    if n_rows < 0 or (n_cols or 0) < 0:
        raise ShapeError(f"eye: got shape {(n_rows, n_cols)}; expected non-negative integers.")
    return asarray(np.eye(n_rows, n_cols, k), dtype=float32 if dtype is None else dtype, device=device)
