"""Softmax and its kin as functions."""

from __future__ import annotations

from unifw.array import extras
from unifw.array.axes import axis_of, ndim_of
from unifw.errors import ShapeError, describe
from unifw.nn.functional.checks import refused
from unifw.tensor import Tensor


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """exp(x), divided by its sum along the axis `dim`. Raises AxisError and OperandError.

    >>> import unifw
    >>> unifw.nn.functional.softmax(unifw.asarray([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    return extras.softmax(x, axis=dim)


def softmin(x: Tensor, dim: int = -1) -> Tensor:
    """exp(-x), divided by its sum along the axis `dim`. Raises AxisError and OperandError.

    >>> import unifw
    >>> unifw.nn.functional.softmin(unifw.asarray([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    return extras.softmax(-x, axis=dim)


def log_softmax(x: Tensor, dim: int = -1) -> Tensor:
    """The logarithm of `softmax`, computed without underflow. Raises AxisError and OperandError.

    >>> import unifw
    >>> [round(value, 4) for value in unifw.nn.functional.log_softmax(unifw.asarray([0.0, 0.0])).tolist()]
    [-0.6931, -0.6931]
    """
    return extras.log_softmax(x, axis=dim)


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
