"""Dropout layers."""

from __future__ import annotations

from unifw.errors import ArgumentError
from unifw.nn import functional as F
from unifw.nn.module import Module
from unifw.tensor import Tensor


class Dropout(Module, leaf=True):
    """In training each element 0 with probability `p`, else scaled by 1 / (1 - p) (Srivastava et al., 2014).

    Raises ArgumentError for `p` outside 0 to 1.

    >>> import unifw
    >>> unifw.nn.Dropout(0.5).eval()(unifw.ones(2)).tolist()
    [1.0, 1.0]
    """

    def __init__(self, p: float = 0.5) -> None:
        if not 0 <= p <= 1:
            raise ArgumentError(f"Dropout: got p={p}; expected a probability from 0 to 1.")
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.dropout(x, self.p, self.training)

    def _describe(self) -> str:
        return f"p={self.p}"
