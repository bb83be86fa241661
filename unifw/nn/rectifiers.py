"""Activation functions with a corner, as layers."""

from __future__ import annotations

from unifw.array.creation import full
from unifw.errors import ArgumentError
from unifw.nn import functional as F
from unifw.nn.geometry import count, data_format_of
from unifw.nn.inplace import NotInPlace
from unifw.nn.module import Module
from unifw.tensor import Tensor
from unifw.variable import Parameter


class ReLU(NotInPlace, leaf=True):
    """max(x, 0), of each element.

    >>> import unifw
    >>> unifw.nn.ReLU()(unifw.asarray([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.relu(x)


class ReLU6(NotInPlace, leaf=True):
    """min(max(x, 0), 6), of each element (Howard et al., 2017).

    >>> import unifw
    >>> unifw.nn.ReLU6()(unifw.asarray([-1.0, 2.0, 8.0])).tolist()
    [0.0, 2.0, 6.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.relu6(x)


class LeakyReLU(NotInPlace, leaf=True):
    """x where positive, else negative_slope * x.

    >>> import unifw
    >>> unifw.nn.LeakyReLU(0.5)(unifw.asarray([-1.0, 2.0])).tolist()
    [-0.5, 2.0]
    """

    def __init__(self, negative_slope: float = 0.01, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.negative_slope = negative_slope

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.leaky_relu(x, self.negative_slope)

    def _describe(self) -> str:
        return f"negative_slope={self.negative_slope}"


class ELU(NotInPlace, leaf=True):
    """x where positive, else alpha * (exp(x) - 1) (Clevert et al., 2016).

    >>> import unifw
    >>> unifw.nn.ELU()(unifw.asarray([0.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.elu(x, self.alpha)

    def _describe(self) -> str:
        return f"alpha={self.alpha}"


class SELU(NotInPlace, leaf=True):
    """1.0507 * elu(x, 1.6733), which keeps mean 0 and variance 1 (Klambauer et al., 2017).

    >>> import unifw
    >>> unifw.nn.SELU()(unifw.asarray([0.0])).tolist()
    [0.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.selu(x)


class CELU(NotInPlace, leaf=True):
    """max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0) (Barron, 2017).

    >>> import unifw
    >>> unifw.nn.CELU()(unifw.asarray([0.0, 2.0])).tolist()
    [0.0, 2.0]
    """

    def __init__(self, alpha: float = 1.0, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.alpha = alpha

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.celu(x, self.alpha)

    def _describe(self) -> str:
        return f"alpha={self.alpha}"


class Hardtanh(NotInPlace, leaf=True):
    """x between min_val and max_val, which stand for what lies outside; there the gradient is 0.

    `min_value` and `max_value` are PyTorch's old names of them.

    >>> import unifw
    >>> unifw.nn.Hardtanh()(unifw.asarray([-3.0, 0.5, 3.0])).tolist()
    [-1.0, 0.5, 1.0]
    """

    def __init__(
        self,
        min_val: float = -1.0,
        max_val: float = 1.0,
        inplace: bool = False,
        min_value: float | None = None,
        max_value: float | None = None,
    ) -> None:
        super().__init__(inplace)
        self.min_val = min_val if min_value is None else min_value
        self.max_val = max_val if max_value is None else max_value

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.hardtanh(x, self.min_val, self.max_val)

    def _describe(self) -> str:
        return f"min_val={self.min_val}, max_val={self.max_val}"


class Hardsigmoid(NotInPlace, leaf=True):
    """min(max(x + 3, 0), 6) / 6.

    >>> import unifw
    >>> unifw.nn.Hardsigmoid()(unifw.asarray([-4.0, 0.0, 4.0])).tolist()
    [0.0, 0.5, 1.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.hardsigmoid(x)


class Hardswish(NotInPlace, leaf=True):
    """x * hardsigmoid(x) (Howard et al., 2019).

    >>> import unifw
    >>> unifw.nn.Hardswish()(unifw.asarray([-1.5, 0.0, 4.0])).tolist()
    [-0.375, 0.0, 4.0]
    """

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.hardswish(x)


class Threshold(NotInPlace, leaf=True):
    """x where it is above threshold, else value.

    >>> import unifw
    >>> unifw.nn.Threshold(0.0, 9.0)(unifw.asarray([-1.0, 2.0])).tolist()
    [9.0, 2.0]
    """

    def __init__(self, threshold: float, value: float, inplace: bool = False) -> None:
        super().__init__(inplace)
        self.threshold = threshold
        self.value = value

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.threshold(x, self.threshold, self.value)

    def _describe(self) -> str:
        return f"threshold={self.threshold}, value={self.value}"


class Hardshrink(Module, leaf=True):
    """x, but 0 from -lambd to lambd.

    >>> import unifw
    >>> unifw.nn.Hardshrink()(unifw.asarray([-1.0, 0.25])).tolist()
    [-1.0, 0.0]
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.hardshrink(x, self.lambd)

    def _describe(self) -> str:
        return f"lambd={self.lambd}"


class Softshrink(Module, leaf=True):
    """x moved by lambd towards 0, and 0 from -lambd to lambd.

    >>> import unifw
    >>> unifw.nn.Softshrink()(unifw.asarray([-1.0, 0.25])).tolist()
    [-0.5, 0.0]
    """

    def __init__(self, lambd: float = 0.5) -> None:
        self.lambd = lambd

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.softshrink(x, self.lambd)

    def _describe(self) -> str:
        return f"lambd={self.lambd}"


class PReLU(Module, leaf=True):
    """The input x where positive, else weight * x, with one trained weight, or one of each channel (He et al., 2015).

    Channels are on the last axis, or on the second with data_format="channels_first".

    >>> import unifw
    >>> unifw.nn.PReLU()(unifw.asarray([-1.0, 2.0])).tolist()
    [-0.25, 2.0]
    """

    def __init__(self, num_parameters: int = 1, init: float = 0.25, data_format: str = "channels_last") -> None:
        self.weight = Parameter(full(count("num_parameters", num_parameters), float(init)))
        self.data_format = data_format_of(data_format)

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.prelu(x, self.weight, self.data_format)

    def _describe(self) -> str:
        return f"num_parameters={self.weight.size}"


class RReLU(NotInPlace, leaf=True):
    """The input x where positive, else slope * x, with random slopes in training (Xu et al., 2015).

    In evaluation the slope is the middle of `lower` and `upper`.

    >>> import unifw
    >>> unifw.nn.RReLU(0.25, 0.75).eval()(unifw.asarray([-2.0, 2.0])).tolist()
    [-1.0, 2.0]
    """

    def __init__(self, lower: float = 1 / 8, upper: float = 1 / 3, inplace: bool = False) -> None:
        super().__init__(inplace)
        if lower > upper:
            raise ArgumentError(f"RReLU: got lower={lower} above upper={upper}; expected it below.")
        self.lower = lower
        self.upper = upper

    def forward(self, x: Tensor) -> Tensor:
        """Any shape to the same shape."""
        return F.rrelu(x, self.lower, self.upper, self.training)

    def _describe(self) -> str:
        return f"lower={self.lower}, upper={self.upper}"
