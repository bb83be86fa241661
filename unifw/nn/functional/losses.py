"""Losses as functions."""

from __future__ import annotations

from typing import Literal, get_args

from unifw.array.axes import axis_of, one_backend
from unifw.array.manipulation import permute_dims
from unifw.array.statistical import mean
from unifw.array.statistical import sum as sum_
from unifw.errors import ArgumentError, DTypeError, OutOfRangeError, ShapeError, UnifwError
from unifw.nn.functional.checks import check_floating
from unifw.registry import part
from unifw.tensor import Tensor

Reduction = Literal["mean", "sum", "none"]


def cross_entropy(logits: Tensor, targets: Tensor, axis: int = -1, reduction: Reduction = "mean") -> Tensor:
    """-log softmax(logits)[target]: logits (..., classes) and integer targets (...).

    `axis` is where the classes are; `reduction` is "mean", "sum" or "none". Raises ShapeError, DTypeError for targets
    that are not integers, and outside a compiled step OutOfRangeError for a target that is not a class.

    >>> import unifw
    >>> loss = unifw.nn.functional.cross_entropy(unifw.zeros((2, 4)), unifw.asarray([0, 3]))
    >>> round(loss.item(), 4)
    1.3863
    """
    if reduction not in get_args(Reduction):
        raise ArgumentError(f"cross_entropy: got reduction {reduction!r}; expected one of {get_args(Reduction)}.")
    one_backend("cross_entropy", (logits, targets))
    check_floating("cross_entropy", logits)
    if "integer" not in targets.dtype.kind:
        raise DTypeError(
            f"cross_entropy: got targets of dtype {targets.dtype}; expected integer classes. "
            "Write unifw.argmax(targets, axis=-1) if they are one-hot."
        )
    position = axis_of("cross_entropy", axis, logits.ndim)
    if position != logits.ndim - 1:
        order = [i for i in range(logits.ndim) if i != position]
        logits = permute_dims(logits, (*order, position))
    _check_targets(logits, targets)
    try:
        losses = logits.wrap(part(logits.backend, "nn").cross_entropy(logits.native, targets.native))
    except Exception as error:
        if isinstance(error, UnifwError):
            raise
        raise OutOfRangeError(
            f"cross_entropy: got a target that is no class; expected targets from 0 to {logits.shape[-1] - 1}. "
            f"The native framework says: {error}"
        ) from error
    return losses if reduction == "none" else mean(losses) if reduction == "mean" else sum_(losses)


def _check_targets(logits: Tensor, targets: Tensor) -> None:
    got, shape = targets.ops.static_shape(targets.native), logits.ops.static_shape(logits.native)
    wanted = shape[:-1]
    if len(got) != len(wanted) or (None not in (*got, *wanted) and got != wanted):
        raise ShapeError(
            f"cross_entropy: got targets of shape {got} for logits of shape {shape}; "
            f"expected {wanted}. Write axis= if the classes are not on the last axis."
        )
