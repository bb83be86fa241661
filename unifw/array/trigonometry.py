"""Circular and hyperbolic functions of each element; integers become float32.

Two operands broadcast against each other and are promoted to their common dtype; one of them may be a Python number.
All raise ShapeError for shapes that do not broadcast, MixedBackendError for tensors of two backends and OperandError
for anything that is not a tensor or a number.
"""

from __future__ import annotations

from unifw.operators import Scalar, binary, unary
from unifw.tensor import Tensor


def acos(x: Tensor, /) -> Tensor:
    """The angle in [0, pi] with this cosine; NaN outside [-1, 1], of each element.

    >>> import unifw
    >>> unifw.acos(unifw.asarray([1.0])).tolist()
    [0.0]
    """
    return unary("acos", x)


def acosh(x: Tensor, /) -> Tensor:
    """The inverse of cosh; NaN below 1, of each element.

    >>> import unifw
    >>> unifw.acosh(unifw.asarray([1.0])).tolist()
    [0.0]
    """
    return unary("acosh", x)


def asin(x: Tensor, /) -> Tensor:
    """The angle in [-pi/2, pi/2] with this sine; NaN outside [-1, 1], of each element.

    >>> import unifw
    >>> unifw.asin(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    return unary("asin", x)


def asinh(x: Tensor, /) -> Tensor:
    """The inverse of sinh, of each element.

    >>> import unifw
    >>> unifw.asinh(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    return unary("asinh", x)


def atan(x: Tensor, /) -> Tensor:
    """The angle in [-pi/2, pi/2] with this tangent, of each element.

    >>> import unifw
    >>> unifw.atan(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    return unary("atan", x)


def atan2(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The angle in [-pi, pi] of the point with ordinate x1 and abscissa x2, of each pair of elements.

    >>> import unifw
    >>> unifw.atan2(unifw.asarray([0.0]), 1.0).tolist()
    [0.0]
    """
    return binary("atan2", x1, x2)


def atanh(x: Tensor, /) -> Tensor:
    """The inverse of tanh; infinite at -1 and 1, NaN beyond, of each element.

    >>> import unifw
    >>> unifw.atanh(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    return unary("atanh", x)


def cos(x: Tensor, /) -> Tensor:
    """The cosine of an angle in radians, of each element.

    >>> import unifw
    >>> unifw.cos(unifw.asarray([0.0])).tolist()
    [1.0]
    """
    return unary("cos", x)


def cosh(x: Tensor, /) -> Tensor:
    """The hyperbolic cosine, of each element.

    >>> import unifw
    >>> unifw.cosh(unifw.asarray([0.0])).tolist()
    [1.0]
    """
    return unary("cosh", x)


def sin(x: Tensor, /) -> Tensor:
    """The sine of an angle in radians, of each element.

    >>> import unifw
    >>> unifw.sin(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    return unary("sin", x)


def sinh(x: Tensor, /) -> Tensor:
    """The hyperbolic sine, of each element.

    >>> import unifw
    >>> unifw.sinh(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    return unary("sinh", x)


def tan(x: Tensor, /) -> Tensor:
    """The tangent of an angle in radians, of each element.

    >>> import unifw
    >>> unifw.tan(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    return unary("tan", x)


def tanh(x: Tensor, /) -> Tensor:
    """The hyperbolic tangent, of each element.

    >>> import unifw
    >>> unifw.tanh(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    return unary("tanh", x)
