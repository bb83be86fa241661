"""Dense layers as functions."""

from __future__ import annotations

from unifw.nn.functional.checks import misfit
from unifw.operators import mixed_backends
from unifw.tensor import Tensor


def linear(x: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The affine map x @ weight.T + bias: (..., in) with weight (out, in) and bias (out,) to (..., out).

    Raises ShapeError, DTypeError and MixedBackendError.

    >>> import unifw
    >>> F = unifw.nn.functional
    >>> F.linear(unifw.asarray([[1.0, 2.0]]), unifw.asarray([[3.0, 4.0]]), unifw.asarray([0.5])).tolist()
    [[11.5]]
    """
    try:
        if x.ops is not weight.ops:
            raise mixed_backends("linear", x, weight)
        return x.wrap(x.backend.nn.linear(x.native, weight.native, None if bias is None else bias.native))  # type: ignore[union-attr]
    except Exception as error:
        wanted = f"a last axis of {weight.shape[-1]}, for weights of shape {tuple(weight.shape)} (out, in)"
        raise misfit("linear", error, x, weight, wanted) from error
