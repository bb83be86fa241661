"""Losses as layers."""

from __future__ import annotations

from unifw.nn import functional as F
from unifw.nn.module import Module
from unifw.tensor import Tensor


class CrossEntropyLoss(Module, leaf=True):
    """-log softmax(logits)[target]; see `functional.cross_entropy`.

    >>> import unifw
    >>> round(unifw.nn.CrossEntropyLoss()(unifw.zeros((1, 2)), unifw.asarray([1])).item(), 4)
    0.6931
    """

    def __init__(self, axis: int = -1, reduction: F.Reduction = "mean") -> None:
        self.axis = axis
        self.reduction: F.Reduction = reduction

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Logits (..., classes) and targets (...) to a scalar, or (...) with reduction="none"."""
        return F.cross_entropy(logits, targets, self.axis, self.reduction)
