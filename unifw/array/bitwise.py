"""Bits and truth values of each element.

Two operands broadcast against each other and are promoted to their common dtype; one of them may be a Python number.
All raise ShapeError for shapes that do not broadcast, MixedBackendError for tensors of two backends and OperandError
for anything that is not a tensor or a number.
"""

from __future__ import annotations

from unifw.operators import Scalar, binary, unary
from unifw.tensor import Tensor


def bitwise_and(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Bitwise, or for booleans logical, AND, of each pair of elements.

    >>> import unifw
    >>> unifw.bitwise_and(unifw.asarray([6, 5]), 3).tolist()
    [2, 1]
    """
    return binary("bitwise_and", x1, x2)


def bitwise_invert(x: Tensor, /) -> Tensor:
    """Every bit, or the truth value, inverted, of each element.

    >>> import unifw
    >>> unifw.bitwise_invert(unifw.asarray([0, 1])).tolist()
    [-1, -2]
    """
    return unary("bitwise_invert", x)


def bitwise_left_shift(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The bits of the first moved up by the second, zeros below, of each pair of elements.

    >>> import unifw
    >>> unifw.bitwise_left_shift(unifw.asarray([1, 5]), 2).tolist()
    [4, 20]
    """
    return binary("bitwise_left_shift", x1, x2)


def bitwise_or(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Bitwise, or for booleans logical, OR, of each pair of elements.

    >>> import unifw
    >>> unifw.bitwise_or(unifw.asarray([6, 5]), 1).tolist()
    [7, 5]
    """
    return binary("bitwise_or", x1, x2)


def bitwise_right_shift(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The bits of the first moved down by the second, the sign kept, of each pair of elements.

    >>> import unifw
    >>> unifw.bitwise_right_shift(unifw.asarray([16, -5]), 2).tolist()
    [4, -2]
    """
    return binary("bitwise_right_shift", x1, x2)


def bitwise_xor(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Bitwise, or for booleans logical, exclusive OR, of each pair of elements.

    >>> import unifw
    >>> unifw.bitwise_xor(unifw.asarray([6, 5]), 1).tolist()
    [7, 4]
    """
    return binary("bitwise_xor", x1, x2)


def logical_and(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Whether both are true, of each pair of elements.

    >>> import unifw
    >>> unifw.logical_and(unifw.asarray([True, False]), True).tolist()
    [True, False]
    """
    return binary("logical_and", x1, x2)


def logical_not(x: Tensor, /) -> Tensor:
    """The opposite truth value, of each element.

    >>> import unifw
    >>> unifw.logical_not(unifw.asarray([True, False])).tolist()
    [False, True]
    """
    return unary("logical_not", x)


def logical_or(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Whether either is true, of each pair of elements.

    >>> import unifw
    >>> unifw.logical_or(unifw.asarray([True, False]), False).tolist()
    [True, False]
    """
    return binary("logical_or", x1, x2)


def logical_xor(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Whether exactly one is true, of each pair of elements.

    >>> import unifw
    >>> unifw.logical_xor(unifw.asarray([True, False]), True).tolist()
    [False, True]
    """
    return binary("logical_xor", x1, x2)
