"""Checking matrices before a backend sees them, and calling a decomposition."""

from __future__ import annotations

from typing import Any

import numpy as np

from unifw.array.manipulation import broadcast_to
from unifw.dtypes import complex64, complex128, float32, float64
from unifw.errors import DTypeError, LinAlgError, ShapeError, UnifwError, describe
from unifw.operators import not_a_tensor
from unifw.tensor import Tensor

KERNELS = (float32, float64, complex64, complex128)
SINGULAR = "an invertible matrix. Write unifw.linalg.pinv(x) for the pseudo-inverse"
FINITE = "finite numbers. Write unifw.all(unifw.isfinite(x)) to find out"


def sizes_of(name: str, x: Any) -> tuple[int | None, ...]:
    """The sizes of a Tensor, None where a graph leaves them open. Raises OperandError for anything else.

    >>> import unifw
    >>> sizes_of("trace", unifw.zeros((2, 3)))
    (2, 3)
    """
    if not isinstance(x, Tensor):
        raise not_a_tensor(name, x)
    sizes: tuple[int | None, ...] = x.ops.static_shape(x.native)
    return sizes


def matrix(name: str, x: Any) -> tuple[int | None, int | None]:
    """The sizes of the last two axes. Raises ShapeError where there are fewer.

    >>> import unifw
    >>> matrix("trace", unifw.zeros((5, 2, 3)))
    (2, 3)
    """
    sizes = sizes_of(name, x)
    if len(sizes) < 2:
        raise ShapeError(
            f"{name}: got shape {x.shape}; expected a matrix or a stack of them, (..., m, n). "
            "Write unifw.expand_dims(x, axis=0) for one row."
        )
    return sizes[-2], sizes[-1]


def known(name: str, x: Any) -> tuple[int, int]:
    """`matrix`, where the result has a shape that follows from the sizes. Raises ShapeError for open sizes."""
    rows, columns = matrix(name, x)
    if rows is None or columns is None:
        raise ShapeError(f"{name}: got a matrix of unknown sizes while a graph is being built; expected known ones.")
    return rows, columns


def square(name: str, x: Any) -> None:
    """Raise ShapeError for anything but square matrices."""
    rows, columns = matrix(name, x)
    if rows != columns and None not in (rows, columns):
        raise ShapeError(
            f"{name}: got shape {x.shape}; expected square matrices, (..., n, n). "
            "Write unifw.linalg.svd(x) or unifw.linalg.pinv(x), which take any."
        )


def has_kernel(name: str, *tensors: Any) -> None:
    """Raise DTypeError unless decompositions take the dtypes.

    >>> import unifw
    >>> has_kernel("det", unifw.zeros((2, 2)))
    """
    for x in tensors:
        if not isinstance(x, Tensor):
            raise not_a_tensor(name, x)
        if x.dtype not in KERNELS:
            raise DTypeError(
                f"{name}: got dtype {x.dtype}; expected float32, float64, complex64 or complex128. "
                "Write unifw.astype(x, unifw.float32) first."
            )


def floating(name: str, x: Any) -> None:
    """Raise DTypeError unless the elements are real or complex floating."""
    if not isinstance(x, Tensor):
        raise not_a_tensor(name, x)
    if "floating" not in x.dtype.kind:
        raise DTypeError(
            f"{name}: got dtype {x.dtype}; expected a floating dtype. Write unifw.astype(x, unifw.float32) first."
        )


def numeric(name: str, *tensors: Tensor) -> None:
    """Raise DTypeError for booleans."""
    for x in tensors:
        if x.dtype.kind == "bool":
            raise DTypeError(f"{name}: got dtype bool; expected numbers. Write unifw.astype(x, unifw.int64) first.")


def decompose(name: str, wanted: str, x: Tensor, *args: Any) -> tuple[Tensor, ...]:
    """Call a native function of several results; what fails after all checks is the matrix. Raises LinAlgError."""
    function = getattr(x.ops, name)
    try:
        return tuple(x.wrap(part) for part in function(x.native, *args))
    except Exception as error:
        raise _refused(name, wanted, x, error) from error


def solved(name: str, wanted: str, x: Tensor, *args: Any) -> Tensor:
    """`decompose` for a function of one result."""
    function = getattr(x.ops, name)
    try:
        return x.wrap(function(x.native, *args))
    except Exception as error:
        raise _refused(name, wanted, x, error) from error


def _refused(name: str, wanted: str, x: Tensor, error: Exception) -> Exception:
    if isinstance(error, UnifwError):
        return error
    return LinAlgError(f"{name}: got {describe(x)}; expected {wanted}.")


def conjugate(x: Tensor) -> Tensor:
    """The complex conjugate; `x` itself where it is real."""
    return x.wrap(x.ops.conj(x.native)) if x.dtype.kind == "complex floating" else x


def adjoint(x: Tensor) -> Tensor:
    """The conjugate transpose of the last two axes.

    >>> import unifw
    >>> adjoint(unifw.asarray([[1.0, 2.0]])).tolist()
    [[1.0], [2.0]]
    """
    return conjugate(x).mT


def identity_like(x: Tensor) -> Tensor:
    """Identity matrices of the shape, dtype and device of `x`.

    >>> import unifw
    >>> identity_like(unifw.zeros((1, 2, 2))).tolist()
    [[[1.0, 0.0], [0.0, 1.0]]]
    """
    size, _ = known("identity", x)
    one = x.wrap(x.ops.from_numpy(np.eye(size), x.dtype, x.device, True))
    return broadcast_to(one, x.shape)


def epsilon(x: Tensor) -> float:
    """The distance from 1 to the next number of the dtype, or of the real one of a complex dtype.

    >>> import unifw
    >>> epsilon(unifw.zeros(1)) == 2.0**-23
    True
    """
    return float(np.finfo(x.dtype.name).eps)
