"""Rows of a table as functions."""

from __future__ import annotations

from typing import Any

from unifw.array import extras
from unifw.array.manipulation import expand_dims
from unifw.array.scatter import positions
from unifw.array.statistical import max as reduce_max
from unifw.array.statistical import min as reduce_min
from unifw.dtypes import int64
from unifw.errors import (
    ArgumentError,
    DTypeError,
    OutOfRangeError,
    ShapeError,
    UnifwError,
    describe,
    explain,
    first_line,
)
from unifw.nn.functional.checks import first_outside
from unifw.operators import mixed_backends, not_a_tensor
from unifw.registry import part
from unifw.tensor import Tensor
from unifw.variable import Parameter


def embedding(
    x: Tensor,
    weight: Tensor,
    padding_idx: int | None = None,
    max_norm: float | None = None,
    norm_type: float = 2.0,
    scale_grad_by_freq: bool = False,
) -> Tensor:
    """The rows of `weight` (rows, features) at the integers `x`: (...) to (..., features).

    The row `padding_idx` gets no gradient. `max_norm` shortens, in place, the rows that are looked up; `weight` must
    then be a Parameter. `scale_grad_by_freq` divides gradients by how often a row is looked up. Raises DTypeError and
    OutOfRangeError.

    >>> import unifw
    >>> table = unifw.asarray([[0.0, 0.5], [1.0, 1.5]])
    >>> unifw.nn.functional.embedding(unifw.asarray([1, 0, 1]), table).tolist()
    [[1.0, 1.5], [0.0, 0.5], [1.0, 1.5]]
    """
    try:
        if x.ops is not weight.ops:
            raise mixed_backends("embedding", x, weight)
        if max_norm is not None:
            _renorm(x, weight, max_norm, norm_type)
        return x.wrap(x.kernels.embedding(x.native, weight.native, padding_idx, scale_grad_by_freq))
    except Exception as error:
        raise _misfit("embedding", error, x, weight) from error


def _renorm(x: Tensor, weight: Tensor, max_norm: float, norm_type: float) -> None:
    if not isinstance(weight, Parameter):
        raise ArgumentError("embedding: got max_norm for a weight that is no Parameter; expected unifw.Parameter(...).")
    x.kernels.embedding_renorm(weight.storage, x.native, max_norm, norm_type)


def _misfit(name: str, error: Exception, x: Any, weight: Tensor) -> Exception:
    if isinstance(error, UnifwError):
        return error
    if not isinstance(x, Tensor):
        return not_a_tensor(name, x)
    part(x.backend, "nn")
    if x.dtype.name not in ("int32", "int64"):
        return DTypeError(f"{name}: got {describe(x)}; expected integers. Write x.to(unifw.int64).")
    rows = weight.shape[0]
    bad = first_outside(x, rows)
    if not bad:
        return explain(name, error, x)
    return OutOfRangeError(
        f"{name}: got the index {bad} for a table of {rows} rows; expected 0 to {rows - 1}. "
        f"The native framework says: {first_line(error)}"
    )


def embedding_bag(
    x: Tensor,
    weight: Tensor,
    mode: str = "mean",
    per_sample_weights: Tensor | None = None,
    padding_idx: int | None = None,
) -> Tensor:
    """The "sum", "mean" or "max" of the rows of `weight` at each bag of integers: (bags, n) to (bags, features).

    Rows of `padding_idx` do not count, and a bag without others gives 0. `per_sample_weights` (bags, n), with "sum"
    only, weigh the rows. Raises ArgumentError, ShapeError, DTypeError and OutOfRangeError.

    >>> import unifw
    >>> table = unifw.asarray([[0.0, 0.5], [1.0, 1.5]])
    >>> unifw.nn.functional.embedding_bag(unifw.asarray([[0, 1]]), table).tolist()
    [[0.5, 1.0]]
    """
    if mode not in ("sum", "mean", "max"):
        raise ArgumentError(f'embedding_bag: got mode {mode!r}; expected "sum", "mean" or "max".')
    if per_sample_weights is not None and mode != "sum":
        raise ArgumentError(f'embedding_bag: got per_sample_weights with mode {mode!r}; expected mode="sum".')
    try:
        if x.ops is not weight.ops:
            raise mixed_backends("embedding_bag", x, weight)
        if per_sample_weights is not None and x.ops is not per_sample_weights.ops:
            raise mixed_backends("embedding_bag", x, per_sample_weights)
        if x.ndim != 2:
            raise ShapeError(f"embedding_bag: got {describe(x)}; expected bags of one size, (bags, n).")
        weights = None if per_sample_weights is None else per_sample_weights.native
        return x.wrap(x.kernels.embedding_bag(x.native, weight.native, mode, weights, padding_idx))
    except Exception as error:
        raise _misfit("embedding_bag", error, x, weight) from error


def one_hot(x: Tensor, num_classes: int = -1) -> Tensor:
    """Integers (...) as rows (..., num_classes) of int64, 1 at that place and 0 elsewhere.

    -1 stands for one class more than the greatest integer, which a compiled step cannot know. `unifw.one_hot` gives
    floats. Raises DTypeError and OutOfRangeError.

    >>> import unifw
    >>> unifw.nn.functional.one_hot(unifw.asarray([2, 0])).tolist()
    [[0, 0, 1], [1, 0, 0]]
    """
    x = positions("one_hot", x)
    if num_classes == -1 or not x.ops.is_traced(x.native):
        least, most = (int(reduce_min(x)), int(reduce_max(x))) if x.size else (0, -1)
        num_classes = most + 1 if num_classes == -1 else num_classes
        if least < 0 or most >= num_classes:
            raise OutOfRangeError(
                f"one_hot: got classes from {least} to {most}; expected 0 to {num_classes - 1}. "
                "Write num_classes=..., or unifw.one_hot for rows of zeros there."
            )
    else:
        classes = x.wrap(x.ops.arange(0, num_classes, 1, int64, x.device))
        x = embedding(x, expand_dims(classes, axis=-1))[..., 0]  # in a graph, too, a look-up fails for what is none
    return extras.one_hot(x, num_classes, dtype=int64)
