"""How every loss runs: one unwrap, one native call that also reduces, one wrap; a failure is explained afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, get_args

from unifw.errors import (
    ArgumentError,
    DTypeError,
    OperationError,
    OutOfRangeError,
    ShapeError,
    UnifwError,
    describe,
    first_line,
)
from unifw.keys import agree
from unifw.nn.functional.checks import first_outside
from unifw.operators import mixed_backends, not_a_tensor, promoted
from unifw.registry import part
from unifw.tensor import Tensor

Reduction = Literal["mean", "sum", "none"]
REDUCTIONS = get_args(Reduction)


def run_loss(
    name: str, tensors: Sequence[Tensor | None], settings: tuple[Any, ...], reduction: str, same: int
) -> Tensor:
    """The backend's loss `name` of tensors, whose first `same` have one shape and dtype.

    Raises ArgumentError, ShapeError, DTypeError, OperandError and MixedBackendError.
    """
    if reduction not in REDUCTIONS:
        raise ArgumentError(f"{name}: got reduction {reduction!r}; expected one of {REDUCTIONS}.")
    x: Any = tensors[0]
    try:
        ops = x.ops
        natives: list[Any] = []
        for tensor in tensors:
            if tensor is not None and tensor.ops is not ops:
                raise mixed_backends(name, x, tensor)
            natives.append(None if tensor is None else tensor.native)
        first = natives[0]
        for i in range(1, same):
            if natives[i].shape != first.shape:
                _check_same_shape(name, x, tensors[i])
            if natives[i].dtype is not first.dtype:
                first, natives[i] = promoted(ops, first, natives[i])
                natives[0] = first
        wrapped: Tensor = x.wrap(getattr(x.kernels, name)(*natives, *settings, reduction))
        return wrapped
    except Exception as error:
        raise explain_loss(name, error, tensors) from error


def _check_same_shape(name: str, x: Any, other: Any) -> None:
    got, wanted = (tensor.ops.static_shape(tensor.native) for tensor in (other, x))
    if not agree(got, wanted):
        raise ShapeError(
            f"{name}: got shapes {wanted} and {got}; expected the same, since broadcasting hides mistakes here. Write "
            "unifw.reshape(x, ...), or unifw.broadcast_to(x, shape) if it is meant."
        )


def explain_loss(name: str, error: Exception, tensors: Sequence[Any]) -> Exception:
    """The error for a loss that failed: what is no Tensor or not floating, a value out of range, shapes."""
    if isinstance(error, UnifwError):
        return error
    given = [x for x in tensors if x is not None]
    for x in given:
        if not isinstance(x, Tensor):
            return not_a_tensor(name, x)
    part(given[0].backend, "nn")  # a backend without layers says so
    reason = first_line(error)
    if "floating" not in given[0].dtype.kind:
        return DTypeError(f"{name}: got {describe(given[0])}; expected a floating dtype. Write x.to(unifw.float32).")
    if "should be between" in reason:
        return OutOfRangeError(f"{name}: got numbers outside 0 to 1 ({reason}). Write unifw.sigmoid(x) of logits.")
    if "out of bounds" in reason or "out of range" in reason or "not in [" in reason or "label" in reason:
        classes = given[0].shape[-1]
        bad = first_outside(given[1], classes, -1 if name == "multilabel_margin_loss" else None) or "that is no class"
        return OutOfRangeError(
            f"{name}: got the label {bad}; expected targets from 0 to {classes - 1}. "
            f"The native framework says: {reason}"
        )
    got = ", ".join(describe(x) for x in given)
    if isinstance(error, NotImplementedError):
        return OperationError(f"{name}: failed on {got}. The native framework says: {reason}")
    return ShapeError(f"{name}: got {got}; expected shapes that fit together. The native framework says: {reason}")
