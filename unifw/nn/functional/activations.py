"""Smooth activation functions."""

from __future__ import annotations

from unifw.array.axes import axis_of, ndim_of
from unifw.errors import ArgumentError, ShapeError, describe
from unifw.nn.functional.checks import not_in_place, refused
from unifw.tensor import Tensor


def gelu(x: Tensor, approximate: str = "none") -> Tensor:
    """The input x times the normal distribution function at x (Hendrycks and Gimpel, 2016).

    Exact by default; `approximate="tanh"` is 0.5 x (1 + tanh(sqrt(2 / pi) (x + 0.044715 x^3))). Raises ArgumentError.

    >>> import unifw
    >>> [round(value, 4) for value in unifw.nn.functional.gelu(unifw.asarray([-1.0, 0.0, 1.0])).tolist()]
    [-0.1587, 0.0, 0.8413]
    """
    try:
        return x.wrap(x.kernels.gelu(x.native, approximate))
    except Exception as error:
        if approximate not in ("none", "tanh"):
            raise ArgumentError(f'gelu: got approximate={approximate!r}; expected "none" or "tanh".') from error
        raise refused("gelu", x, error) from error


def sigmoid(x: Tensor) -> Tensor:
    """1 / (1 + exp(-x)).

    >>> import unifw
    >>> unifw.nn.functional.sigmoid(unifw.asarray([0.0])).tolist()
    [0.5]
    """
    try:
        return x.wrap(x.kernels.sigmoid(x.native))
    except Exception as error:
        raise refused("sigmoid", x, error) from error


def logsigmoid(x: Tensor) -> Tensor:
    """log(1 / (1 + exp(-x))).

    >>> import unifw
    >>> round(unifw.nn.functional.logsigmoid(unifw.asarray([100.0])).item(), 6) + 0.0
    0.0
    """
    try:
        return x.wrap(x.kernels.logsigmoid(x.native))
    except Exception as error:
        raise refused("logsigmoid", x, error) from error


def tanh(x: Tensor) -> Tensor:
    """The hyperbolic tangent.

    >>> import unifw
    >>> unifw.nn.functional.tanh(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    try:
        return x.wrap(x.kernels.tanh(x.native))
    except Exception as error:
        raise refused("tanh", x, error) from error


def tanhshrink(x: Tensor) -> Tensor:
    """The input x - tanh(x).

    >>> import unifw
    >>> unifw.nn.functional.tanhshrink(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    try:
        return x.wrap(x.kernels.tanhshrink(x.native))
    except Exception as error:
        raise refused("tanhshrink", x, error) from error


def silu(x: Tensor, inplace: bool = False) -> Tensor:
    """The input x * sigmoid(x), also called swish (Hendrycks and Gimpel, 2016).

    >>> import unifw
    >>> unifw.nn.functional.silu(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    if inplace:
        raise not_in_place("silu")
    try:
        return x.wrap(x.kernels.silu(x.native))
    except Exception as error:
        raise refused("silu", x, error) from error


def mish(x: Tensor, inplace: bool = False) -> Tensor:
    """The input x * tanh(softplus(x)) (Misra, 2019).

    >>> import unifw
    >>> unifw.nn.functional.mish(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    if inplace:
        raise not_in_place("mish")
    try:
        return x.wrap(x.kernels.mish(x.native))
    except Exception as error:
        raise refused("mish", x, error) from error


def softplus(x: Tensor, beta: float = 1.0, threshold: float = 20.0) -> Tensor:
    """log(1 + exp(beta * x)) / beta, and x where beta * x is above threshold.

    >>> import unifw
    >>> unifw.nn.functional.softplus(unifw.asarray([30.0])).tolist()
    [30.0]
    """
    try:
        return x.wrap(x.kernels.softplus(x.native, beta, threshold))
    except Exception as error:
        raise refused("softplus", x, error) from error


def softsign(x: Tensor) -> Tensor:
    """The input x / (1 + |x|).

    >>> import unifw
    >>> unifw.nn.functional.softsign(unifw.asarray([1.0, -3.0])).tolist()
    [0.5, -0.75]
    """
    try:
        return x.wrap(x.kernels.softsign(x.native))
    except Exception as error:
        raise refused("softsign", x, error) from error


def glu(x: Tensor, dim: int = -1) -> Tensor:
    """The first half of the axis `dim` times the sigmoid of the second (Dauphin et al., 2017).

    Raises AxisError, ShapeError for an odd axis and DTypeError.

    >>> import unifw
    >>> unifw.nn.functional.glu(unifw.asarray([2.0, 0.0])).tolist()
    [1.0]
    """
    axis = axis_of("glu", dim, ndim_of("glu", x))
    try:
        return x.wrap(x.kernels.glu(x.native, axis))
    except Exception as error:
        size = x.ops.static_shape(x.native)[axis]
        if size is not None and size % 2:
            raise ShapeError(f"glu: got {describe(x)}; expected an even number of elements on axis {dim}.") from error
        raise refused("glu", x, error) from error
