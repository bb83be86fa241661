"""Arithmetic, element by element.

Two operands broadcast against each other and are promoted to their common dtype; one of them may be a Python number,
which takes the tensor's dtype unless its kind is higher: NumberRangeError if an integer dtype does not hold it.
All raise ShapeError for shapes that do not broadcast, MixedBackendError for tensors of two backends and OperandError
for anything that is not a tensor or a number.
"""

from __future__ import annotations

from unifw.array.comparison import equal, where
from unifw.operators import Scalar, binary, unary
from unifw.tensor import Tensor


def abs(x: Tensor, /) -> Tensor:
    """The absolute value; the modulus of complex numbers, of each element.

    >>> import unifw
    >>> unifw.abs(unifw.asarray([-1.5, 2.0])).tolist()
    [1.5, 2.0]
    """
    return unary("abs", x)


def add(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The sum, of each pair of elements.

    >>> import unifw
    >>> unifw.add(unifw.asarray([1, 2]), 10).tolist()
    [11, 12]
    """
    return binary("add", x1, x2)


def conj(x: Tensor, /) -> Tensor:
    """The complex conjugate, of each element.

    >>> import unifw
    >>> unifw.conj(unifw.asarray([1 + 2j])).tolist()
    [(1-2j)]
    """
    return unary("conj", x)


def copysign(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The size of the first with the sign of the second, of each pair of elements.

    >>> import unifw
    >>> unifw.copysign(unifw.asarray([1.0, -2.0]), -0.0).tolist()
    [-1.0, -2.0]
    """
    return binary("copysign", x1, x2)


def divide(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The quotient; of integers as float32, of each pair of elements.

    >>> import unifw
    >>> unifw.divide(unifw.asarray([1.0, 3.0]), 2.0).tolist()
    [0.5, 1.5]
    """
    return binary("divide", x1, x2)


def floor_divide(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The quotient rounded down, of each pair of elements.

    >>> import unifw
    >>> unifw.floor_divide(unifw.asarray([7, -7]), 2).tolist()
    [3, -4]
    """
    return binary("floor_divide", x1, x2)


def hypot(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The square root of the sum of squares, without overflow on the way, of each pair of elements.

    >>> import unifw
    >>> unifw.hypot(unifw.asarray([3.0]), 4.0).tolist()
    [5.0]
    """
    return binary("hypot", x1, x2)


def imag(x: Tensor, /) -> Tensor:
    """The imaginary part; 0 of real numbers, of each element.

    >>> import unifw
    >>> unifw.imag(unifw.asarray([1 + 2j])).tolist()
    [2.0]
    """
    return unary("imag", x)


def multiply(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The product, of each pair of elements.

    >>> import unifw
    >>> unifw.multiply(unifw.asarray([1, 2]), 10).tolist()
    [10, 20]
    """
    return binary("multiply", x1, x2)


def negative(x: Tensor, /) -> Tensor:
    """The opposite number, of each element.

    >>> import unifw
    >>> unifw.negative(unifw.asarray([1.0, -2.0])).tolist()
    [-1.0, 2.0]
    """
    return unary("negative", x)


def nextafter(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The next number that the dtype has, from the first towards the second, of each pair of elements.

    >>> import unifw
    >>> unifw.nextafter(unifw.asarray([1.0]), 2.0).tolist()
    [1.0000001192092896]
    """
    return binary("nextafter", x1, x2)


def positive(x: Tensor, /) -> Tensor:
    """The same number, of each element.

    >>> import unifw
    >>> unifw.positive(unifw.asarray([1.0, -2.0])).tolist()
    [1.0, -2.0]
    """
    return unary("positive", x)


def pow(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The first to the power of the second, of each pair of elements.

    >>> import unifw
    >>> unifw.pow(unifw.asarray([2.0, 3.0]), 2).tolist()
    [4.0, 9.0]
    """
    return binary("pow", x1, x2)


def real(x: Tensor, /) -> Tensor:
    """The real part, of each element.

    >>> import unifw
    >>> unifw.real(unifw.asarray([1 + 2j])).tolist()
    [1.0]
    """
    return unary("real", x)


def reciprocal(x: Tensor, /) -> Tensor:
    """One divided by the number; integers become float32, of each element.

    >>> import unifw
    >>> unifw.reciprocal(unifw.asarray([4.0])).tolist()
    [0.25]
    """
    return unary("reciprocal", x)


def remainder(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """What is left of a division rounded down; it has the sign of the divisor, of each pair of elements.

    >>> import unifw
    >>> unifw.remainder(unifw.asarray([7, -7]), 3).tolist()
    [1, 2]
    """
    return binary("remainder", x1, x2)


def root(x: Tensor, /) -> Tensor:
    """The square root whose gradient at 0 is 0, as norms and standard deviations need it.

    >>> import unifw
    >>> unifw.grad(lambda x: unifw.sum(root(x)))(unifw.asarray([0.0, 4.0])).tolist()
    [0.0, 0.25]
    """
    zero = equal(x, 0)
    return where(zero, 0.0, sqrt(where(zero, 1.0, x)))


def sign(x: Tensor, /) -> Tensor:
    """-1, 0 or 1; NaN of NaN, of each element.

    >>> import unifw
    >>> unifw.sign(unifw.asarray([-3.0, 0.0, 5.0])).tolist()
    [-1.0, 0.0, 1.0]
    """
    return unary("sign", x)


def signbit(x: Tensor, /) -> Tensor:
    """Whether the sign is negative, also that of -0.0, of each element.

    >>> import unifw
    >>> unifw.signbit(unifw.asarray([1.0, -0.0])).tolist()
    [False, True]
    """
    return unary("signbit", x)


def sqrt(x: Tensor, /) -> Tensor:
    """The square root; NaN below zero, of each element.

    >>> import unifw
    >>> unifw.sqrt(unifw.asarray([4.0, 9.0])).tolist()
    [2.0, 3.0]
    """
    return unary("sqrt", x)


def square(x: Tensor, /) -> Tensor:
    """The number times itself, of each element.

    >>> import unifw
    >>> unifw.square(unifw.asarray([3.0])).tolist()
    [9.0]
    """
    return unary("square", x)


def subtract(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The difference, of each pair of elements.

    >>> import unifw
    >>> unifw.subtract(unifw.asarray([1, 2]), 10).tolist()
    [-9, -8]
    """
    return binary("subtract", x1, x2)
