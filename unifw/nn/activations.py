"""Activation functions as layers."""

from __future__ import annotations

from unifw.nn import functional as F
from unifw.nn.module import Module
from unifw.tensor import Tensor


class ReLU(Module, leaf=True):
    """max(x, 0), of each element.

    >>> import unifw
    >>> unifw.nn.ReLU()(unifw.asarray([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.relu(x)
