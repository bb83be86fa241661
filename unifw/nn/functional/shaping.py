"""Changes of shape as functions."""

from __future__ import annotations

from unifw.array.axes import axis_of, ndim_of
from unifw.errors import AxisError
from unifw.registry import part
from unifw.tensor import Tensor


def flatten(x: Tensor, start_dim: int = 1, end_dim: int = -1) -> Tensor:
    """The axes from `start_dim` to `end_dim` as one. Raises AxisError.

    >>> import unifw
    >>> unifw.nn.functional.flatten(unifw.zeros((2, 3, 4))).shape
    (2, 12)
    """
    ndim = ndim_of("flatten", x)
    start, end = axis_of("flatten", start_dim, ndim), axis_of("flatten", end_dim, ndim)
    if start > end:
        raise AxisError(f"flatten: got start_dim {start_dim} after end_dim {end_dim}; expected it before.")
    return x.wrap(part(x.backend, "nn").flatten(x.native, start, end))
