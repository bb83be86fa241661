"""Activation functions with a corner: rectifiers, and what is clipped."""

from __future__ import annotations

from unifw.array.comparison import where
from unifw.errors import ArgumentError
from unifw.nn.functional.checks import check_floating, misfit, not_in_place, refused
from unifw.nn.geometry import data_format_of
from unifw.operators import mixed_backends
from unifw.random import uniform
from unifw.streams import in_host_mode
from unifw.tensor import Tensor


def relu(x: Tensor, inplace: bool = False) -> Tensor:
    """max(x, 0), of each element; its gradient at 0 is 0.

    >>> import unifw
    >>> unifw.nn.functional.relu(unifw.asarray([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    if inplace:
        raise not_in_place("relu")
    try:
        return x.wrap(x.kernels.relu(x.native))
    except Exception as error:
        raise refused("relu", x, error, kinds="real") from error


def relu6(x: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x, 0), 6), of each element (Howard et al., 2017).

    >>> import unifw
    >>> unifw.nn.functional.relu6(unifw.asarray([-1.0, 2.0, 8.0])).tolist()
    [0.0, 2.0, 6.0]
    """
    if inplace:
        raise not_in_place("relu6")
    try:
        return x.wrap(x.kernels.relu6(x.native))
    except Exception as error:
        raise refused("relu6", x, error) from error


def leaky_relu(x: Tensor, negative_slope: float = 0.01, inplace: bool = False) -> Tensor:
    """The input x where positive, else negative_slope * x.

    >>> import unifw
    >>> unifw.nn.functional.leaky_relu(unifw.asarray([-1.0, 2.0]), 0.5).tolist()
    [-0.5, 2.0]
    """
    if inplace:
        raise not_in_place("leaky_relu")
    try:
        return x.wrap(x.kernels.leaky_relu(x.native, negative_slope))
    except Exception as error:
        raise refused("leaky_relu", x, error) from error


def elu(x: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """The input x where positive, else alpha * (exp(x) - 1) (Clevert et al., 2016).

    >>> import unifw
    >>> unifw.nn.functional.elu(unifw.asarray([0.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    if inplace:
        raise not_in_place("elu")
    try:
        return x.wrap(x.kernels.elu(x.native, alpha))
    except Exception as error:
        raise refused("elu", x, error) from error


def selu(x: Tensor, inplace: bool = False) -> Tensor:
    """1.0507 * elu(x, 1.6733), which keeps mean 0 and variance 1 (Klambauer et al., 2017).

    >>> import unifw
    >>> unifw.nn.functional.selu(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    if inplace:
        raise not_in_place("selu")
    try:
        return x.wrap(x.kernels.selu(x.native))
    except Exception as error:
        raise refused("selu", x, error) from error


def celu(x: Tensor, alpha: float = 1.0, inplace: bool = False) -> Tensor:
    """max(x, 0) + min(alpha * (exp(x / alpha) - 1), 0) (Barron, 2017).

    >>> import unifw
    >>> unifw.nn.functional.celu(unifw.asarray([0.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    if inplace:
        raise not_in_place("celu")
    if not alpha:
        raise ArgumentError(f"celu: got alpha={alpha}; expected another number than 0. Write relu(x).")
    try:
        return x.wrap(x.kernels.celu(x.native, alpha))
    except Exception as error:
        raise refused("celu", x, error) from error


def hardtanh(x: Tensor, min_val: float = -1.0, max_val: float = 1.0, inplace: bool = False) -> Tensor:
    """The input x between min_val and max_val, which stand for what lies outside; there the gradient is 0.

    >>> import unifw
    >>> unifw.nn.functional.hardtanh(unifw.asarray([-3.0, 0.5, 3.0])).tolist()
    [-1.0, 0.5, 1.0]
    """
    if inplace:
        raise not_in_place("hardtanh")
    if min_val > max_val:
        raise ArgumentError(f"hardtanh: got min_val={min_val} and max_val={max_val}; expected the least first.")
    try:
        return x.wrap(x.kernels.hardtanh(x.native, min_val, max_val))
    except Exception as error:
        raise refused("hardtanh", x, error) from error


def hardsigmoid(x: Tensor, inplace: bool = False) -> Tensor:
    """min(max(x + 3, 0), 6) / 6.

    >>> import unifw
    >>> unifw.nn.functional.hardsigmoid(unifw.asarray([-4.0, 0.0, 4.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    if inplace:
        raise not_in_place("hardsigmoid")
    try:
        return x.wrap(x.kernels.hardsigmoid(x.native))
    except Exception as error:
        raise refused("hardsigmoid", x, error) from error


def hardswish(x: Tensor, inplace: bool = False) -> Tensor:
    """The input x * hardsigmoid(x) (Howard et al., 2019).

    >>> import unifw
    >>> unifw.nn.functional.hardswish(unifw.asarray([-1.5, 0.0, 4.0])).tolist()
    [-0.375, 0.0, 4.0]
    """
    if inplace:
        raise not_in_place("hardswish")
    try:
        return x.wrap(x.kernels.hardswish(x.native))
    except Exception as error:
        raise refused("hardswish", x, error) from error


def threshold(x: Tensor, threshold: float, value: float, inplace: bool = False) -> Tensor:
    """The input x where it is above threshold, else value.

    >>> import unifw
    >>> unifw.nn.functional.threshold(unifw.asarray([-1.0, 2.0]), 0.0, 9.0).tolist()
    [9.0, 2.0]
    """
    if inplace:
        raise not_in_place("threshold")
    try:
        return x.wrap(x.kernels.threshold(x.native, threshold, value))
    except Exception as error:
        raise refused("threshold", x, error) from error


def hardshrink(x: Tensor, lambd: float = 0.5) -> Tensor:
    """x, but 0 from -lambd to lambd.

    >>> import unifw
    >>> unifw.nn.functional.hardshrink(unifw.asarray([-1.0, 0.25])).tolist()
    [-1.0, 0.0]
    """
    try:
        return x.wrap(x.kernels.hardshrink(x.native, lambd))
    except Exception as error:
        raise refused("hardshrink", x, error) from error


def softshrink(x: Tensor, lambd: float = 0.5) -> Tensor:
    """The input x moved by lambd towards 0, and 0 from -lambd to lambd.

    >>> import unifw
    >>> unifw.nn.functional.softshrink(unifw.asarray([-1.0, 0.25])).tolist()
    [-0.5, 0.0]
    """
    try:
        return x.wrap(x.kernels.softshrink(x.native, lambd))
    except Exception as error:
        raise refused("softshrink", x, error) from error


def prelu(x: Tensor, weight: Tensor, data_format: str = "channels_last") -> Tensor:
    """The input x where positive, else weight * x (He et al., 2015); `weight` has one number, or one of each channel.

    Raises ShapeError and DTypeError.

    >>> import unifw
    >>> unifw.nn.functional.prelu(unifw.asarray([[-1.0, 2.0]]), unifw.asarray([0.5])).tolist()
    [[-0.5, 2.0]]
    """
    last = data_format_of(data_format) == "channels_last"
    try:
        if x.ops is not weight.ops:
            raise mixed_backends("prelu", x, weight)
        return x.wrap(x.kernels.prelu(x.native, weight.native, last))
    except Exception as error:
        raise misfit("prelu", error, x, weight, f"channels for weights of shape {tuple(weight.shape)}") from error


def rrelu(
    x: Tensor, lower: float = 1 / 8, upper: float = 1 / 3, training: bool = False, inplace: bool = False
) -> Tensor:
    """The input x where positive, else slope * x (Xu et al., 2015).

    In training the slope of each element is drawn uniformly from [lower, upper); else it is the middle.

    >>> import unifw
    >>> unifw.nn.functional.rrelu(unifw.asarray([-2.0, 2.0]), 0.25, 0.75).tolist()
    [-1.0, 2.0]
    """
    if inplace:
        raise not_in_place("rrelu")
    if not training:
        return leaky_relu(x, (lower + upper) / 2)
    check_floating("rrelu", x)
    if not in_host_mode():
        return x.wrap(x.kernels.rrelu(x.native, lower, upper))
    slopes = uniform(x.shape, lower, upper).to_backend(x.backend).to(x.dtype)
    y: Tensor = where(x > 0, x, x * slopes)
    return y
