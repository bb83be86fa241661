"""Rounding of each element; integers stay as they are.

Two operands broadcast against each other and are promoted to their common dtype; one of them may be a Python number.
All raise ShapeError for shapes that do not broadcast, MixedBackendError for tensors of two backends and OperandError
for anything that is not a tensor or a number.
"""

from __future__ import annotations

from unifw.operators import unary
from unifw.tensor import Tensor


def ceil(x: Tensor, /) -> Tensor:
    """The smallest integer that is not below, of each element.

    >>> import unifw
    >>> unifw.ceil(unifw.asarray([1.2, -1.2])).tolist()
    [2.0, -1.0]
    """
    return unary("ceil", x)


def floor(x: Tensor, /) -> Tensor:
    """The largest integer that is not above, of each element.

    >>> import unifw
    >>> unifw.floor(unifw.asarray([1.2, -1.2])).tolist()
    [1.0, -2.0]
    """
    return unary("floor", x)


def round(x: Tensor, /) -> Tensor:
    """The nearest integer, ties to even, of each element.

    >>> import unifw
    >>> unifw.round(unifw.asarray([0.5, 1.5, -1.2])).tolist()
    [0.0, 2.0, -1.0]
    """
    return unary("round", x)


def trunc(x: Tensor, /) -> Tensor:
    """The number without its fraction, of each element.

    >>> import unifw
    >>> unifw.trunc(unifw.asarray([1.7, -1.7])).tolist()
    [1.0, -1.0]
    """
    return unary("trunc", x)
