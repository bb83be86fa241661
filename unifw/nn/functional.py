"""Layers and losses as functions of tensors."""

from __future__ import annotations

from typing import Literal, get_args

from unifw.array.axes import axis_of, ndim_of, one_backend
from unifw.array.manipulation import permute_dims
from unifw.array.statistical import mean
from unifw.array.statistical import sum as sum_
from unifw.errors import ArgumentError, AxisError, DTypeError, OutOfRangeError, ShapeError, UnifwError, describe
from unifw.nn.geometry import DataFormat, PaddingPairs, Pair
from unifw.operators import mixed_backends, not_a_tensor
from unifw.random import bernoulli, in_host_mode
from unifw.registry import part
from unifw.tensor import Tensor
from unifw.variable import Buffer, Parameter

Reduction = Literal["mean", "sum", "none"]


def _misfit(name: str, error: Exception, x: Tensor, weight: Tensor | None, expected: str) -> Exception:
    """The error for a kernel that refused its input: wrong type, backend or dtype, else a wrong shape."""
    if isinstance(error, UnifwError):
        return error
    if not isinstance(x, Tensor):
        return not_a_tensor(name, x)
    part(x.backend, "nn")  # a backend without layers says so
    if weight is not None and x.dtype is not weight.dtype:
        other = f", or model.to(unifw.{x.dtype})" if "floating" in x.dtype.kind else ""
        return DTypeError(
            f"{name}: got an input of dtype {x.dtype} for weights of dtype {weight.dtype}; expected the same. "
            f"Write x.to(unifw.{weight.dtype}){other}."
        )
    reason = next(iter(str(error).strip().splitlines()), type(error).__name__)
    return ShapeError(
        f"{name}: got {describe(x)}; expected {expected}. Write unifw.reshape(x, ...), or build the layer with the "
        f"sizes of its input. The native framework says: {reason}"
    )


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
        raise _misfit("linear", error, x, weight, wanted) from error


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
        raise _misfit("relu", error, x, None, "a tensor of numbers") from error


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Pair,
    padding: PaddingPairs,
    dilation: Pair,
    groups: int,
    data_format: DataFormat,
) -> Tensor:
    """2-D cross-correlation: (N, H, W, C), or (N, C, H, W) with channels_first, by weight (out, in/groups, kh, kw).

    `padding` is ((top, bottom), (left, right)), in pixels. Raises ShapeError and DTypeError.

    >>> import unifw
    >>> image, kernel = unifw.ones((1, 3, 3, 1)), unifw.ones((1, 1, 2, 2))
    >>> y = unifw.nn.functional.conv2d(image, kernel, None, (1, 1), ((0, 0), (0, 0)), (1, 1), 1, "channels_last")
    >>> y.shape, y[0, 0, 0, 0].item()
    ((1, 2, 2, 1), 4.0)
    """
    last = data_format == "channels_last"
    try:
        if x.ops is not weight.ops:
            raise mixed_backends("conv2d", x, weight)
        if x.ndim != 4:
            raise ValueError("an image batch has 4 axes")
        offset = None if bias is None else bias.native
        kernel = part(x.backend, "nn").conv2d
        return x.wrap(kernel(x.native, weight.native, offset, stride, padding, dilation, groups, last))
    except Exception as error:
        channels = weight.shape[1] * groups
        form = f"(N, H, W, {channels})" if last else f"(N, {channels}, H, W)"
        raise _misfit("conv2d", error, x, weight, f"{data_format} images {form} no smaller than the kernel") from error


def max_pool2d(x: Tensor, kernel_size: Pair, stride: Pair, padding: Pair, data_format: DataFormat) -> Tensor:
    """The maximum of each window: (N, H, W, C), or (N, C, H, W) with channels_first.

    Raises ShapeError.

    >>> import unifw
    >>> x = unifw.reshape(unifw.arange(16.0), (1, 4, 4, 1))
    >>> unifw.nn.functional.max_pool2d(x, (2, 2), (2, 2), (0, 0), "channels_last")[0, :, :, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    try:
        if x.ndim != 4:
            raise ValueError("an image batch has 4 axes")
        kernel = part(x.backend, "nn").max_pool2d
        return x.wrap(kernel(x.native, kernel_size, stride, padding, data_format == "channels_last"))
    except Exception as error:
        wanted = f"{data_format} images of 4 axes no smaller than the window {kernel_size}"
        raise _misfit("max_pool2d", error, x, None, wanted) from error


def batch_norm(
    x: Tensor,
    weight: Parameter | None,
    bias: Parameter | None,
    running_mean: Buffer,
    running_var: Buffer,
    training: bool,
    momentum: float,
    eps: float,
    data_format: DataFormat,
) -> Tensor:
    """(x - mean) / sqrt(var + eps) * weight + bias, per channel (Ioffe and Szegedy, 2015).

    In training with the batch's biased variance, and `running = (1 - momentum) running + momentum batch` with its
    unbiased one; else with the running statistics. Raises ShapeError, also for one value per channel in training.

    >>> import unifw
    >>> layer = unifw.nn.BatchNorm2d(1)
    >>> x = unifw.reshape(unifw.asarray([1.0, 3.0]), (2, 1, 1, 1))
    >>> [round(value, 3) for value in layer(x)[:, 0, 0, 0].tolist()]
    [-1.0, 1.0]
    """
    try:
        if x.ops is not running_mean.ops:
            raise mixed_backends("batch_norm", x, running_mean)
        y = part(x.backend, "nn").batch_norm(
            x.native,
            None if weight is None else weight.native,
            None if bias is None else bias.native,
            running_mean.storage,
            running_var.storage,
            training,
            momentum,
            eps,
            data_format == "channels_last",
        )
        return x.wrap(y)
    except Exception as error:
        axis = "last" if data_format == "channels_last" else "second"
        wanted = f"{running_mean.size} channels on the {axis} axis and, in training, more than one value of each"
        raise _misfit("batch_norm", error, x, running_mean, wanted) from error


def _check_floating(name: str, x: Tensor) -> None:
    if not isinstance(x, Tensor):
        raise not_a_tensor(name, x)
    if "floating" not in x.dtype.kind:
        raise DTypeError(f"{name}: got {describe(x)}; expected a floating dtype. Write x.to(unifw.float32).")


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
    _check_floating("dropout", x)
    if in_host_mode():
        kept = bernoulli(x.shape, 1 - p).to_backend(x.backend).to(x.dtype)
        return x * kept * (1 / (1 - p) if p < 1 else 0.0)
    return x.wrap(part(x.backend, "nn").dropout(x.native, p))


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


def cross_entropy(logits: Tensor, targets: Tensor, axis: int = -1, reduction: Reduction = "mean") -> Tensor:
    """-log softmax(logits)[target]: logits (..., classes) and integer targets (...).

    `axis` is where the classes are; `reduction` is "mean", "sum" or "none". Raises ShapeError, DTypeError for targets
    that are not integers, and outside a compiled step OutOfRangeError for a target that is not a class.

    >>> import unifw
    >>> loss = unifw.nn.functional.cross_entropy(unifw.zeros((2, 4)), unifw.asarray([0, 3]))
    >>> round(loss.item(), 4)
    1.3863
    """
    if reduction not in get_args(Reduction):
        raise ArgumentError(f"cross_entropy: got reduction {reduction!r}; expected one of {get_args(Reduction)}.")
    one_backend("cross_entropy", (logits, targets))
    _check_floating("cross_entropy", logits)
    if "integer" not in targets.dtype.kind:
        raise DTypeError(
            f"cross_entropy: got targets of dtype {targets.dtype}; expected integer classes. "
            "Write unifw.argmax(targets, axis=-1) if they are one-hot."
        )
    position = axis_of("cross_entropy", axis, logits.ndim)
    if position != logits.ndim - 1:
        order = [i for i in range(logits.ndim) if i != position]
        logits = permute_dims(logits, (*order, position))
    _check_targets(logits, targets)
    try:
        losses = logits.wrap(part(logits.backend, "nn").cross_entropy(logits.native, targets.native))
    except Exception as error:
        if isinstance(error, UnifwError):
            raise
        raise OutOfRangeError(
            f"cross_entropy: got a target that is no class; expected targets from 0 to {logits.shape[-1] - 1}. "
            f"The native framework says: {error}"
        ) from error
    return losses if reduction == "none" else mean(losses) if reduction == "mean" else sum_(losses)


def _check_targets(logits: Tensor, targets: Tensor) -> None:
    got, shape = targets.ops.static_shape(targets.native), logits.ops.static_shape(logits.native)
    wanted = shape[:-1]
    if len(got) != len(wanted) or (None not in (*got, *wanted) and got != wanted):
        raise ShapeError(
            f"cross_entropy: got targets of shape {got} for logits of shape {shape}; "
            f"expected {wanted}. Write axis= if the classes are not on the last axis."
        )
