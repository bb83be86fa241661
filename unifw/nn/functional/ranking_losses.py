"""Losses of pairs and triplets, and the distances they are made of, as functions with PyTorch's numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from unifw.array.axes import axis_of
from unifw.array.comparison import maximum, minimum
from unifw.array.statistical import mean
from unifw.array.statistical import sum as sum_
from unifw.errors import ArgumentError
from unifw.nn.functional.reduction import REDUCTIONS, Reduction, explain_loss, run_loss
from unifw.operators import mixed_backends, promoted
from unifw.tensor import Tensor


def cosine_similarity(x1: Tensor, x2: Tensor, axis: int = -1, eps: float = 1e-8) -> Tensor:
    """x1 . x2 / (max(||x1||, eps) max(||x2||, eps)) along an axis; the tensors broadcast.

    >>> import unifw
    >>> F = unifw.nn.functional
    >>> round(F.cosine_similarity(unifw.asarray([1.0, 0.0]), unifw.asarray([1.0, 1.0])).item(), 4)
    0.7071
    """
    return _distance("cosine_similarity", x1, x2, axis, eps)


def pairwise_distance(x1: Tensor, x2: Tensor, p: float = 2.0, eps: float = 1e-6, keepdims: bool = False) -> Tensor:
    """The p-norm of x1 - x2 + eps along the last axis; the tensors broadcast.

    >>> import unifw
    >>> F = unifw.nn.functional
    >>> round(F.pairwise_distance(unifw.asarray([[3.0, 4.0]]), unifw.zeros((1, 2))).item(), 4)
    5.0
    """
    return _distance("pairwise_distance", x1, x2, p, eps, keepdims)


def _distance(name: str, x1: Tensor, x2: Tensor, *settings: Any) -> Tensor:
    try:
        if x1.ops is not x2.ops:
            raise mixed_backends(name, x1, x2)
        if name == "cosine_similarity":
            settings = (axis_of(name, settings[0], max(x1.ndim, x2.ndim)), settings[1])
        first, second = x1.native, x2.native
        if first.dtype is not second.dtype:
            first, second = promoted(x1.ops, first, second)
        return x1.wrap(getattr(x1.backend.nn, name)(first, second, *settings))
    except Exception as error:
        raise explain_loss(name, error, (x1, x2)) from error


def cosine_embedding_loss(
    x1: Tensor, x2: Tensor, targets: Tensor, margin: float = 0.0, reduction: Reduction = "mean"
) -> Tensor:
    """1 - cos(x1, x2) where t is 1, and max(0, cos(x1, x2) - margin) where t is -1: x (N, D), targets (N,).

    >>> import unifw
    >>> x = unifw.asarray([[1.0, 0.0]])
    >>> unifw.nn.functional.cosine_embedding_loss(x, x, unifw.asarray([-1])).item()
    1.0
    """
    return run_loss("cosine_embedding_loss", (x1, x2, targets), (margin,), reduction, 2)


def margin_ranking_loss(
    x1: Tensor, x2: Tensor, targets: Tensor, margin: float = 0.0, reduction: Reduction = "mean"
) -> Tensor:
    """max(0, -t (x1 - x2) + margin): t is 1 where x1 should be the greater, -1 where x2 should.

    >>> import unifw
    >>> one, two = unifw.asarray([1.0]), unifw.asarray([2.0])
    >>> unifw.nn.functional.margin_ranking_loss(one, two, unifw.asarray([1.0])).item()
    1.0
    """
    return run_loss("margin_ranking_loss", (x1, x2, targets), (margin,), reduction, 3)


def triplet_margin_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    margin: float = 1.0,
    p: float = 2.0,
    eps: float = 1e-6,
    swap: bool = False,
    reduction: Reduction = "mean",
) -> Tensor:
    """max(0, margin + d(anchor, positive) - d(anchor, negative)) with d the `pairwise_distance`; each (..., D).

    With `swap`, the second d is the smaller of it and d(positive, negative) (Balntas et al., 2016).

    >>> import unifw
    >>> a = unifw.zeros((1, 2))
    >>> round(unifw.nn.functional.triplet_margin_loss(a, a, a + 3.0, margin=5.0).item(), 4)
    0.7574
    """
    if p <= 0:
        raise ArgumentError(f"triplet_margin_loss: got p={p}; expected a number above 0.")
    return run_loss("triplet_margin_loss", (anchor, positive, negative), (margin, p, eps, swap), reduction, 3)


def triplet_margin_with_distance_loss(
    anchor: Tensor,
    positive: Tensor,
    negative: Tensor,
    *,
    distance_function: Callable[[Tensor, Tensor], Tensor] | None = None,
    margin: float = 1.0,
    swap: bool = False,
    reduction: Reduction = "mean",
) -> Tensor:
    """`triplet_margin_loss` with a distance of your own.

    >>> import unifw
    >>> F = unifw.nn.functional
    >>> far = lambda x, y: unifw.sum(unifw.abs(x - y), axis=-1)
    >>> a = unifw.zeros((1, 2))
    >>> F.triplet_margin_with_distance_loss(a, a, a + 0.25, distance_function=far).item()
    0.5
    """
    if reduction not in REDUCTIONS:
        raise ArgumentError(f"triplet_margin_with_distance_loss: got reduction {reduction!r}; expected {REDUCTIONS}.")
    distance = distance_function or pairwise_distance
    near, far = distance(anchor, positive), distance(anchor, negative)
    if swap:
        far = minimum(far, distance(positive, negative))
    losses = maximum(near - far + margin, 0.0)
    return losses if reduction == "none" else mean(losses) if reduction == "mean" else sum_(losses)
