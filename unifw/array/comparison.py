"""Comparison, choice and limits of each element.

Two operands broadcast against each other and are promoted to their common dtype; one of them may be a Python number.
All raise ShapeError for shapes that do not broadcast, MixedBackendError for tensors of two backends and OperandError
for anything that is not a tensor or a number.
"""

from __future__ import annotations

from typing import Any

from unifw.array.axes import one_backend
from unifw.dtypes import DType, as_dtype, bool_, held, promote, promote_scalar
from unifw.errors import DTypeError, explain
from unifw.operators import Scalar, binary, not_a_tensor, promoted, unary, with_number
from unifw.tensor import Tensor


def clip(x: Tensor, /, min: Tensor | float | None = None, max: Tensor | float | None = None) -> Tensor:
    """Each element moved into [min, max], which broadcast; None leaves that side open. The gradient at an edge is 1.

    The dtype is that of `x`, unless its kind is too low for a bound; a NaN as a bound gives NaN.

    >>> import unifw
    >>> unifw.clip(unifw.asarray([-2.0, 0.5, 2.0]), -1.0, 1.0).tolist()
    [-1.0, 0.5, 1.0]
    >>> unifw.clip(unifw.asarray([4, 5]), max=unifw.asarray([[3], [9]])).tolist()
    [[3, 3], [4, 5]]
    """
    bounds = [bound for bound in (min, max) if isinstance(bound, Tensor)]
    one_backend("clip", [x, *bounds])
    common = x.dtype
    for bound in bounds:
        common = promote(common, bound.dtype)
    kinds: list[Any] = [type(scalar) for scalar in (min, max) if isinstance(scalar, Scalar)]
    if complex in kinds:
        raise DTypeError("clip: got a complex number; expected real ones. Write z.real or abs(z) first.")
    for kind in kinds:
        common = promote_scalar(common, kind)
    try:
        natives = (_as_bound(x, bound, common) for bound in (min, max))
        result = x.wrap(x.ops.clip(x.native if common is x.dtype else x.ops.astype(x.native, common), *natives))
    except Exception as error:
        raise explain("clip", error, x, *bounds) from error
    same_kind = common.kind.split()[-1] == x.dtype.kind.split()[-1]
    return result.to(x.dtype) if common is not x.dtype and same_kind else result


def _as_bound(x: Tensor, bound: Any, common: DType) -> Any:
    """A bound of `clip` for the backend: a native tensor of the common dtype, a Python number or None."""
    if isinstance(bound, Tensor):
        return bound.native if bound.dtype is common else x.ops.astype(bound.native, common)
    if bound is not None and not isinstance(bound, Scalar):
        raise not_a_tensor("clip", bound)
    return held("clip", bound, common) if bound is not None else None


def equal(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Whether equal, of each pair of elements.

    >>> import unifw
    >>> unifw.equal(unifw.asarray([1, 2]), 2).tolist()
    [False, True]
    """
    return binary("equal", x1, x2)


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


def maximum(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The greater; NaN if either is NaN, of each pair of elements.

    At a tie each side gets half of the gradient.

    >>> import unifw
    >>> unifw.maximum(unifw.asarray([1.0, 3.0]), 2.0).tolist()
    [2.0, 3.0]
    """
    try:
        return x1.quick.maximum(x1, x2)  # type: ignore[union-attr, no-any-return]  # numbers go the long way
    except Exception:
        pass  # what follows says why, or does without
    return binary("maximum", x1, x2)


def minimum(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """The smaller; NaN if either is NaN, of each pair of elements.

    At a tie each side gets half of the gradient.

    >>> import unifw
    >>> unifw.minimum(unifw.asarray([1.0, 3.0]), 2.0).tolist()
    [1.0, 2.0]
    """
    try:
        return x1.quick.minimum(x1, x2)  # type: ignore[union-attr, no-any-return]  # numbers go the long way
    except Exception:
        pass  # what follows says why, or does without
    return binary("minimum", x1, x2)


def not_equal(x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Whether not equal, of each pair of elements.

    >>> import unifw
    >>> unifw.not_equal(unifw.asarray([1, 2]), 2).tolist()
    [True, False]
    """
    return binary("not_equal", x1, x2)


def where(condition: Tensor, x1: Tensor | Scalar, x2: Tensor | Scalar, /) -> Tensor:
    """Elements of `x1` where `condition` is true, of `x2` elsewhere; the three broadcast.

    >>> import unifw
    >>> unifw.where(unifw.asarray([True, False]), unifw.asarray([1.0, 2.0]), 0.0).tolist()
    [1.0, 0.0]
    """
    try:
        return condition.quick.where(condition, x1, x2)  # type: ignore[no-any-return]
    except Exception:
        pass  # what follows says why, or does without
    if not isinstance(condition, Tensor):
        raise not_a_tensor("where", condition)
    first = one_backend("where", [x for x in (condition, x1, x2) if not isinstance(x, Scalar)])
    try:
        return first.wrap(first.ops.where(condition.native, *_choices(first.ops, x1, x2)))
    except Exception as error:
        if condition.dtype is not bool_:
            raise DTypeError(
                f"where: got a condition of dtype {condition.dtype}; expected bool. Write x != 0 for where numbers are."
            ) from error
        raise explain("where", error, condition, x1, x2) from error


def _choices(ops: Any, x1: Any, x2: Any) -> tuple[Any, Any]:
    """What `where` chooses from, for the backend."""
    if isinstance(x1, Tensor) and isinstance(x2, Tensor):
        return (x1.native, x2.native) if x1.dtype is x2.dtype else promoted(ops, x1.native, x2.native)
    if isinstance(x1, Tensor):
        return with_number("where", x1, x2)
    if isinstance(x2, Tensor):
        return with_number("where", x2, x1)[::-1]
    common = promote(as_dtype(type(x1)), as_dtype(type(x2)))
    return held("where", x1, common), held("where", x2, common)
