"""Softmax and its kin as layers."""

from __future__ import annotations

from typing import Any, NamedTuple

from unifw.array.comparison import clip, where
from unifw.array.indexing import take_along_axis
from unifw.array.manipulation import concat, expand_dims, squeeze
from unifw.array.searching import argmax
from unifw.array.statistical import mean
from unifw.errors import ArgumentError
from unifw.nn import functional as F
from unifw.nn.containers import ModuleList, Sequential
from unifw.nn.geometry import count, data_format_of
from unifw.nn.linear import Linear
from unifw.nn.module import Module
from unifw.tensor import Tensor


class _AlongAxis(Module):
    """A function along one axis."""

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def _describe(self) -> str:
        return f"dim={self.dim}"


class Softmax(_AlongAxis, leaf=True):
    """exp(x), divided by its sum along the axis `dim`.

    >>> import unifw
    >>> unifw.nn.Softmax()(unifw.asarray([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.softmax(x, self.dim)


class Softmin(_AlongAxis, leaf=True):
    """exp(-x), divided by its sum along the axis `dim`.

    >>> import unifw
    >>> unifw.nn.Softmin()(unifw.asarray([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.softmin(x, self.dim)


class LogSoftmax(_AlongAxis, leaf=True):
    """The logarithm of `Softmax`, computed without underflow.

    >>> import unifw
    >>> [round(value, 4) for value in unifw.nn.LogSoftmax()(unifw.asarray([0.0, 0.0])).tolist()]
    [-0.6931, -0.6931]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.log_softmax(x, self.dim)


class Softmax2d(Module, leaf=True):
    """Softmax over the channels of each place of images (N, H, W, C), or (N, C, H, W) with channels_first.

    >>> import unifw
    >>> unifw.nn.Softmax2d()(unifw.zeros((1, 1, 1, 2))).tolist()
    [[[[0.5, 0.5]]]]
    """

    def __init__(self, data_format: str = "channels_last") -> None:
        self.data_format = data_format_of(data_format)

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, C) to the same shape."""
        return F.softmax(x, -1 if self.data_format == "channels_last" else -3)


class AdaptiveOutput(NamedTuple):
    """What `AdaptiveLogSoftmaxWithLoss` returns: log-probabilities of the targets (N,), and minus their mean."""

    output: Tensor
    loss: Tensor


class AdaptiveLogSoftmaxWithLoss(Module):
    """A softmax over many classes by clusters: frequent classes in a head, rare ones in narrower tails.

    Grave et al., 2017. Classes are ordered by frequency; `cutoffs` are where clusters begin, and each tail has
    `div_value` times fewer features than the one before. `forward(x, targets)` gives (output, loss). Every cluster is
    computed for every row, so that shapes do not depend on values.

    >>> import unifw
    >>> layer = unifw.nn.AdaptiveLogSoftmaxWithLoss(8, 10, cutoffs=[4])
    >>> layer(unifw.zeros((3, 8)), unifw.asarray([0, 4, 9])).output.shape, layer.log_prob(unifw.zeros((3, 8))).shape
    ((3,), (3, 10))
    """

    def __init__(
        self, in_features: int, n_classes: int, cutoffs: Any, div_value: float = 4.0, head_bias: bool = False
    ) -> None:
        bounds = [count("cutoffs", n) for n in cutoffs]
        if not bounds or bounds != sorted(set(bounds)) or bounds[-1] >= n_classes:
            raise ArgumentError(
                f"cutoffs: got {cutoffs!r}; expected rising integers from 1 to {n_classes - 1}, at least one."
            )
        self.in_features, self.n_classes, self.div_value = in_features, n_classes, div_value
        self.cutoffs = [*bounds, n_classes]
        self.head = Linear(in_features, bounds[0] + len(bounds), bias=head_bias)
        self.tail = ModuleList(
            Sequential(
                Linear(in_features, int(in_features // div_value ** (i + 1)), bias=False),
                Linear(int(in_features // div_value ** (i + 1)), self.cutoffs[i + 1] - self.cutoffs[i], bias=False),
            )
            for i in range(len(bounds))
        )

    def forward(self, x: Tensor, targets: Tensor) -> AdaptiveOutput:
        """(N, in_features) and classes (N,) to the targets' log-probabilities (N,) and the loss."""
        head, first = F.log_softmax(self.head(x)), self.cutoffs[0]
        output = _picked(head, targets, first)
        for i, tail in enumerate(self.tail):
            start, stop = self.cutoffs[i : i + 2]
            inside = (targets >= start) & (targets < stop)
            own = _picked(F.log_softmax(tail(x)), targets - start, stop - start) + head[:, first + i]
            output = where(inside, own, output)
        return AdaptiveOutput(output, -mean(output))

    def log_prob(self, x: Tensor) -> Tensor:
        """Log-probabilities of every class: (N, in_features) to (N, n_classes)."""
        head, first = F.log_softmax(self.head(x)), self.cutoffs[0]
        tails = [F.log_softmax(tail(x)) + head[:, first + i : first + i + 1] for i, tail in enumerate(self.tail)]
        return concat([head[:, :first], *tails], axis=1)

    def predict(self, x: Tensor) -> Tensor:
        """The most probable class of each row: (N, in_features) to (N,)."""
        return argmax(self.log_prob(x), axis=1)


def _picked(log_probabilities: Tensor, targets: Tensor, classes: int) -> Tensor:
    """The number of each row at its target, or at the nearest class that there is."""
    places = expand_dims(clip(targets, 0, classes - 1), axis=1)
    return squeeze(take_along_axis(log_probabilities, places, axis=1), axis=1)
