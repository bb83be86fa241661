"""Losses as layers: each holds the settings of the function of its name in `functional`."""

from __future__ import annotations

from typing import Literal

from unifw.conversion import TensorLike
from unifw.nn import functional as F
from unifw.nn.module import Module
from unifw.tensor import Tensor
from unifw.variable import Buffer

Reduction = F.Reduction


def held(weight: TensorLike | None) -> Buffer | None:
    """Weights as a buffer, which moves and is saved with the model.

    >>> held([1.0, 2.0]).shape
    (2,)
    """
    return None if weight is None else Buffer(weight)


class CrossEntropyLoss(Module, leaf=True):
    """-log softmax(logits)[target]; see `functional.cross_entropy`.

    >>> import unifw
    >>> round(unifw.nn.CrossEntropyLoss()(unifw.zeros((1, 2)), unifw.asarray([1])).item(), 4)
    0.6931
    """

    def __init__(
        self,
        weight: TensorLike | None = None,
        ignore_index: int | None = None,
        reduction: Reduction = "mean",
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        self.weight = held(weight)
        self.ignore_index = ignore_index
        self.reduction: Reduction = reduction
        self.label_smoothing = label_smoothing
        self.axis = axis

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Logits (..., classes) and targets (...) to a scalar, or (...) with reduction="none"."""
        return F.cross_entropy(
            logits,
            targets,
            weight=self.weight,
            ignore_index=self.ignore_index,
            reduction=self.reduction,
            label_smoothing=self.label_smoothing,
            axis=self.axis,
        )


class NLLLoss(Module, leaf=True):
    """-log_probabilities[target]; see `functional.nll_loss`.

    >>> import unifw
    >>> unifw.nn.NLLLoss()(unifw.asarray([[-0.5, -1.5]]), unifw.asarray([1])).item()
    1.5
    """

    def __init__(
        self,
        weight: TensorLike | None = None,
        ignore_index: int | None = None,
        reduction: Reduction = "mean",
        axis: int = -1,
    ) -> None:
        self.weight = held(weight)
        self.ignore_index = ignore_index
        self.reduction: Reduction = reduction
        self.axis = axis

    def forward(self, x: Tensor, targets: Tensor) -> Tensor:
        """Log-probabilities (..., classes) and targets (...) to a scalar, or (...) with reduction="none"."""
        return F.nll_loss(
            x, targets, weight=self.weight, ignore_index=self.ignore_index, reduction=self.reduction, axis=self.axis
        )


class BCELoss(Module, leaf=True):
    """-t log(x) - (1 - t) log(1 - x); see `functional.binary_cross_entropy`.

    >>> import unifw
    >>> round(unifw.nn.BCELoss()(unifw.asarray([0.5]), unifw.asarray([1.0])).item(), 4)
    0.6931
    """

    def __init__(self, weight: TensorLike | None = None, reduction: Reduction = "mean") -> None:
        self.weight = held(weight)
        self.reduction: Reduction = reduction

    def forward(self, x: Tensor, targets: Tensor) -> Tensor:
        """Two tensors of one shape to a scalar, or that shape with reduction="none"."""
        return F.binary_cross_entropy(x, targets, weight=self.weight, reduction=self.reduction)


class BCEWithLogitsLoss(Module, leaf=True):
    """Binary cross-entropy of sigmoid(x); see `functional.binary_cross_entropy_with_logits`.

    >>> import unifw
    >>> round(unifw.nn.BCEWithLogitsLoss()(unifw.asarray([0.0]), unifw.asarray([1.0])).item(), 4)
    0.6931
    """

    def __init__(
        self, weight: TensorLike | None = None, reduction: Reduction = "mean", pos_weight: TensorLike | None = None
    ) -> None:
        self.weight = held(weight)
        self.reduction: Reduction = reduction
        self.pos_weight = held(pos_weight)

    def forward(self, x: Tensor, targets: Tensor) -> Tensor:
        """Two tensors of one shape to a scalar, or that shape with reduction="none"."""
        return F.binary_cross_entropy_with_logits(
            x, targets, weight=self.weight, reduction=self.reduction, pos_weight=self.pos_weight
        )


class MSELoss(Module, leaf=True):
    """(x - t)^2; see `functional.mse_loss`.

    >>> import unifw
    >>> unifw.nn.MSELoss()(unifw.asarray([1.0, 3.0]), unifw.asarray([1.0, 1.0])).item()
    2.0
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        self.reduction: Reduction = reduction

    def forward(self, x: Tensor, targets: Tensor) -> Tensor:
        """Two tensors of one shape to a scalar, or that shape with reduction="none"."""
        return F.mse_loss(x, targets, reduction=self.reduction)


class L1Loss(Module, leaf=True):
    """|x - t|; see `functional.l1_loss`.

    >>> import unifw
    >>> unifw.nn.L1Loss()(unifw.asarray([1.0, 3.0]), unifw.asarray([1.0, 1.0])).item()
    1.0
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        self.reduction: Reduction = reduction

    def forward(self, x: Tensor, targets: Tensor) -> Tensor:
        """Two tensors of one shape to a scalar, or that shape with reduction="none"."""
        return F.l1_loss(x, targets, reduction=self.reduction)


class SmoothL1Loss(Module, leaf=True):
    """(x - t)^2 / (2 beta) near 0, |x - t| - beta / 2 elsewhere; see `functional.smooth_l1_loss`.

    >>> import unifw
    >>> unifw.nn.SmoothL1Loss()(unifw.asarray([3.0]), unifw.asarray([0.0])).item()
    2.5
    """

    def __init__(self, reduction: Reduction = "mean", beta: float = 1.0) -> None:
        self.reduction: Reduction = reduction
        self.beta = beta

    def forward(self, x: Tensor, targets: Tensor) -> Tensor:
        """Two tensors of one shape to a scalar, or that shape with reduction="none"."""
        return F.smooth_l1_loss(x, targets, reduction=self.reduction, beta=self.beta)


class HuberLoss(Module, leaf=True):
    """(x - t)^2 / 2 near 0, delta (|x - t| - delta / 2) elsewhere; see `functional.huber_loss`.

    >>> import unifw
    >>> unifw.nn.HuberLoss(delta=2.0)(unifw.asarray([3.0]), unifw.asarray([0.0])).item()
    4.0
    """

    def __init__(self, reduction: Reduction = "mean", delta: float = 1.0) -> None:
        self.reduction: Reduction = reduction
        self.delta = delta

    def forward(self, x: Tensor, targets: Tensor) -> Tensor:
        """Two tensors of one shape to a scalar, or that shape with reduction="none"."""
        return F.huber_loss(x, targets, reduction=self.reduction, delta=self.delta)


class KLDivLoss(Module, leaf=True):
    """The divergence t (log t - x); see `functional.kl_div`.

    >>> import unifw
    >>> x = unifw.log(unifw.asarray([[0.5, 0.5]]))
    >>> round(unifw.nn.KLDivLoss("batchmean")(x, unifw.asarray([[1.0, 0.0]])).item(), 4)
    0.6931
    """

    def __init__(
        self, reduction: Literal["mean", "sum", "none", "batchmean"] = "mean", log_target: bool = False
    ) -> None:
        self.reduction: Literal["mean", "sum", "none", "batchmean"] = reduction
        self.log_target = log_target

    def forward(self, x: Tensor, targets: Tensor) -> Tensor:
        """Two tensors of one shape to a scalar, or that shape with reduction="none"."""
        return F.kl_div(x, targets, reduction=self.reduction, log_target=self.log_target)


class PoissonNLLLoss(Module, leaf=True):
    """exp(x) - t x; see `functional.poisson_nll_loss`.

    >>> import unifw
    >>> unifw.nn.PoissonNLLLoss()(unifw.asarray([0.0]), unifw.asarray([2.0])).item()
    1.0
    """

    def __init__(
        self, log_input: bool = True, full: bool = False, eps: float = 1e-8, reduction: Reduction = "mean"
    ) -> None:
        self.log_input = log_input
        self.full = full
        self.eps = eps
        self.reduction: Reduction = reduction

    def forward(self, x: Tensor, targets: Tensor) -> Tensor:
        """Two tensors of one shape to a scalar, or that shape with reduction="none"."""
        return F.poisson_nll_loss(
            x, targets, log_input=self.log_input, full=self.full, eps=self.eps, reduction=self.reduction
        )


class GaussianNLLLoss(Module, leaf=True):
    """(log var + (x - t)^2 / var) / 2; see `functional.gaussian_nll_loss`.

    >>> import unifw
    >>> zero, one = unifw.asarray([0.0]), unifw.asarray([1.0])
    >>> unifw.nn.GaussianNLLLoss()(zero, one, one).item()
    0.5
    """

    def __init__(self, full: bool = False, eps: float = 1e-6, reduction: Reduction = "mean") -> None:
        self.full = full
        self.eps = eps
        self.reduction: Reduction = reduction

    def forward(self, x: Tensor, targets: Tensor, var: Tensor) -> Tensor:
        """Predictions, targets and variances of one shape to a scalar, or that shape with reduction="none"."""
        return F.gaussian_nll_loss(x, targets, var, full=self.full, eps=self.eps, reduction=self.reduction)


class SoftMarginLoss(Module, leaf=True):
    """log(1 + exp(-t x)); see `functional.soft_margin_loss`.

    >>> import unifw
    >>> round(unifw.nn.SoftMarginLoss()(unifw.asarray([0.0]), unifw.asarray([1.0])).item(), 4)
    0.6931
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        self.reduction: Reduction = reduction

    def forward(self, x: Tensor, targets: Tensor) -> Tensor:
        """Two tensors of one shape to a scalar, or that shape with reduction="none"."""
        return F.soft_margin_loss(x, targets, reduction=self.reduction)


class HingeEmbeddingLoss(Module, leaf=True):
    """The distance x, or max(0, margin - x); see `functional.hinge_embedding_loss`.

    >>> import unifw
    >>> unifw.nn.HingeEmbeddingLoss()(unifw.asarray([0.25]), unifw.asarray([-1.0])).item()
    0.75
    """

    def __init__(self, margin: float = 1.0, reduction: Reduction = "mean") -> None:
        self.margin = margin
        self.reduction: Reduction = reduction

    def forward(self, x: Tensor, targets: Tensor) -> Tensor:
        """Two tensors of one shape to a scalar, or that shape with reduction="none"."""
        return F.hinge_embedding_loss(x, targets, margin=self.margin, reduction=self.reduction)
