"""Making tensors: from values, from a shape, from a range.

New tensors are made on the active backend (`get_backend()`), those of the `..._like` functions beside their model.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

import numpy as np

from unifw import devices
from unifw.array.axes import as_shape, is_no_size
from unifw.conversion import TensorLike, to_native
from unifw.dtypes import DType, as_dtype, complex64, complex128, float32, float64, held, int64, uint64
from unifw.errors import ArgumentError, CopyError, DTypeError, OperandError, ShapeError, describe, explain
from unifw.operators import Scalar, not_a_tensor
from unifw.registry import backend_of_native, get_backend
from unifw.tensor import Tensor

Shape = int | tuple[int, ...]


def _explain_shape(name: str, error: Exception, shape: Any) -> Exception:
    if any(map(is_no_size, shape if isinstance(shape, (tuple, list)) else (shape,))):
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
    owner = obj.backend if isinstance(obj, Tensor) else backend_of_native(obj)
    if copy is False:
        return _shared(obj if isinstance(obj, Tensor) or owner is None else owner.Tensor(obj), wanted, device)
    backend = owner or get_backend()
    return backend.Tensor(to_native(obj, backend, wanted, device))


def _shared(x: Any, dtype: DType | None, device: str | None) -> Tensor:
    """A Tensor that needs no copy to be of the dtype and on the device."""
    same = isinstance(x, Tensor) and (dtype is None or dtype is x.dtype)
    if same and device is not None:
        same = devices.existing(x.backend, device) == x.device
    if not same:
        raise CopyError("asarray: got copy=False for values that need a copy; write copy=None to allow one.")
    found: Tensor = x
    return found


def _filled(name: str, shape: Shape, value: Any, dtype: DType, device: str | None) -> Tensor:
    backend = get_backend()
    if device is not None or devices.chosen:
        device = devices.placed(backend, device)
    else:
        try:
            return backend.quick.full(shape, value, dtype)  # type: ignore[union-attr]
        except Exception:
            pass  # what follows says why, or does without
    try:
        return backend.Tensor(backend.array.full(as_shape(shape), value, dtype, device))
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
    if not isinstance(fill_value, (Scalar, np.generic)):
        raise OperandError(f"full: got {describe(fill_value)}; expected a number. Write x.item() for a tensor's value.")
    wanted = as_dtype(type(fill_value) if dtype is None else dtype)
    value = held("full", fill_value, wanted)
    return _filled("full", shape, int(value) if value is True or value is False else value, wanted, device)


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


def empty(shape: Shape, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """A tensor for values to come, zeros until then; float32 unless another dtype is given.

    Raises ShapeError for a negative size.

    >>> import unifw
    >>> unifw.empty((2, 3)).shape
    (2, 3)
    """
    return _filled("empty", shape, 0, float32 if dtype is None else as_dtype(dtype), device)


def _like(name: str, x: Tensor, value: Scalar, dtype: Any, device: str | None) -> Tensor:
    if not isinstance(x, Tensor):
        raise not_a_tensor(name, x)
    wanted = x.dtype if dtype is None else as_dtype(dtype)
    value = held(name, value, wanted)
    place = x.device if device is None else devices.existing(x.backend, device)
    return x.wrap(x.ops.full(x.shape, value, wanted, place))


def full_like(
    x: Tensor, /, fill_value: bool | int | float | complex, *, dtype: Any = None, device: str | None = None
) -> Tensor:
    """One value everywhere, with the shape and (unless given) dtype and device of `x`.

    >>> import unifw
    >>> unifw.full_like(unifw.zeros(2), 3).tolist()
    [3.0, 3.0]
    """
    return _like("full_like", x, fill_value, dtype, device)


def zeros_like(x: Tensor, /, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """Zeros with the shape and (unless given) dtype and device of `x`.

    >>> import unifw
    >>> unifw.zeros_like(unifw.ones(2)).tolist()
    [0.0, 0.0]
    """
    return _like("zeros_like", x, 0, dtype, device)


def ones_like(x: Tensor, /, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """Ones with the shape and (unless given) dtype and device of `x`.

    >>> import unifw
    >>> unifw.ones_like(unifw.zeros(2)).tolist()
    [1.0, 1.0]
    """
    return _like("ones_like", x, 1, dtype, device)


def empty_like(x: Tensor, /, *, dtype: Any = None, device: str | None = None) -> Tensor:
    """A tensor for values to come, with the shape and (unless given) dtype and device of `x`.

    >>> import unifw
    >>> unifw.empty_like(unifw.zeros((2, 3))).shape
    (2, 3)
    """
    return _like("empty_like", x, 0, dtype, device)


def arange(
    start: float, /, stop: float | None = None, step: float = 1, *, dtype: Any = None, device: str | None = None
) -> Tensor:
    """Evenly spaced values in [start, stop), or in [0, start) where `stop` is not given: (n,).

    int64 if all arguments are integers, else float32. Raises ShapeError for step 0, ArgumentError for nan and inf.

    >>> import unifw
    >>> unifw.arange(1, 7, 2).tolist()
    [1, 3, 5]
    """
    start, stop = (0, start) if stop is None else (start, stop)
    _check_range("arange", start, stop, step)
    start, stop, step = (x.item() if isinstance(x, np.generic) else x for x in (start, stop, step))
    if isinstance(step, (int, float)) and step == 0:
        raise ShapeError("arange: got step 0; expected another number. Write unifw.full(n, value) for equal values.")
    integers = not any(isinstance(value, float) for value in (start, stop, step))
    wanted = (int64 if integers else float32) if dtype is None else as_dtype(dtype)
    if type(start) is type(stop) is type(step) is int:  # else a size that a graph leaves open, or a float
        far = not (-_FAR < start < _FAR and -_FAR < stop < _FAR and -_FAR < step < _FAR)
        if far or wanted is not int64:
            _check_held(range(start, stop, step), wanted)
        if far:
            return asarray(_counted(range(start, stop, step), wanted), dtype=wanted, device=device)
    backend = get_backend()
    return backend.Tensor(backend.array.arange(start, stop, step, wanted, devices.placed(backend, device)))


_FAR = 2**61
"""Native kernels, which count in int64, may leave it on the way to integers beyond."""


def _counted(values: range, dtype: DType) -> np.ndarray[Any, Any]:
    """A range of int64 or uint64 numbers, counted modulo 2**64."""
    steps = np.arange(len(values), dtype=np.uint64)
    numbers = steps * np.uint64(values.step % 2**64) + np.uint64(values.start % 2**64)
    return numbers if dtype is uint64 else numbers.view(np.int64)


def _check_held(values: range, dtype: DType) -> None:
    """That the native kernels, which count in int64, and an integer dtype hold the first and the last of a range."""
    for value in (values[0], values[-1]) if values else ():
        held("arange", value, dtype if "integer" in dtype.kind else int64)


def _check_range(name: str, *values: Any) -> None:
    for value in values:
        if isinstance(value, (float, complex)) and not (isfinite(value.real) and isfinite(value.imag)):
            raise ArgumentError(f"{name}: got {value}; expected finite numbers.")
        if isinstance(value, complex) and name == "arange":
            raise DTypeError(f"arange: got {value}; expected real numbers. Write unifw.linspace for complex ones.")
        if isinstance(value, (str, Tensor, np.ndarray, list, tuple, type(None))):
            raise OperandError(f"{name}: got {describe(value)}; expected numbers. Write x.item() for a tensor's value.")


def linspace(
    start: float | complex,
    stop: float | complex,
    /,
    num: int,
    *,
    dtype: Any = None,
    device: str | None = None,
    endpoint: bool = True,
) -> Tensor:
    """`num` evenly spaced values from `start` to `stop`, both included unless `endpoint=False`: (num,).

    float32, or complex64 for complex limits. Raises ShapeError for a negative `num`, ArgumentError for nan and inf,
    NumberRangeError for a first or last value that an integer dtype does not hold.

    >>> import unifw
    >>> unifw.linspace(0, 1, 5).tolist()
    [0.0, 0.25, 0.5, 0.75, 1.0]
    """
    _check_range("linspace", start, stop, num)
    if is_no_size(num):
        raise ShapeError(f"linspace: got num={num}; expected a non-negative integer.")
    default = complex64 if isinstance(start, complex) or isinstance(stop, complex) else float32
    wanted = default if dtype is None else as_dtype(dtype)
    if default is complex64 and wanted not in (complex64, complex128):
        raise DTypeError(f"linspace: got complex limits for {wanted}; expected unifw.complex64 or unifw.complex128.")
    start, stop = (held("linspace", x, float64) if isinstance(x, int) else x for x in (start, stop))
    values = _spaced(start, stop, num, endpoint)
    if "integer" in wanted.kind:
        for value in values[[0, -1]] if num else ():
            held("linspace", value.item(), wanted)
    return asarray(values, dtype=wanted, device=device)


def _spaced(start: complex, stop: complex, num: int, endpoint: bool) -> np.ndarray[Any, Any]:
    """Computed in double precision, from half the numbers where their distance has no finite value."""
    with np.errstate(over="ignore"):
        far = not np.isfinite(np.subtract(stop, start))
    if far:
        return np.linspace(start / 2, stop / 2, num, endpoint=endpoint) * 2
    values = np.linspace(start, stop, num, endpoint=endpoint)
    values[:1] = start  # also where it is -0.0
    return values


def eye(
    n_rows: int, n_cols: int | None = None, /, *, k: int = 0, dtype: Any = None, device: str | None = None
) -> Tensor:
    """Ones on the k-th diagonal, zeros elsewhere: (n_rows, n_cols). Raises ShapeError for sizes that are none.

    >>> import unifw
    >>> unifw.eye(2).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    for size in (n_rows, n_rows if n_cols is None else n_cols):
        if not hasattr(size, "__index__") or size < 0:
            raise ShapeError(f"eye: got shape {(n_rows, n_cols)}; expected non-negative integers. Write eye(2, 3).")
    if not hasattr(k, "__index__"):
        raise ArgumentError(f"eye: got k={k!r}; expected an integer, the diagonal that the ones are on.")
    return asarray(np.eye(n_rows, n_cols, k, bool), dtype=float32 if dtype is None else dtype, device=device)
