"""Losses. `reduction` is "mean", "sum" or "none"; a backend may give numbers for other shapes than it checks."""

from __future__ import annotations

from typing import Protocol

from unifw.spec.types import Native


class ClassLossOps(Protocol):
    """Losses of classes and of labels."""

    def cross_entropy(
        self,
        logits: Native,
        targets: Native,
        weight: Native | None,
        axis: int,
        ignore_index: int | None,
        label_smoothing: float,
        reduction: str,
        /,
    ) -> Native:
        """Classes on `axis`, counted from the front; targets are integers without that axis, or floating with it."""
        ...

    def nll_loss(
        self,
        log_probabilities: Native,
        targets: Native,
        weight: Native | None,
        axis: int,
        ignore_index: int | None,
        reduction: str,
        /,
    ) -> Native: ...

    def binary_cross_entropy(self, x: Native, targets: Native, weight: Native | None, reduction: str, /) -> Native: ...

    def binary_cross_entropy_with_logits(
        self, x: Native, targets: Native, weight: Native | None, pos_weight: Native | None, reduction: str, /
    ) -> Native: ...

    def multi_margin_loss(
        self, x: Native, targets: Native, weight: Native | None, p: int, margin: float, reduction: str, /
    ) -> Native: ...

    def multilabel_margin_loss(self, x: Native, targets: Native, reduction: str, /) -> Native: ...

    def multilabel_soft_margin_loss(
        self, x: Native, targets: Native, weight: Native | None, reduction: str, /
    ) -> Native: ...

    def ctc_loss(
        self,
        log_probabilities: Native,
        targets: Native,
        input_lengths: Native,
        target_lengths: Native,
        blank: int,
        zero_infinity: bool,
        reduction: str,
        /,
    ) -> Native:
        """Log-probabilities (T, N, classes); targets (N, S), or all of them in a row."""
        ...


class RegressionLossOps(Protocol):
    """Losses of numbers and of distributions."""

    def mse_loss(self, x: Native, targets: Native, reduction: str, /) -> Native: ...
    def l1_loss(self, x: Native, targets: Native, reduction: str, /) -> Native: ...
    def smooth_l1_loss(self, x: Native, targets: Native, beta: float, reduction: str, /) -> Native: ...
    def huber_loss(self, x: Native, targets: Native, delta: float, reduction: str, /) -> Native: ...
    def soft_margin_loss(self, x: Native, targets: Native, reduction: str, /) -> Native: ...
    def hinge_embedding_loss(self, x: Native, targets: Native, margin: float, reduction: str, /) -> Native: ...
    def kl_div(self, x: Native, targets: Native, log_target: bool, reduction: str, /) -> Native: ...

    def poisson_nll_loss(
        self, x: Native, targets: Native, log_input: bool, full: bool, eps: float, reduction: str, /
    ) -> Native: ...

    def gaussian_nll_loss(
        self, x: Native, targets: Native, var: Native, full: bool, eps: float, reduction: str, /
    ) -> Native:
        """The variance broadcasts to `x`."""
        ...


class RankingLossOps(Protocol):
    """Losses of pairs and triplets, and the distances they are made of."""

    def cosine_similarity(self, x1: Native, x2: Native, axis: int, eps: float, /) -> Native: ...
    def pairwise_distance(self, x1: Native, x2: Native, p: float, eps: float, keepdims: bool, /) -> Native: ...

    def cosine_embedding_loss(
        self, x1: Native, x2: Native, targets: Native, margin: float, reduction: str, /
    ) -> Native: ...

    def margin_ranking_loss(
        self, x1: Native, x2: Native, targets: Native, margin: float, reduction: str, /
    ) -> Native: ...

    def triplet_margin_loss(
        self,
        anchor: Native,
        positive: Native,
        negative: Native,
        margin: float,
        p: float,
        eps: float,
        swap: bool,
        reduction: str,
        /,
    ) -> Native: ...


class LossOps(ClassLossOps, RegressionLossOps, RankingLossOps, Protocol):
    """All losses."""
