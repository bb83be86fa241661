"""Dense layers as functions."""

from __future__ import annotations

from collections.abc import Sequence

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
        if x.ops is not weight.ops or (bias is not None and bias.ops is not x.ops):
            raise mixed_backends("linear", x, weight, bias)
        kernel = x.kernels.affine if weight._turned else x.kernels.linear
        return x.wrap(kernel(x.native, weight._stored, None if bias is None else bias.native))
    except Exception as error:
        raise _misfit(error, x, weight) from error


def linear_by_shares(inputs: Sequence[Tensor], weight: Tensor, bias: Tensor | None) -> list[Tensor]:
    """Each input by its own share of the outputs: `linear` with the first rows of the weight, the next, and so on.

    >>> import unifw
    >>> x, weight = unifw.asarray([[1.0]]), unifw.asarray([[3.0], [4.0]])
    >>> [y.tolist() for y in linear_by_shares([x, x], weight, None)]
    [[[3.0]], [[4.0]]]
    """
    stored, size = weight.wrap(weight._stored), weight.shape[0] // len(inputs)
    shares = [slice(i * size, (i + 1) * size) for i in range(len(inputs))]
    made = []
    for x, share in zip(inputs, shares, strict=True):
        own = stored[:, share] if weight._turned else stored[share]
        try:
            kernel = x.kernels.affine if weight._turned else x.kernels.linear
            made.append(x.wrap(kernel(x.native, own.native, None if bias is None else bias[share].native)))
        except Exception as error:
            raise _misfit(error, x, weight) from error
    return made


def _misfit(error: Exception, x: Tensor, weight: Tensor) -> Exception:
    wanted = f"a last axis of {weight.shape[-1]}, for weights of shape {tuple(weight.shape)} (out, in)"
    return misfit("linear", error, x, weight, wanted)


def affine(x: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """The affine map x @ weight + bias: `linear` with a weight that is stored the other way round, (in, out).

    Raises ShapeError, DTypeError and MixedBackendError.

    >>> import unifw
    >>> affine(unifw.asarray([[1.0, 2.0]]), unifw.asarray([[3.0], [4.0]]), unifw.asarray([0.5])).tolist()
    [[11.5]]
    """
    try:
        if x.ops is not weight.ops or (bias is not None and bias.ops is not x.ops):
            raise mixed_backends("affine", x, weight, bias)
        return x.wrap(x.kernels.affine(x.native, weight.native, None if bias is None else bias.native))
    except Exception as error:
        wanted = f"a last axis of {weight.shape[0]}, for weights of shape {tuple(weight.shape)} (in, out)"
        raise misfit("affine", error, x, weight, wanted) from error


def bilinear(x1: Tensor, x2: Tensor, weight: Tensor, bias: Tensor | None = None) -> Tensor:
    """The bilinear map x1.T @ weight[o] @ x2 + bias[o]: (..., in1) and (..., in2) to (..., out).

    `weight` is (out, in1, in2). Raises ShapeError, DTypeError and MixedBackendError.

    >>> import unifw
    >>> x1, x2 = unifw.asarray([[1.0, 2.0]]), unifw.asarray([[3.0]])
    >>> unifw.nn.functional.bilinear(x1, x2, unifw.ones((1, 2, 1))).tolist()
    [[9.0]]
    """
    try:
        if x1.ops is not weight.ops or x2.ops is not weight.ops:
            raise mixed_backends("bilinear", x1, x2, weight)
        if bias is not None and bias.ops is not weight.ops:
            raise mixed_backends("bilinear", x1, bias)
        offset = None if bias is None else bias.native
        return x1.wrap(x1.kernels.bilinear(x1.native, x2.native, weight.native, offset))
    except Exception as error:
        _, first, second = weight.shape
        wanted = f"inputs (..., {first}) and (..., {second}) that are alike before the last axis"
        misfitting = x2 if isinstance(x1, Tensor) and x1.dtype is weight.dtype and x1.shape[-1:] == (first,) else x1
        raise misfit("bilinear", error, misfitting, weight, wanted) from error
