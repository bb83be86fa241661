"""Activation functions."""

from __future__ import annotations

from unifw.errors import DTypeError, describe
from unifw.nn.functional.checks import misfit
from unifw.tensor import Tensor


def relu(x: Tensor) -> Tensor:
    """max(x, 0), of each element; its gradient at 0 is 0.

    >>> import unifw
    >>> unifw.nn.functional.relu(unifw.asarray([-1.0, 2.0])).tolist()
    [0.0, 2.0]
    """
    try:
        return x.wrap(x.backend.nn.relu(x.native))  # type: ignore[union-attr]
    except Exception as error:
        if isinstance(x, Tensor) and x.dtype.kind in ("bool", "complex floating"):
            raise DTypeError(f"relu: got {describe(x)}; expected real numbers. Write x.to(unifw.float32).") from error
        raise misfit("relu", error, x, None, "a tensor of numbers") from error
