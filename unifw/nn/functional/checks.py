"""What functions of tensors refuse, and how they say it."""

from __future__ import annotations

import numpy as np

from unifw.errors import ArgumentError, DTypeError, ShapeError, UnifwError, describe, first_line
from unifw.operators import not_a_tensor
from unifw.registry import part
from unifw.tensor import Tensor


def misfit(name: str, error: Exception, x: Tensor, weight: Tensor | None, expected: str) -> Exception:
    """The error for a kernel that refused its input: wrong type, backend or dtype, else a wrong shape."""
    if isinstance(error, UnifwError):
        return error
    if not isinstance(x, Tensor):
        return not_a_tensor(name, x)
    part(x.backend, "nn")  # a backend without layers says so
    if weight is not None and x.dtype is not weight.dtype:
        other = f", or model.to(unifw.{x.dtype})" if "floating" in x.dtype.kind else ""
        return DTypeError(
            f"{name}: got an input of dtype {x.dtype} for weights of dtype {weight.dtype}; expected the same. "
            f"Write x.to(unifw.{weight.dtype}){other}."
        )
    reason = first_line(error)
    return ShapeError(
        f"{name}: got {describe(x)}; expected {expected}. Write unifw.reshape(x, ...), or build the layer with the "
        f"sizes of its input. The native framework says: {reason}"
    )


def not_in_place(name: str) -> ArgumentError:
    """The error for PyTorch's `inplace=True`, whose effect on the input nothing here could have.

    >>> str(not_in_place("relu"))[:47]
    'relu: got inplace=True; expected False, since a'
    """
    return ArgumentError(
        f"{name}: got inplace=True; expected False, since a Tensor is a value that no function changes. Leave it out; "
        "where code goes on with the changed input, write x = ...(x)."
    )


def check_floating(name: str, x: Tensor) -> None:
    """Raise OperandError for what is no Tensor, DTypeError for one that is not floating."""
    if not isinstance(x, Tensor):
        raise not_a_tensor(name, x)
    if "floating" not in x.dtype.kind:
        raise DTypeError(f"{name}: got {describe(x)}; expected a floating dtype. Write x.to(unifw.float32).")


def first_outside(x: Tensor, size: int, spared: int | None = None) -> str:
    """The first integer below 0 or not below `size`, other than `spared`, and its place, in words; "" if there is none.

    >>> import unifw
    >>> first_outside(unifw.asarray([[0, 1], [5, 2]]), 3)
    '5 at [1, 0]'
    """
    if x.ops.is_traced(x.native):
        return ""
    values = x.numpy()
    places = np.argwhere(((values < 0) | (values >= size)) & (values != spared))
    return f"{values[tuple(places[0])]} at {places[0].tolist()}" if len(places) else ""


def refused(name: str, x: Tensor, error: Exception, kinds: str = "floating") -> Exception:
    """The error for an elementwise kernel that refused its input: `kinds` are the dtypes it takes."""
    if isinstance(x, Tensor) and kinds not in x.dtype.kind and (kinds != "real" or "integer" not in x.dtype.kind):
        numbers = "real numbers" if kinds == "real" else "a floating dtype"
        return DTypeError(f"{name}: got {describe(x)}; expected {numbers}. Write x.to(unifw.float32).")
    return misfit(name, error, x, None, "a tensor of numbers")
