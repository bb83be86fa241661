"""Dropout as functions."""

from __future__ import annotations

from unifw.errors import ArgumentError
from unifw.nn.functional.checks import check_floating
from unifw.random import bernoulli, in_host_mode
from unifw.registry import part
from unifw.tensor import Tensor


def dropout(x: Tensor, p: float = 0.5, training: bool = True) -> Tensor:
    """Each element 0 with probability `p`, else scaled by 1 / (1 - p); `x` itself outside training.

    >>> import unifw
    >>> unifw.nn.functional.dropout(unifw.ones(3), 0.5, training=False).tolist()
    [1.0, 1.0, 1.0]
    """
    if not training or p == 0:
        return x
    if not 0 <= p <= 1:
        raise ArgumentError(f"dropout: got p={p}; expected a probability from 0 to 1.")
    check_floating("dropout", x)
    if in_host_mode():
        kept = bernoulli(x.shape, 1 - p).to_backend(x.backend).to(x.dtype)
        return x * kept * (1 / (1 - p) if p < 1 else 0.0)
    return x.wrap(part(x.backend, "nn").dropout(x.native, p))
