"""Dense layers."""

from __future__ import annotations

from unifw.nn import functional as F
from unifw.nn import init
from unifw.nn.geometry import count
from unifw.nn.module import Module
from unifw.tensor import Tensor
from unifw.variable import Parameter


class Linear(Module, leaf=True, lazy="in_features"):
    """x @ weight.T + bias: (..., in_features) to (..., out_features).

    `weight` is (out_features, in_features); both start as U(-1/sqrt(in), 1/sqrt(in)). `in_features` may be None: it is
    found at the first call.

    >>> import unifw
    >>> unifw.nn.Linear(3, 2)(unifw.zeros((5, 3))).shape
    (5, 2)
    """

    def __init__(self, in_features: int | None, out_features: int, bias: bool = True) -> None:
        shape = (count("out_features", out_features, 0), count("in_features", in_features, 0))
        bound = init.fan_in_bound(shape)
        self.weight = Parameter(init.uniform(shape, bound), dense=True)
        self.bias = Parameter(init.uniform((out_features,), bound)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """(..., in_features) to (..., out_features)."""
        return F.linear(x, self.weight, self.bias)

    def _describe(self) -> str:
        out_features, in_features = self.weight.shape
        return f"{in_features}, {out_features}, bias={self.bias is not None}"


class Bilinear(Module, leaf=True):
    """x1.T @ weight[o] @ x2 + bias[o]: (..., in1_features) and (..., in2_features) to (..., out_features).

    `weight` is (out_features, in1_features, in2_features); both start as U(-1/sqrt(in1), 1/sqrt(in1)).

    >>> import unifw
    >>> unifw.nn.Bilinear(3, 4, 2)(unifw.zeros((5, 3)), unifw.zeros((5, 4))).shape
    (5, 2)
    """

    def __init__(self, in1_features: int, in2_features: int, out_features: int, bias: bool = True) -> None:
        sizes = {"out_features": out_features, "in1_features": in1_features, "in2_features": in2_features}
        shape = tuple(count(name, value) for name, value in sizes.items())
        bound = in1_features**-0.5
        self.weight = Parameter(init.uniform(shape, bound))
        self.bias = Parameter(init.uniform((out_features,), bound)) if bias else None

    def forward(self, x1: Tensor, x2: Tensor) -> Tensor:
        """(..., in1_features) and (..., in2_features) to (..., out_features)."""
        return F.bilinear(x1, x2, self.weight, self.bias)

    def _describe(self) -> str:
        out_features, *in_features = self.weight.shape
        return f"{in_features[0]}, {in_features[1]}, {out_features}, bias={self.bias is not None}"
