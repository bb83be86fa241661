"""Functions of each element on its own.

Two operands broadcast against each other and are promoted to their common dtype; one of them may be a Python number.
All raise ShapeError for shapes that do not broadcast, MixedBackendError for tensors of two backends and OperandError
for anything that is not a tensor or a number.
"""

from __future__ import annotations

from typing import Any

from unifw.array.axes import one_backend
from unifw.errors import explain
from unifw.operators import Scalar, binary, not_a_tensor, promoted, unary
from unifw.tensor import Tensor


def abs(x: Tensor, /) -> Tensor:
    """The absolute value; the modulus of complex numbers, of each element.

    >>> import unifw
    >>> unifw.abs(unifw.asarray([-1.5, 2.0])).tolist()
    [1.5, 2.0]
    """
    return unary("abs", x)


def bitwise_invert(x: Tensor, /) -> Tensor:
    """Every bit, or the truth value, inverted, of each element.

    >>> import unifw
    >>> unifw.bitwise_invert(unifw.asarray([0, 1])).tolist()
    [-1, -2]
    """
    return unary("bitwise_invert", x)


def ceil(x: Tensor, /) -> Tensor:
    """The smallest integer that is not below, of each element.

    >>> import unifw
    >>> unifw.ceil(unifw.asarray([1.2, -1.2])).tolist()
    [2.0, -1.0]
    """
    return unary("ceil", x)


def cos(x: Tensor, /) -> Tensor:
    """The cosine of an angle in radians, of each element.

    >>> import unifw
    >>> unifw.cos(unifw.asarray([0.0])).tolist()
    [1.0]
    """
    return unary("cos", x)


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


def floor(x: Tensor, /) -> Tensor:
    """The largest integer that is not above, of each element.

    >>> import unifw
    >>> unifw.floor(unifw.asarray([1.2, -1.2])).tolist()
    [1.0, -2.0]
    """
    return unary("floor", x)


def isfinite(x: Tensor, /) -> Tensor:
    """Whether neither infinite nor NaN, of each element.

    >>> import unifw
    >>> unifw.isfinite(unifw.asarray([1.0, float('inf')])).tolist()
    [True, False]
    """
    return unary("isfinite", x)


def isinf(x: Tensor, /) -> Tensor:
    """Whether infinite, of each element.

    >>> import unifw
    >>> unifw.isinf(unifw.asarray([1.0, float('inf')])).tolist()
    [False, True]
    """
    return unary("isinf", x)


def isnan(x: Tensor, /) -> Tensor:
    """Whether NaN, of each element.

    >>> import unifw
    >>> unifw.isnan(unifw.asarray([1.0, float('nan')])).tolist()
    [False, True]
    """
    return unary("isnan", x)


def log(x: Tensor, /) -> Tensor:
    """The natural logarithm; NaN below zero, of each element.

    >>> import unifw
    >>> unifw.log(unifw.asarray([1.0])).tolist()
    [0.0]
    """
    return unary("log", x)


def log1p(x: Tensor, /) -> Tensor:
    """log(1 + x), exact near zero, of each element.

    >>> import unifw
    >>> unifw.log1p(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    return unary("log1p", x)


def logical_not(x: Tensor, /) -> Tensor:
    """The opposite truth value, of each element.

    >>> import unifw
    >>> unifw.logical_not(unifw.asarray([True, False])).tolist()
    [False, True]
    """
    return unary("logical_not", x)


def negative(x: Tensor, /) -> Tensor:
    """The opposite number, of each element.

    >>> import unifw
    >>> unifw.negative(unifw.asarray([1.0, -2.0])).tolist()
    [-1.0, 2.0]
    """
    return unary("negative", x)


def positive(x: Tensor, /) -> Tensor:
    """The same number, of each element.

    >>> import unifw
    >>> unifw.positive(unifw.asarray([1.0, -2.0])).tolist()
    [1.0, -2.0]
    """
    return unary("positive", x)


def round(x: Tensor, /) -> Tensor:
    """The nearest integer, ties to even, of each element.

    >>> import unifw
    >>> unifw.round(unifw.asarray([0.5, 1.5, -1.2])).tolist()
    [0.0, 2.0, -1.0]
    """
    return unary("round", x)


def sign(x: Tensor, /) -> Tensor:
    """-1, 0 or 1; NaN of NaN, of each element.

    >>> import unifw
    >>> unifw.sign(unifw.asarray([-3.0, 0.0, 5.0])).tolist()
    [-1.0, 0.0, 1.0]
    """
    return unary("sign", x)


def sin(x: Tensor, /) -> Tensor:
    """The sine of an angle in radians, of each element.

    >>> import unifw
    >>> unifw.sin(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    return unary("sin", x)


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


def tanh(x: Tensor, /) -> Tensor:
    """The hyperbolic tangent, of each element.

    >>> import unifw
    >>> unifw.tanh(unifw.asarray([0.0])).tolist()
    [0.0]
    """
    return unary("tanh", x)


def add(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The sum, of each pair of elements.

    >>> import unifw
    >>> unifw.add(unifw.asarray([1, 2]), 10).tolist()
    [11, 12]
    """
    return binary("add", x1, x2)


def bitwise_and(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Bitwise, or for booleans logical, AND, of each pair of elements.

    >>> import unifw
    >>> unifw.bitwise_and(unifw.asarray([6, 5]), 3).tolist()
    [2, 1]
    """
    return binary("bitwise_and", x1, x2)


def bitwise_or(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Bitwise, or for booleans logical, OR, of each pair of elements.

    >>> import unifw
    >>> unifw.bitwise_or(unifw.asarray([6, 5]), 1).tolist()
    [7, 5]
    """
    return binary("bitwise_or", x1, x2)


def bitwise_xor(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Bitwise, or for booleans logical, exclusive OR, of each pair of elements.

    >>> import unifw
    >>> unifw.bitwise_xor(unifw.asarray([6, 5]), 1).tolist()
    [7, 4]
    """
    return binary("bitwise_xor", x1, x2)


def divide(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The quotient; of integers as float32, of each pair of elements.

    >>> import unifw
    >>> unifw.divide(unifw.asarray([1.0, 3.0]), 2.0).tolist()
    [0.5, 1.5]
    """
    return binary("divide", x1, x2)


def equal(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Whether equal, of each pair of elements.

    >>> import unifw
    >>> unifw.equal(unifw.asarray([1, 2]), 2).tolist()
    [False, True]
    """
    return binary("equal", x1, x2)


def floor_divide(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The quotient rounded down, of each pair of elements.

    >>> import unifw
    >>> unifw.floor_divide(unifw.asarray([7, -7]), 2).tolist()
    [3, -4]
    """
    return binary("floor_divide", x1, x2)


def greater(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Whether greater, of each pair of elements.

    >>> import unifw
    >>> unifw.greater(unifw.asarray([1, 2]), 1).tolist()
    [False, True]
    """
    return binary("greater", x1, x2)


def greater_equal(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Whether greater or equal, of each pair of elements.

    >>> import unifw
    >>> unifw.greater_equal(unifw.asarray([1, 2]), 2).tolist()
    [False, True]
    """
    return binary("greater_equal", x1, x2)


def less(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Whether less, of each pair of elements.

    >>> import unifw
    >>> unifw.less(unifw.asarray([1, 2]), 2).tolist()
    [True, False]
    """
    return binary("less", x1, x2)


def less_equal(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Whether less or equal, of each pair of elements.

    >>> import unifw
    >>> unifw.less_equal(unifw.asarray([1, 2]), 1).tolist()
    [True, False]
    """
    return binary("less_equal", x1, x2)


def logical_and(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Whether both are true, of each pair of elements.

    >>> import unifw
    >>> unifw.logical_and(unifw.asarray([True, False]), True).tolist()
    [True, False]
    """
    return binary("logical_and", x1, x2)


def logical_or(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Whether either is true, of each pair of elements.

    >>> import unifw
    >>> unifw.logical_or(unifw.asarray([True, False]), False).tolist()
    [True, False]
    """
    return binary("logical_or", x1, x2)


def maximum(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The greater; NaN if either is NaN, of each pair of elements.

    At a tie each side gets half of the gradient.

    >>> import unifw
    >>> unifw.maximum(unifw.asarray([1.0, 3.0]), 2.0).tolist()
    [2.0, 3.0]
    """
    return binary("maximum", x1, x2)


def minimum(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The smaller; NaN if either is NaN, of each pair of elements.

    At a tie each side gets half of the gradient.

    >>> import unifw
    >>> unifw.minimum(unifw.asarray([1.0, 3.0]), 2.0).tolist()
    [1.0, 2.0]
    """
    return binary("minimum", x1, x2)


def multiply(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The product, of each pair of elements.

    >>> import unifw
    >>> unifw.multiply(unifw.asarray([1, 2]), 10).tolist()
    [10, 20]
    """
    return binary("multiply", x1, x2)


def not_equal(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Whether not equal, of each pair of elements.

    >>> import unifw
    >>> unifw.not_equal(unifw.asarray([1, 2]), 2).tolist()
    [True, False]
    """
    return binary("not_equal", x1, x2)


def pow(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The first to the power of the second, of each pair of elements.

    >>> import unifw
    >>> unifw.pow(unifw.asarray([2.0, 3.0]), 2).tolist()
    [4.0, 9.0]
    """
    return binary("pow", x1, x2)


def remainder(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """What is left of a division rounded down; it has the sign of the divisor, of each pair of elements.

    >>> import unifw
    >>> unifw.remainder(unifw.asarray([7, -7]), 3).tolist()
    [1, 2]
    """
    return binary("remainder", x1, x2)


def subtract(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The difference, of each pair of elements.

    >>> import unifw
    >>> unifw.subtract(unifw.asarray([1, 2]), 10).tolist()
    [-9, -8]
    """
    return binary("subtract", x1, x2)


def root(x: Tensor, /) -> Tensor:
    """The square root whose gradient at 0 is 0, as norms and standard deviations need it.

    >>> import unifw
    >>> unifw.grad(lambda x: unifw.sum(root(x)))(unifw.asarray([0.0, 4.0])).tolist()
    [0.0, 0.25]
    """
    zero = equal(x, 0)
    return where(zero, 0.0, sqrt(where(zero, 1.0, x)))


def clip(x: Tensor, /, min: float | None = None, max: float | None = None) -> Tensor:
    """Each element moved into [min, max]; None leaves that side open. The gradient at an edge is 1.

    >>> import unifw
    >>> unifw.clip(unifw.asarray([-2.0, 0.5, 2.0]), -1.0, 1.0).tolist()
    [-1.0, 0.5, 1.0]
    """
    try:
        return x.wrap(x.ops.clip(x.native, min, max))
    except Exception as error:
        raise explain("clip", error, x) from error


def where(condition: Tensor, x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Elements of `x1` where `condition` is true, of `x2` elsewhere; the three broadcast.

    >>> import unifw
    >>> unifw.where(unifw.asarray([True, False]), unifw.asarray([1.0, 2.0]), 0.0).tolist()
    [1.0, 0.0]
    """
    first = one_backend("where", [x for x in (condition, x1, x2) if not isinstance(x, Scalar)])
    if not isinstance(condition, Tensor):
        raise not_a_tensor("where", condition)
    natives: list[Any] = [getattr(x, "native", x) for x in (x1, x2)]
    try:
        if isinstance(x1, Tensor) and isinstance(x2, Tensor) and x1.dtype is not x2.dtype:
            natives = list(promoted(first.ops, *natives))
        return first.wrap(first.ops.where(condition.native, *natives))
    except Exception as error:
        raise explain("where", error, condition, x1, x2) from error
