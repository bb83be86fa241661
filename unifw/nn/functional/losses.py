"""Losses of classes and labels, as functions; their names, defaults and numbers are PyTorch's.

`reduction` is "mean", "sum" or "none" in each. Where targets have weights, the mean divides by their sum.
"""

from __future__ import annotations

from typing import Any

from unifw.array.axes import axis_of, one_backend
from unifw.errors import ArgumentError, DTypeError, OutOfRangeError, ShapeError, UnifwError, explain, first_line
from unifw.keys import agree
from unifw.nn.functional.checks import check_floating, first_outside
from unifw.nn.functional.reduction import REDUCTIONS, Reduction, run_loss
from unifw.registry import part
from unifw.tensor import Tensor


def cross_entropy(
    logits: Tensor,
    targets: Tensor,
    weight: Tensor | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Tensor:
    """-log softmax(logits)[target]: logits (..., classes) and integer targets (...), or probabilities (..., classes).

    `axis` is where the classes are, `weight` (classes,) how much each counts, `ignore_index` a target that counts for
    nothing (none unless given), `label_smoothing` the share of each target that goes to all classes alike. The mean
    is sum(losses) / sum(weights of the targets); of probabilities it is that of the rows.

    Raises ShapeError, DTypeError, ArgumentError, and OutOfRangeError for a target that is not a class.

    >>> import unifw
    >>> F = unifw.nn.functional
    >>> logits = unifw.asarray([[0.0, 0.0], [0.0, 0.0]])
    >>> round(F.cross_entropy(logits, unifw.asarray([0, 1])).item(), 4)
    0.6931
    >>> round(F.cross_entropy(logits, unifw.asarray([0, -1]), ignore_index=-1, reduction="sum").item(), 4)
    0.6931
    """
    if not 0 <= label_smoothing <= 1:
        raise ArgumentError(f"cross_entropy: got label_smoothing={label_smoothing}; expected a share from 0 to 1.")
    settings = (ignore_index, label_smoothing)
    return _of_classes("cross_entropy", logits, targets, weight, axis, reduction, settings)


def nll_loss(
    log_probabilities: Tensor,
    targets: Tensor,
    weight: Tensor | None = None,
    ignore_index: int | None = None,
    reduction: Reduction = "mean",
    axis: int = -1,
) -> Tensor:
    """-log_probabilities[target]: the second half of `cross_entropy`, with its arguments and errors.

    >>> import unifw
    >>> unifw.nn.functional.nll_loss(unifw.asarray([[-0.5, -1.5]]), unifw.asarray([1])).item()
    1.5
    """
    return _of_classes("nll_loss", log_probabilities, targets, weight, axis, reduction, (ignore_index,))


def _of_classes(
    name: str,
    x: Tensor,
    targets: Tensor,
    weight: Tensor | None,
    axis: int,
    reduction: str,
    settings: tuple[object, ...],
) -> Tensor:
    try:
        native, classes = x.native, targets.native
        shape = native.shape
        usual = axis == -1 and weight is None and targets.ops is x.ops and reduction in REDUCTIONS
        if not usual or classes.shape != shape[:-1]:  # what is no integer, the kernels refuse
            _check_classes(name, x, targets, weight, axis, reduction)
        own = None if weight is None else weight.native
        return x.wrap(getattr(x.kernels, name)(native, classes, own, axis % len(shape), *settings, reduction))
    except Exception as error:
        if isinstance(error, UnifwError):
            raise
        _check_classes(name, x, targets, weight, axis, reduction)
        raise _no_class(name, error, x.shape[axis], targets, settings[0]) from error


def _no_class(name: str, error: Exception, classes: int, targets: Tensor, ignored: Any) -> Exception:
    """The error for a kernel that refused targets of the right shape and dtype."""
    bad = first_outside(targets, classes, ignored)
    if not bad:
        return explain(name, error, targets)
    return OutOfRangeError(
        f"{name}: got the label {bad} for {classes} classes; expected targets from 0 to {classes - 1}. "
        "Write ignore_index=... for a number that stands for no class, as -100 often does. "
        f"The native framework says: {first_line(error)}"
    )


def _check_classes(name: str, x: Tensor, targets: Tensor, weight: Tensor | None, axis: int, reduction: str) -> None:
    if reduction not in REDUCTIONS:
        raise ArgumentError(f"{name}: got reduction {reduction!r}; expected one of {REDUCTIONS}.")
    part(one_backend(name, (x, targets) if weight is None else (x, targets, weight)).backend, "nn")
    check_floating(name, x)
    axis = axis_of(name, axis, x.ndim)
    got, shape = targets.ops.static_shape(targets.native), x.ops.static_shape(x.native)
    soft = name == "cross_entropy" and "floating" in targets.dtype.kind and len(got) == len(shape)
    if not soft and "integer" not in targets.dtype.kind:
        raise DTypeError(
            f"{name}: got targets of dtype {targets.dtype}; expected integer classes. "
            "Write unifw.argmax(targets, axis=-1) if they are one-hot."
        )
    if soft and targets.dtype is not x.dtype:
        raise DTypeError(
            f"{name}: got probabilities of dtype {targets.dtype} for logits of dtype {x.dtype}; expected the same. "
            f"Write targets.to(unifw.{x.dtype}), or unifw.argmax(targets, axis=-1) if they are one-hot."
        )
    wanted = shape if soft else (*shape[:axis], *shape[axis + 1 :])
    if not agree(got, wanted):
        raise ShapeError(
            f"{name}: got targets of shape {got} for logits of shape {shape}; "
            f"expected {wanted}. Write axis= if the classes are not on the last axis."
        )
    if weight is not None and (
        weight.ndim != 1 or weight.shape[0] != (shape[axis] or weight.shape[0]) or weight.dtype is not x.dtype
    ):
        raise ShapeError(
            f"{name}: got weights of shape {tuple(weight.shape)} and dtype {weight.dtype}; expected ({shape[axis]},) "
            f"and {x.dtype}, one for each class."
        )


def binary_cross_entropy(
    x: Tensor, targets: Tensor, weight: Tensor | None = None, reduction: Reduction = "mean"
) -> Tensor:
    """-t log(x) - (1 - t) log(1 - x), each logarithm at least -100: probabilities and targets of one shape.

    `weight` broadcasts to it. Raises ShapeError, DTypeError, and where it can be seen OutOfRangeError for numbers
    outside 0 to 1.

    >>> import unifw
    >>> half, one = unifw.asarray([0.5]), unifw.asarray([1.0])
    >>> round(unifw.nn.functional.binary_cross_entropy(half, one).item(), 4)
    0.6931
    """
    return run_loss("binary_cross_entropy", (x, targets, weight), (), reduction, 2)


def binary_cross_entropy_with_logits(
    x: Tensor,
    targets: Tensor,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
    pos_weight: Tensor | None = None,
) -> Tensor:
    """`binary_cross_entropy` of sigmoid(x), without overflow; `pos_weight` multiplies the part of targets that are 1.

    Both weights broadcast to the shape of `x` and `targets`.

    >>> import unifw
    >>> F = unifw.nn.functional
    >>> x, t = unifw.asarray([0.0]), unifw.asarray([1.0])
    >>> round(F.binary_cross_entropy_with_logits(x, t, pos_weight=unifw.asarray([2.0])).item(), 4)
    1.3863
    """
    return run_loss("binary_cross_entropy_with_logits", (x, targets, weight, pos_weight), (), reduction, 2)


def multi_margin_loss(
    x: Tensor,
    targets: Tensor,
    p: int = 1,
    margin: float = 1.0,
    weight: Tensor | None = None,
    reduction: Reduction = "mean",
) -> Tensor:
    """The sum over the other classes i of max(0, margin - x[target] + x[i])^p / classes: x (N, classes), targets (N,).

    `p` is 1 or 2; `weight` (classes,) counts by target.

    >>> import unifw
    >>> x = unifw.asarray([[0.1, 0.2, 0.4, 0.8]])
    >>> round(unifw.nn.functional.multi_margin_loss(x, unifw.asarray([3])).item(), 4)
    0.325
    """
    if p not in (1, 2):
        raise ArgumentError(f"multi_margin_loss: got p={p}; expected 1 or 2.")
    return run_loss("multi_margin_loss", (x, targets, weight), (p, margin), reduction, 1)


def multilabel_margin_loss(x: Tensor, targets: Tensor, reduction: Reduction = "mean") -> Tensor:
    """The sum of max(0, 1 - x[j] + x[i]) / classes over labels j and other classes i: both (N, classes).

    `targets` lists the labels of each row, up to the first -1.

    >>> import unifw
    >>> x, labels = unifw.asarray([[0.1, 0.2, 0.4, 0.8]]), unifw.asarray([[3, 0, -1, 1]])
    >>> round(unifw.nn.functional.multilabel_margin_loss(x, labels).item(), 4)
    0.85
    """
    return run_loss("multilabel_margin_loss", (x, targets), (), reduction, 1)


def multilabel_soft_margin_loss(
    x: Tensor, targets: Tensor, weight: Tensor | None = None, reduction: Reduction = "mean"
) -> Tensor:
    """The mean over classes of `binary_cross_entropy_with_logits`: x and targets (N, classes), weights (classes,).

    >>> import unifw
    >>> F = unifw.nn.functional
    >>> round(F.multilabel_soft_margin_loss(unifw.zeros((1, 2)), unifw.asarray([[1.0, 0.0]])).item(), 4)
    0.6931
    """
    return run_loss("multilabel_soft_margin_loss", (x, targets, weight), (), reduction, 2)
