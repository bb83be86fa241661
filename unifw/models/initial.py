"""Initial values of layers with a bias."""

from __future__ import annotations

from unifw import nn
from unifw.nn import init
from unifw.spec import Numpy


def start(layer: nn.Linear | nn.Conv2d, weight: Numpy, bias_std: float = 0.0) -> None:
    """Give a layer its first weight, and a bias of zeros or of a normal distribution.

    >>> layer = nn.Linear(2, 1)
    >>> start(layer, init.normal((1, 2), std=0.02))
    >>> layer.bias.tolist()
    [0.0]
    """
    layer.weight.assign(weight)
    if layer.bias is not None:
        layer.bias.assign(init.normal(tuple(layer.bias.shape), std=bias_std))
