"""Exponentials and logarithms of each element.

Two operands broadcast against each other and are promoted to their common dtype; one of them may be a Python number.
All raise ShapeError for shapes that do not broadcast, MixedBackendError for tensors of two backends and OperandError
for anything that is not a tensor or a number.
"""

from __future__ import annotations

from unifw.operators import Scalar, binary, unary
from unifw.tensor import Tensor


def exp(x: Tensor, /) -> Tensor:
    """The exponential; integers become float32, of each element.

    >>> import unifw
    >>> unifw.exp(unifw.asarray([0.0])).tolist()
    [1.0]
    """
    return unary("exp", x)


def expm1(x: Tensor, /) -> Tensor:
    """exp(x) - 1, exact near zero, of each element.

    >>> import unifw
    >>> unifw.expm1(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    return unary("expm1", x)


def log(x: Tensor, /) -> Tensor:
    """The natural logarithm; NaN below zero, of each element.

    >>> import unifw
    >>> unifw.log(unifw.asarray([1.0])).tolist()
    [0.0]
    """
    return unary("log", x)


def log10(x: Tensor, /) -> Tensor:
    """The logarithm to base 10; NaN below zero, of each element.

    >>> import unifw
    >>> unifw.log10(unifw.asarray([1.0, 1000.0])).tolist()
    [0.0, 3.0]
    """
    return unary("log10", x)


def log1p(x: Tensor, /) -> Tensor:
    """log(1 + x), exact near zero, of each element.

    >>> import unifw
    >>> unifw.log1p(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    return unary("log1p", x)


def log2(x: Tensor, /) -> Tensor:
    """The logarithm to base 2; NaN below zero, of each element.

    >>> import unifw
    >>> unifw.log2(unifw.asarray([1.0, 8.0])).tolist()
    [0.0, 3.0]
    """
    return unary("log2", x)


def logaddexp(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """log(exp(x1) + exp(x2)), without overflow on the way, of each pair of elements.

    >>> import unifw
    >>> unifw.logaddexp(unifw.asarray([1000.0]), 0.0).tolist()
    [1000.0]
    """
    return binary("logaddexp", x1, x2)
