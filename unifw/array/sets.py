"""Distinct elements."""

from __future__ import annotations

from unifw.operators import call
from unifw.tensor import Tensor


def unique_values(x: Tensor, /) -> Tensor:
    """The distinct elements in rising order: (n,).

    >>> import unifw
    >>> unifw.unique_values(unifw.asarray([2, 1, 2])).tolist()
    [1, 2]
    """
    return call("unique_values", x)
