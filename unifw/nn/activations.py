"""Smooth activation functions as layers."""

from __future__ import annotations

from unifw.errors import ArgumentError
from unifw.nn import functional as F
from unifw.nn.inplace import NotInPlace
from unifw.nn.module import Module
from unifw.tensor import Tensor


class GELU(Module, leaf=True):
    """The input x times the normal distribution function at x (Hendrycks and Gimpel, 2016).

    Exact by default; `approximate="tanh"` is PyTorch's other form. Raises ArgumentError for another word.

    >>> import unifw
    >>> round(unifw.nn.GELU()(unifw.asarray(1.0)).item(), 4)
    0.8413
    """

    def __init__(self, approximate: str = "none") -> None:
        if approximate not in ("none", "tanh"):
            raise ArgumentError(f'GELU: got approximate={approximate!r}; expected "none" or "tanh".')
        self.approximate = approximate

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.gelu(x, self.approximate)

    def _describe(self) -> str:
        return f"approximate={self.approximate!r}"


class Sigmoid(Module, leaf=True):
    """1 / (1 + exp(-x)).

    >>> import unifw
    >>> unifw.nn.Sigmoid()(unifw.asarray([0.0])).tolist()
    [0.5]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.sigmoid(x)


class LogSigmoid(Module, leaf=True):
    """log(1 / (1 + exp(-x))).

    >>> import unifw
    >>> round(unifw.nn.LogSigmoid()(unifw.asarray([100.0])).item(), 6) + 0.0
    0.0
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.logsigmoid(x)


class Tanh(Module, leaf=True):
    """The hyperbolic tangent.

    >>> import unifw
    >>> unifw.nn.Tanh()(unifw.asarray([0.0])).tolist()
    [0.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.tanh(x)


class Tanhshrink(Module, leaf=True):
    """x - tanh(x).

    >>> import unifw
    >>> unifw.nn.Tanhshrink()(unifw.asarray([0.0])).tolist()
    [0.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.tanhshrink(x)


class SiLU(NotInPlace, leaf=True):
    """x * sigmoid(x), also called swish (Hendrycks and Gimpel, 2016).

    >>> import unifw
    >>> unifw.nn.SiLU()(unifw.asarray([0.0])).tolist()
    [0.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.silu(x)


class Mish(NotInPlace, leaf=True):
    """x * tanh(softplus(x)) (Misra, 2019).

    >>> import unifw
    >>> unifw.nn.Mish()(unifw.asarray([0.0])).tolist()
    [0.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.mish(x)


class Softplus(Module, leaf=True):
    """log(1 + exp(beta * x)) / beta, and x where beta * x is above threshold.

    >>> import unifw
    >>> unifw.nn.Softplus()(unifw.asarray([30.0])).tolist()
    [30.0]
    """

    def __init__(self, beta: float = 1.0, threshold: float = 20.0) -> None:
        self.beta = beta
        self.threshold = threshold

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.softplus(x, self.beta, self.threshold)

    def _describe(self) -> str:
        return f"beta={self.beta}, threshold={self.threshold}"


class Softsign(Module, leaf=True):
    """x / (1 + |x|).

    >>> import unifw
    >>> unifw.nn.Softsign()(unifw.asarray([1.0, -3.0])).tolist()
    [0.5, -0.75]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.softsign(x)


class GLU(Module, leaf=True):
    """The first half of the axis `dim` times the sigmoid of the second (Dauphin et al., 2017).

    >>> import unifw
    >>> unifw.nn.GLU()(unifw.asarray([2.0, 0.0])).tolist()
    [1.0]
    """

    def __init__(self, dim: int = -1) -> None:
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        """(..., 2 n, ...) to (..., n, ...)."""
        return F.glu(x, self.dim)

    def _describe(self) -> str:
        return f"dim={self.dim}"
