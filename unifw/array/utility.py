"""Whether any or all elements are true, and differences of neighbours."""

from __future__ import annotations

from unifw.array.arithmetic import subtract
from unifw.array.axes import Axis, axis_of, ndim_of
from unifw.array.manipulation import concat
from unifw.array.statistical import reduce
from unifw.dtypes import bool_
from unifw.errors import ArgumentError, DTypeError
from unifw.tensor import Tensor


def any(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether any of the elements along the axes is true (not zero): bool.

    >>> import unifw
    >>> unifw.any(unifw.asarray([[True, True], [False, True]]), axis=0).tolist()
    [True, True]
    """
    return reduce("any", x, axis, keepdims)


def all(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """Whether all of the elements along the axes are true (not zero): bool.

    >>> import unifw
    >>> unifw.all(unifw.asarray([[True, True], [False, True]]), axis=0).tolist()
    [False, True]
    """
    return reduce("all", x, axis, keepdims)


def diff(
    x: Tensor, /, *, axis: int = -1, n: int = 1, prepend: Tensor | None = None, append: Tensor | None = None
) -> Tensor:
    """Each element less the one before it along an axis, `n` times; `prepend` and `append` are joined to `x` first.

    Raises AxisError, ShapeError where the parts do not fit, DTypeError for booleans, ArgumentError for n below 0.

    >>> import unifw
    >>> unifw.diff(unifw.asarray([1, 4, 9, 16])).tolist()
    [3, 5, 7]
    """
    axis = axis_of("diff", axis, ndim_of("diff", x))
    if not hasattr(n, "__index__") or n < 0:
        raise ArgumentError(f"diff: got n={n}; expected an integer not below 0.")
    if x.dtype is bool_:
        raise DTypeError("diff: got dtype bool; expected numbers. Write x[1:] != x[:-1] to find changes.")
    parts = [part for part in (prepend, x, append) if part is not None]
    x = concat(parts, axis=axis) if len(parts) > 1 else x
    x, before = x.wrap(x.native), (slice(None),) * axis
    for _ in range(n):
        x = subtract(x[(*before, slice(1, None))], x[(*before, slice(None, -1))])
    return x
