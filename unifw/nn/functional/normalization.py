"""Normalisation as functions."""

from __future__ import annotations

from typing import Any

from unifw.array.comparison import maximum
from unifw.array.norms import vector_norm
from unifw.nn.functional.checks import check_floating, misfit
from unifw.nn.geometry import data_format_of
from unifw.operators import mixed_backends
from unifw.spec.types import Sizes
from unifw.tensor import Tensor
from unifw.variable import Buffer


def batch_norm(
    x: Tensor,
    running_mean: Buffer | None,
    running_var: Buffer | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
    data_format: str = "channels_last",
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias, per channel (Ioffe and Szegedy, 2015).

    In training with the batch's biased variance, and `running = (1 - momentum) running + momentum batch` with its
    unbiased one; else with the running statistics, or the batch's where they are None. Raises ShapeError, also for one
    value per channel in training, and DTypeError.

    >>> import unifw
    >>> x = unifw.asarray([[1.0], [3.0]])
    >>> y = unifw.nn.functional.batch_norm(x, None, None, training=True)
    >>> [round(value, 3) for value in y[:, 0].tolist()]
    [-1.0, 1.0]
    """
    last = data_format_of(data_format) == "channels_last"
    own = training or running_mean is None
    return channel_normalization("batch_norm", x, weight, bias, running_mean, running_var, own, momentum, eps, 0, last)


def channel_normalization(
    name: str,
    x: Tensor,
    weight: Tensor | None,
    bias: Tensor | None,
    running_mean: Buffer | None,
    running_var: Buffer | None,
    training: bool,
    momentum: float,
    eps: float,
    dims: int,
    channels_last: bool,
) -> Tensor:
    """`batch_norm` or `instance_norm` of input with `dims` axes of space (0: any number), when the rest is checked.

    >>> import unifw
    >>> channel_normalization("batch_norm", unifw.zeros((2, 3)), *[None] * 4, True, 0.1, 1e-5, 1, True).shape
    (2, 3)
    """
    try:
        if (
            (weight is not None and weight.ops is not x.ops)
            or (bias is not None and bias.ops is not x.ops)
            or (running_mean is not None and running_mean.ops is not x.ops)
            or (running_var is not None and running_var.ops is not x.ops)
        ):
            raise mixed_backends(name, x, weight, bias, running_mean, running_var)
        y = getattr(x.kernels, name)(
            x.native,
            None if weight is None else weight.native,
            None if bias is None else bias.native,
            None if running_mean is None else running_mean.storage,
            None if running_var is None else running_var.storage,
            training,
            momentum,
            eps,
            dims,
            channels_last,
        )
        return x.wrap(y)
    except Exception as error:
        like = weight if running_mean is None else running_mean
        raise _misfit(name, error, x, like, dims, channels_last) from error


def _misfit(name: str, error: Exception, x: Any, like: Tensor | None, dims: int, channels_last: bool) -> Exception:
    axis, number = "last" if channels_last else "second", f"{like.size} " if like is not None else ""
    axes = {0: "", 1: "2 or 3 axes, "}.get(dims, f"{dims + 2} axes, ")
    values = "more than one value of each" + (" image" if name == "instance_norm" else "")
    return misfit(name, error, x, like, f"{axes}{number}channels on the {axis} axis and, in training, {values}")


def instance_norm(
    x: Tensor,
    running_mean: Buffer | None = None,
    running_var: Buffer | None = None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    use_input_stats: bool = True,
    momentum: float = 0.1,
    eps: float = 1e-5,
    data_format: str = "channels_last",
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias, per channel of each image (Ulyanov et al., 2016).

    With `use_input_stats` by the image's own biased variance, moving the running statistics, if there are any, by the
    mean over the batch; else by the running ones. Raises ShapeError, also for one value per channel, and DTypeError.

    >>> import unifw
    >>> x = unifw.asarray([[[1.0], [3.0]]])
    >>> [round(value, 3) for value in unifw.nn.functional.instance_norm(x)[0, :, 0].tolist()]
    [-1.0, 1.0]
    """
    last = data_format_of(data_format) == "channels_last"
    return channel_normalization(
        "instance_norm", x, weight, bias, running_mean, running_var, use_input_stats, momentum, eps, 0, last
    )


def layer_norm(
    x: Tensor,
    normalized_shape: Sizes,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias over the last axes, of sizes `normalized_shape` (Ba et al., 2016).

    The variance is the biased one. Raises ShapeError and DTypeError.

    >>> import unifw
    >>> y = unifw.nn.functional.layer_norm(unifw.asarray([[1.0, 3.0], [5.0, 5.0]]), (2,))
    >>> [[round(value, 3) for value in row] for row in y.tolist()]
    [[-1.0, 1.0], [0.0, 0.0]]
    """
    try:
        if (weight is not None and weight.ops is not x.ops) or (bias is not None and bias.ops is not x.ops):
            raise mixed_backends("layer_norm", x, weight, bias)
        scale, offset = None if weight is None else weight.native, None if bias is None else bias.native
        return x.wrap(x.kernels.layer_norm(x.native, normalized_shape, scale, offset, eps))
    except Exception as error:
        raise misfit("layer_norm", error, x, weight, _ending(normalized_shape)) from error


def _ending(shape: Any) -> str:
    return f"floating input (...{''.join(f', {n}' for n in shape)})" if isinstance(shape, tuple) else "a tuple of sizes"


def rms_norm(x: Tensor, normalized_shape: Sizes, weight: Tensor | None = None, eps: float | None = None) -> Tensor:
    """The input x / sqrt(mean(x^2) + eps) * weight over the last axes (Zhang and Sennrich, 2019).

    `eps` of None is the dtype's distance from 1 to the next number, as in PyTorch. Raises ShapeError and DTypeError.

    >>> import unifw
    >>> y = unifw.nn.functional.rms_norm(unifw.asarray([3.0, 4.0]), (2,))
    >>> [round(value, 3) for value in y.tolist()]
    [0.849, 1.131]
    """
    try:
        if weight is not None and x.ops is not weight.ops:
            raise mixed_backends("rms_norm", x, weight)
        scale = None if weight is None else weight.native
        return x.wrap(x.kernels.rms_norm(x.native, normalized_shape, scale, eps))
    except Exception as error:
        raise misfit("rms_norm", error, x, weight, _ending(normalized_shape)) from error


def group_norm(
    x: Tensor,
    num_groups: int,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    eps: float = 1e-5,
    data_format: str = "channels_last",
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias over each image's groups of channels (Wu and He, 2018).

    Input (N, *space, C), or (N, C, *space) with channels_first. Raises ShapeError and DTypeError.

    >>> import unifw
    >>> unifw.nn.functional.group_norm(unifw.zeros((2, 5, 6)), 3).shape
    (2, 5, 6)
    """
    last = data_format_of(data_format) == "channels_last"
    try:
        if (weight is not None and weight.ops is not x.ops) or (bias is not None and bias.ops is not x.ops):
            raise mixed_backends("group_norm", x, weight, bias)
        scale, offset = None if weight is None else weight.native, None if bias is None else bias.native
        return x.wrap(x.kernels.group_norm(x.native, num_groups, scale, offset, eps, last))
    except Exception as error:
        axis, number = "last" if last else "second", f"{weight.size}" if weight is not None else "a multiple of them as"
        wanted = f"{number} channels on the {axis} axis for {num_groups} groups"
        raise misfit("group_norm", error, x, weight, wanted) from error


def local_response_norm(
    x: Tensor,
    size: int,
    alpha: float = 1e-4,
    beta: float = 0.75,
    k: float = 1.0,
    data_format: str = "channels_last",
) -> Tensor:
    """The input x / (k + alpha mean(x^2))^beta, the mean over `size` neighbouring channels (Krizhevsky et al., 2012).

    Beyond the first and the last channel are zeros; an even `size` reaches further back. Raises ShapeError.

    >>> import unifw
    >>> unifw.nn.functional.local_response_norm(unifw.ones((1, 2, 2, 1)), 1, alpha=3.0, beta=0.5)[0, 0].tolist()
    [[0.5], [0.5]]
    """
    last = data_format_of(data_format) == "channels_last"
    try:
        return x.wrap(x.kernels.local_response_norm(x.native, size, alpha, beta, k, last))
    except Exception as error:
        raise misfit("local_response_norm", error, x, None, "floating input of 3 to 5 axes") from error


def normalize(x: Tensor, p: float = 2.0, dim: int | tuple[int, ...] = 1, eps: float = 1e-12) -> Tensor:
    """The input x / max(||x||_p, eps), along an axis. Raises AxisError and DTypeError.

    >>> import unifw
    >>> [round(value, 4) for value in unifw.nn.functional.normalize(unifw.asarray([[3.0, 4.0]])).tolist()[0]]
    [0.6, 0.8]
    """
    check_floating("normalize", x)
    y: Tensor = x / maximum(vector_norm(x, axis=dim, keepdims=True, ord=p), eps)
    return y
