"""Every loss with its settings, and what it is given: one table for all tests of losses. Others add rows here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Array = Any


def normal(rng: np.random.Generator, *shape: int) -> Array:
    return rng.standard_normal(shape) * 2


def unit(rng: np.random.Generator, *shape: int) -> Array:
    return rng.random(shape)


def signs(rng: np.random.Generator, *shape: int) -> Array:
    return rng.integers(0, 2, shape) * 2.0 - 1


def shares(rng: np.random.Generator, *shape: int) -> Array:
    x = rng.random(shape)
    return x / x.sum(-1, keepdims=True)


def logs(rng: np.random.Generator, *shape: int) -> Array:
    return np.log(shares(rng, *shape))


WEIGHT = np.array([0.5, 2.0, 1.0, 0.1, 3.0])
LABELS = np.array(
    [[3, 0, -1, 1, 2], [0, 1, 2, 3, 4], [-1, 0, 0, 0, 0], [2, -1, 2, 2, 2], [4, 3, -1, 0, 0], [1, 1, -1, 0, 0]]
)
Inputs = Callable[[np.random.Generator], list[Array]]
two: Inputs = lambda rng: [normal(rng, 6, 5), normal(rng, 6, 5)]  # noqa: E731
classes: Inputs = lambda rng: [normal(rng, 6, 5), rng.integers(0, 5, 6)]  # noqa: E731
probabilities: Inputs = lambda rng: [normal(rng, 6, 5), shares(rng, 6, 5)]  # noqa: E731
triples: Inputs = lambda rng: [normal(rng, 6, 5) for _ in range(3)]  # noqa: E731
# The class in both libraries, its settings, and its inputs.
CASES: dict[str, tuple[str, dict[str, Any], Inputs]] = {
    "cross-entropy": ("CrossEntropyLoss", {}, classes),
    "cross-entropy-weight": ("CrossEntropyLoss", {"weight": WEIGHT}, classes),
    "cross-entropy-ignore": ("CrossEntropyLoss", {"weight": WEIGHT, "ignore_index": 2}, classes),
    "cross-entropy-smooth": ("CrossEntropyLoss", {"label_smoothing": 0.2}, classes),
    "cross-entropy-all": ("CrossEntropyLoss", {"weight": WEIGHT, "ignore_index": 2, "label_smoothing": 0.2}, classes),
    "cross-entropy-soft": ("CrossEntropyLoss", {}, probabilities),
    "cross-entropy-soft-all": ("CrossEntropyLoss", {"weight": WEIGHT, "label_smoothing": 0.3}, probabilities),
    "nll": ("NLLLoss", {}, lambda rng: [logs(rng, 6, 5), rng.integers(0, 5, 6)]),
    "nll-all": ("NLLLoss", {"weight": WEIGHT, "ignore_index": 1}, lambda rng: [logs(rng, 6, 5), rng.integers(0, 5, 6)]),
    "bce": ("BCELoss", {}, lambda rng: [unit(rng, 6, 5), unit(rng, 6, 5)]),
    "bce-weight": ("BCELoss", {"weight": WEIGHT}, lambda rng: [unit(rng, 6, 5), unit(rng, 6, 5)]),
    "bce-edges": ("BCELoss", {}, lambda rng: [np.array([0.0, 1, 0, 1, 1e-30]), np.array([0, 1, 1, 0, 1])]),
    "bce-logits": ("BCEWithLogitsLoss", {}, lambda rng: [normal(rng, 6, 5) * 20, unit(rng, 6, 5)]),
    "bce-logits-zero": ("BCEWithLogitsLoss", {"pos_weight": WEIGHT}, lambda rng: [np.zeros((2, 5)), unit(rng, 2, 5)]),
    "bce-logits-all": (
        "BCEWithLogitsLoss",
        {"weight": WEIGHT, "pos_weight": WEIGHT[::-1].copy()},
        lambda rng: [normal(rng, 6, 5), unit(rng, 6, 5)],
    ),
    "mse": ("MSELoss", {}, two),
    "l1": ("L1Loss", {}, two),
    "l1-equal": ("L1Loss", {}, lambda rng: [np.ones((2, 3)), np.ones((2, 3))]),
    "smooth-l1": ("SmoothL1Loss", {}, two),
    "smooth-l1-beta": ("SmoothL1Loss", {"beta": 0.5}, two),
    "smooth-l1-zero": ("SmoothL1Loss", {"beta": 0.0}, two),
    "huber": ("HuberLoss", {"delta": 1.5}, two),
    "huber-edge": ("HuberLoss", {}, lambda rng: [np.array([0.0, 1.0, -1.0, 2.0]), np.zeros(4)]),
    "kl": ("KLDivLoss", {}, lambda rng: [logs(rng, 6, 5), shares(rng, 6, 5)]),
    "kl-log": ("KLDivLoss", {"log_target": True}, lambda rng: [logs(rng, 6, 5), logs(rng, 6, 5)]),
    "poisson": ("PoissonNLLLoss", {}, lambda rng: [normal(rng, 6, 5), rng.poisson(3, (6, 5))]),
    "poisson-full": (
        "PoissonNLLLoss",
        {"log_input": False, "full": True, "eps": 1e-6},
        lambda rng: [unit(rng, 6, 5), rng.poisson(1, (6, 5))],
    ),
    "gaussian": ("GaussianNLLLoss", {}, lambda rng: [*two(rng), unit(rng, 6, 5)]),
    "gaussian-full": ("GaussianNLLLoss", {"full": True, "eps": 0.4}, lambda rng: [*two(rng), unit(rng, 6, 1)]),
    "soft-margin": ("SoftMarginLoss", {}, lambda rng: [normal(rng, 6, 5), signs(rng, 6, 5).astype("int64")]),
    "hinge": ("HingeEmbeddingLoss", {"margin": 1.5}, lambda rng: [normal(rng, 6, 5), signs(rng, 6, 5)]),
    "multi-margin": ("MultiMarginLoss", {}, classes),
    "multi-margin-all": ("MultiMarginLoss", {"p": 2, "margin": 0.5, "weight": WEIGHT}, classes),
    "multilabel-margin": ("MultiLabelMarginLoss", {}, lambda rng: [normal(rng, 6, 5), LABELS]),
    "multilabel-soft": ("MultiLabelSoftMarginLoss", {}, lambda rng: [normal(rng, 6, 5), unit(rng, 6, 5)]),
    "multilabel-soft-weight": (
        "MultiLabelSoftMarginLoss",
        {"weight": WEIGHT},
        lambda rng: [normal(rng, 6, 5), unit(rng, 6, 5)],
    ),
    "cosine": ("CosineEmbeddingLoss", {"margin": 0.2}, lambda rng: [*two(rng), signs(rng, 6)]),
    "ranking": ("MarginRankingLoss", {"margin": 0.3}, lambda rng: [*two(rng), signs(rng, 6, 5)]),
    "ranking-edge": ("MarginRankingLoss", {}, lambda rng: [np.ones(3), np.ones(3), np.array([1.0, -1.0, 1.0])]),
    "triplet": ("TripletMarginLoss", {}, triples),
    "triplet-swap": ("TripletMarginLoss", {"margin": 4.0, "p": 1.0, "swap": True}, triples),
    "triplet-p": ("TripletMarginLoss", {"margin": 4.0, "p": 3.0}, triples),
    "triplet-own": ("TripletMarginWithDistanceLoss", {"margin": 2.0, "swap": True}, triples),
}
SIMPLE = {"similarity": ("CosineSimilarity", {}, two), "distance": ("PairwiseDistance", {"p": 3.0}, two)}
SIMPLE["similarity-zero"] = ("CosineSimilarity", {}, lambda rng: [np.zeros((2, 3)), normal(rng, 2, 3)])
SIMPLE["distance-2"] = ("PairwiseDistance", {}, two)
SIMPLE["distance-max"] = ("PairwiseDistance", {"p": float("inf"), "keepdims": True}, two)
