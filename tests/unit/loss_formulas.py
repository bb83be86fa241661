"""Every loss by its formula in NumPy, before the mean: a loss, its inputs, and its values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import special

from unifw import nn

from .layer_formulas import DOUBLE, Array, Formula, Known, weights


def of_pair(make: Callable[[], nn.Module], function: Callable[[Array, Array], Array], **ranges: Any) -> Formula:
    """Two inputs (5, 4): of numbers, or of what `first` and `second` make of uniform ones."""

    def known(rng: np.random.Generator) -> Known:
        x, y = (ranges.get(key, lambda u: 4 * u - 2)(rng.random((5, 4))) for key in ("first", "second"))
        return make(), [x, y], function(x, y)

    return known


def of_classes(make: Callable[[], nn.Module], function: Callable[[Array, Array], Array]) -> Formula:
    def known(rng: np.random.Generator) -> Known:
        x, y = rng.standard_normal((5, 4)), rng.integers(0, 4, 5)
        return make(), [x, y], function(x, y)

    return known


def at(x: Array, y: Array) -> Array:
    return np.take_along_axis(x, y[:, None], 1)[:, 0]


def shares(u: Array) -> Array:
    return u / u.sum(-1, keepdims=True)


def signs(u: Array) -> Array:
    return np.where(u > 0.5, 1.0, -1.0)


def binary(p: Array, t: Array) -> Array:
    return -(t * np.log(p) + (1 - t) * np.log1p(-p))


def distance(x: Array, y: Array, p: float = 2.0) -> Array:
    return (abs(x - y + 1e-6) ** p).sum(-1) ** (1 / p)


def similarity(x: Array, y: Array) -> Array:
    return (x * y).sum(-1) / np.sqrt((x * x).sum(-1) * (y * y).sum(-1))


def multi_margin(x: Array, y: Array) -> Array:
    margins = np.maximum(0, 1 - at(x, y)[:, None] + x)
    np.put_along_axis(margins, y[:, None], 0, 1)
    return margins.sum(1) / 4


def multilabel_margin(rng: np.random.Generator) -> Known:
    x, labels = rng.standard_normal((2, 4)), np.array([[2, 0, -1, 3], [1, -1, 1, 1]])
    wanted = [
        sum(max(0.0, 1 - row[j] + row[i]) for j in own for i in range(4) if i not in own) / 4
        for row, own in zip(x, ([2, 0], [1]), strict=True)
    ]
    return nn.MultiLabelMarginLoss(reduction="none"), [x, labels], np.array(wanted)


def gaussian_nll(rng: np.random.Generator) -> Known:
    x, y, var = rng.standard_normal((5, 4)), rng.standard_normal((5, 4)), rng.random((5, 4)) + 0.1
    wanted = (np.log(var) + (x - y) ** 2 / var + np.log(2 * np.pi)) / 2
    return nn.GaussianNLLLoss(full=True, reduction="none"), [x, y, var], wanted


def of_two_and_sign(make: Callable[[], nn.Module], function: Callable[..., Array], each_row: bool) -> Formula:
    def known(rng: np.random.Generator) -> Known:
        x, y, t = rng.standard_normal((5, 4)), rng.standard_normal((5, 4)), signs(rng.random(5 if each_row else (5, 4)))
        return make(), [x, y, t], function(x, y, t)

    return known


def of_triple(make: Callable[[], nn.Module], function: Callable[..., Array]) -> Formula:
    def known(rng: np.random.Generator) -> Known:
        given = [rng.standard_normal((5, 4)) for _ in range(3)]
        return make(), given, function(*given)

    return known


def ctc(rng: np.random.Generator) -> Known:
    """Two frames and the target (1,): its paths are 1 1, 1 blank and blank 1."""
    logs = special.log_softmax(rng.standard_normal((1, 2, 3)), -1)
    p = np.exp(logs[0])
    wanted = -np.log(p[0, 1] * p[1, 1] + p[0, 1] * p[1, 0] + p[0, 0] * p[1, 1])
    given = [logs, np.array([[1]]), np.array([2]), np.array([1])]
    return nn.CTCLoss(reduction="none"), given, np.array([wanted])


def adaptive(rng: np.random.Generator) -> Known:
    """The log-probability of a class in a cluster is that of the cluster and that within it."""
    layer = nn.AdaptiveLogSoftmaxWithLoss(4, 6, [2, 4], div_value=2.0).to(DOUBLE)
    x, y, own = rng.standard_normal((5, 4)), np.array([0, 1, 2, 3, 5]), weights(layer)
    head = special.log_softmax(x @ own["head.weight"].T, -1)
    tails = [special.log_softmax(x @ own[f"tail.{i}.0.weight"].T @ own[f"tail.{i}.1.weight"].T, -1) for i in range(2)]
    every = np.concatenate([head[:, :2], *(head[:, 2 + i, None] + tails[i] for i in range(2))], 1)
    return layer, [x, y], at(every, y)


def kept(name: str, *args: Any, **options: Any) -> Callable[[], nn.Module]:
    return lambda: getattr(nn, name)(*args, **options, reduction="none")


LOSSES: dict[str, Formula] = {
    "CrossEntropyLoss": of_classes(kept("CrossEntropyLoss"), lambda x, y: -at(special.log_softmax(x, -1), y)),
    "NLLLoss": of_classes(kept("NLLLoss"), lambda x, y: -at(x, y)),
    "BCELoss": of_pair(kept("BCELoss"), binary, first=lambda u: 0.05 + 0.9 * u, second=lambda u: u),
    "BCEWithLogitsLoss": of_pair(
        kept("BCEWithLogitsLoss"), lambda x, t: binary(special.expit(x), t), second=lambda u: u
    ),
    "MSELoss": of_pair(kept("MSELoss"), lambda x, y: (x - y) ** 2),
    "L1Loss": of_pair(kept("L1Loss"), lambda x, y: abs(x - y)),
    "SmoothL1Loss": of_pair(
        kept("SmoothL1Loss", beta=0.5),
        lambda x, y: np.where(abs(x - y) < 0.5, (x - y) ** 2 / (2 * 0.5), abs(x - y) - 0.5 / 2),
    ),
    "HuberLoss": of_pair(
        kept("HuberLoss", delta=0.5),
        lambda x, y: np.where(abs(x - y) < 0.5, (x - y) ** 2 / 2, 0.5 * (abs(x - y) - 0.5 / 2)),
    ),
    "KLDivLoss": of_pair(
        kept("KLDivLoss"), lambda x, t: t * (np.log(t) - x), first=lambda u: np.log(shares(u)), second=shares
    ),
    "PoissonNLLLoss": of_pair(kept("PoissonNLLLoss"), lambda x, t: np.exp(x) - t * x, second=lambda u: 3 * u),
    "GaussianNLLLoss": gaussian_nll,
    "SoftMarginLoss": of_pair(kept("SoftMarginLoss"), lambda x, t: np.log1p(np.exp(-t * x)), second=signs),
    "HingeEmbeddingLoss": of_pair(
        kept("HingeEmbeddingLoss", 1.5), lambda x, t: np.where(t > 0, x, np.maximum(0, 1.5 - x)), second=signs
    ),
    "MultiMarginLoss": of_classes(kept("MultiMarginLoss"), multi_margin),
    "MultiLabelMarginLoss": multilabel_margin,
    "MultiLabelSoftMarginLoss": of_pair(
        kept("MultiLabelSoftMarginLoss"), lambda x, t: binary(special.expit(x), t).mean(-1), second=np.round
    ),
    "CosineEmbeddingLoss": of_two_and_sign(
        kept("CosineEmbeddingLoss", 0.2),
        lambda x, y, t: np.where(t > 0, 1 - similarity(x, y), np.maximum(0, similarity(x, y) - 0.2)),
        True,
    ),
    "MarginRankingLoss": of_two_and_sign(
        kept("MarginRankingLoss", 0.3), lambda x, y, t: np.maximum(0, -t * (x - y) + 0.3), False
    ),
    "TripletMarginLoss": of_triple(
        kept("TripletMarginLoss"), lambda a, p, n: np.maximum(0, distance(a, p) - distance(a, n) + 1)
    ),
    "TripletMarginWithDistanceLoss": of_triple(
        kept("TripletMarginWithDistanceLoss", margin=2.0),
        lambda a, p, n: np.maximum(0, distance(a, p) - distance(a, n) + 2),
    ),
    "CTCLoss": ctc,
    "AdaptiveLogSoftmaxWithLoss": adaptive,
    "CosineSimilarity": of_pair(nn.CosineSimilarity, similarity),
    "PairwiseDistance": of_pair(lambda: nn.PairwiseDistance(3.0), lambda x, y: distance(x, y, 3.0)),
}
