"""Losses with a margin, of classes, pairs and triplets, and of sequences, as layers."""

from __future__ import annotations

from collections.abc import Callable

from unifw.conversion import TensorLike
from unifw.nn import functional as F
from unifw.nn.losses import held
from unifw.nn.module import Module
from unifw.tensor import Tensor

Reduction = F.Reduction
Distance = Callable[[Tensor, Tensor], Tensor]


class MultiMarginLoss(Module, leaf=True):
    """The hinge loss of several classes; see `functional.multi_margin_loss`.

    >>> import unifw
    >>> x = unifw.asarray([[0.1, 0.2, 0.4, 0.8]])
    >>> round(unifw.nn.MultiMarginLoss()(x, unifw.asarray([3])).item(), 4)
    0.325
    """

    def __init__(
        self, p: int = 1, margin: float = 1.0, weight: TensorLike | None = None, reduction: Reduction = "mean"
    ) -> None:
        self.p = p
        self.margin = margin
        self.weight = held(weight)
        self.reduction: Reduction = reduction

    def forward(self, x: Tensor, targets: Tensor) -> Tensor:
        """Scores (N, classes) and targets to a scalar, or (N,) with reduction="none"."""
        return F.multi_margin_loss(
            x, targets, p=self.p, margin=self.margin, weight=self.weight, reduction=self.reduction
        )


class MultiLabelMarginLoss(Module, leaf=True):
    """The hinge loss of several labels per row; see `functional.multilabel_margin_loss`.

    >>> import unifw
    >>> x, labels = unifw.asarray([[0.1, 0.2, 0.4, 0.8]]), unifw.asarray([[3, 0, -1, 1]])
    >>> round(unifw.nn.MultiLabelMarginLoss()(x, labels).item(), 4)
    0.85
    """

    def __init__(self, reduction: Reduction = "mean") -> None:
        self.reduction: Reduction = reduction

    def forward(self, x: Tensor, targets: Tensor) -> Tensor:
        """Scores (N, classes) and targets to a scalar, or (N,) with reduction="none"."""
        return F.multilabel_margin_loss(x, targets, reduction=self.reduction)


class MultiLabelSoftMarginLoss(Module, leaf=True):
    """The mean over classes of binary cross-entropy; see `functional.multilabel_soft_margin_loss`.

    >>> import unifw
    >>> x, labels = unifw.zeros((1, 2)), unifw.asarray([[1.0, 0.0]])
    >>> round(unifw.nn.MultiLabelSoftMarginLoss()(x, labels).item(), 4)
    0.6931
    """

    def __init__(self, weight: TensorLike | None = None, reduction: Reduction = "mean") -> None:
        self.weight = held(weight)
        self.reduction: Reduction = reduction

    def forward(self, x: Tensor, targets: Tensor) -> Tensor:
        """Scores (N, classes) and targets to a scalar, or (N,) with reduction="none"."""
        return F.multilabel_soft_margin_loss(x, targets, weight=self.weight, reduction=self.reduction)


class CosineEmbeddingLoss(Module, leaf=True):
    """1 - cos(x1, x2), or max(0, cos(x1, x2) - margin); see `functional.cosine_embedding_loss`.

    >>> import unifw
    >>> x = unifw.asarray([[1.0, 0.0]])
    >>> unifw.nn.CosineEmbeddingLoss()(x, x, unifw.asarray([-1])).item()
    1.0
    """

    def __init__(self, margin: float = 0.0, reduction: Reduction = "mean") -> None:
        self.margin = margin
        self.reduction: Reduction = reduction

    def forward(self, x1: Tensor, x2: Tensor, targets: Tensor) -> Tensor:
        """Two tensors (N, D) and targets (N,) to a scalar, or (N,) with reduction="none"."""
        return F.cosine_embedding_loss(x1, x2, targets, margin=self.margin, reduction=self.reduction)


class MarginRankingLoss(Module, leaf=True):
    """max(0, -t (x1 - x2) + margin); see `functional.margin_ranking_loss`.

    >>> import unifw
    >>> one, two = unifw.asarray([1.0]), unifw.asarray([2.0])
    >>> unifw.nn.MarginRankingLoss()(one, two, unifw.asarray([1.0])).item()
    1.0
    """

    def __init__(self, margin: float = 0.0, reduction: Reduction = "mean") -> None:
        self.margin = margin
        self.reduction: Reduction = reduction

    def forward(self, x1: Tensor, x2: Tensor, targets: Tensor) -> Tensor:
        """Three tensors of one shape to a scalar, or that shape with reduction="none"."""
        return F.margin_ranking_loss(x1, x2, targets, margin=self.margin, reduction=self.reduction)


class TripletMarginLoss(Module, leaf=True):
    """max(0, margin + d(anchor, positive) - d(anchor, negative)); see `functional.triplet_margin_loss`.

    >>> import unifw
    >>> a = unifw.zeros((1, 2))
    >>> round(unifw.nn.TripletMarginLoss(margin=5.0)(a, a, a + 3.0).item(), 4)
    0.7574
    """

    def __init__(
        self, margin: float = 1.0, p: float = 2.0, eps: float = 1e-6, swap: bool = False, reduction: Reduction = "mean"
    ) -> None:
        self.margin = margin
        self.p = p
        self.eps = eps
        self.swap = swap
        self.reduction: Reduction = reduction

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Three tensors (..., D) to a scalar, or (...) with reduction="none"."""
        return F.triplet_margin_loss(
            anchor,
            positive,
            negative,
            margin=self.margin,
            p=self.p,
            eps=self.eps,
            swap=self.swap,
            reduction=self.reduction,
        )


class TripletMarginWithDistanceLoss(Module, leaf=True):
    """The triplet loss with a distance of your own; see `functional.triplet_margin_with_distance_loss`.

    >>> import unifw
    >>> loss = unifw.nn.TripletMarginWithDistanceLoss(lambda x, y: unifw.sum(unifw.abs(x - y), axis=-1))
    >>> a = unifw.zeros((1, 2))
    >>> loss(a, a, a + 0.25).item()
    0.5
    """

    def __init__(
        self,
        distance_function: Distance | None = None,
        margin: float = 1.0,
        swap: bool = False,
        reduction: Reduction = "mean",
    ) -> None:
        self.distance_function = distance_function
        self.margin = margin
        self.swap = swap
        self.reduction: Reduction = reduction

    def forward(self, anchor: Tensor, positive: Tensor, negative: Tensor) -> Tensor:
        """Three tensors (..., D) to a scalar, or (...) with reduction="none"."""
        return F.triplet_margin_with_distance_loss(
            anchor,
            positive,
            negative,
            distance_function=self.distance_function,
            margin=self.margin,
            swap=self.swap,
            reduction=self.reduction,
        )


class CTCLoss(Module, leaf=True):
    """-log of the probability of all alignments; see `functional.ctc_loss`.

    >>> import unifw
    >>> logs = unifw.log_softmax(unifw.zeros((1, 2, 3)))
    >>> round(unifw.nn.CTCLoss()(logs, unifw.asarray([[1]]), [2], [1]).item(), 4)
    1.0986
    """

    def __init__(
        self, blank: int = 0, reduction: Reduction = "mean", zero_infinity: bool = False, batch_first: bool = True
    ) -> None:
        self.blank = blank
        self.reduction: Reduction = reduction
        self.zero_infinity = zero_infinity
        self.batch_first = batch_first

    def forward(
        self, log_probabilities: Tensor, targets: Tensor, input_lengths: F.Lengths, target_lengths: F.Lengths
    ) -> Tensor:
        """Log-probabilities (N, T, classes), targets (N, S) and lengths (N,) to a scalar, or (N,) with "none"."""
        return F.ctc_loss(
            log_probabilities,
            targets,
            input_lengths,
            target_lengths,
            blank=self.blank,
            reduction=self.reduction,
            zero_infinity=self.zero_infinity,
            batch_first=self.batch_first,
        )


class CosineSimilarity(Module, leaf=True):
    """The cosine of the angle between x1 and x2; see `functional.cosine_similarity`.

    >>> import unifw
    >>> x = unifw.asarray([[1.0, 0.0]])
    >>> unifw.nn.CosineSimilarity()(x, x).tolist()
    [1.0]
    """

    def __init__(self, axis: int = -1, eps: float = 1e-8) -> None:
        self.axis = axis
        self.eps = eps

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Two tensors to their shape without the axis."""
        return F.cosine_similarity(x1, x2, axis=self.axis, eps=self.eps)


class PairwiseDistance(Module, leaf=True):
    """The p-norm of x1 - x2; see `functional.pairwise_distance`.

    >>> import unifw
    >>> x = unifw.asarray([[3.0, 4.0]])
    >>> round(unifw.nn.PairwiseDistance()(x, x - x).item(), 4)
    5.0
    """

    def __init__(self, p: float = 2.0, eps: float = 1e-6, keepdims: bool = False) -> None:
        self.p = p
        self.eps = eps
        self.keepdims = keepdims

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """Two tensors (..., D) to (...)."""
        return F.pairwise_distance(x1, x2, p=self.p, eps=self.eps, keepdims=self.keepdims)
