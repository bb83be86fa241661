"""Whether any or all elements are true."""

from __future__ import annotations

from unifw.array.axes import Axis
from unifw.array.statistical import reduce
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
