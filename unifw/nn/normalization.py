"""Normalisation layers."""

from __future__ import annotations

from typing import ClassVar

from unifw.array.creation import ones, zeros
from unifw.dtypes import int64
from unifw.errors import ArgumentError
from unifw.nn import functional as F
from unifw.nn.functional.normalization import channel_normalization
from unifw.nn.geometry import count, data_format_of
from unifw.nn.module import Module
from unifw.spec.types import Sizes
from unifw.tensor import Tensor
from unifw.variable import Buffer, Parameter


class _ChannelNorm(Module):
    """Normalisation of channels, with PyTorch's parameters and statistics."""

    dims: ClassVar[int]

    def _set_up(
        self, num_features: int, eps: float, momentum: float | None, affine: bool, bias: bool, tracks: bool, layout: str
    ) -> None:
        """Check and keep the settings and make parameters and statistics."""
        count("num_features", num_features)
        self.num_features = num_features
        self.weight = Parameter(ones(num_features)) if affine else None
        self.bias = Parameter(zeros(num_features)) if affine and bias else None
        self.running_mean = Buffer(zeros(num_features)) if tracks else None
        self.running_var = Buffer(ones(num_features)) if tracks else None
        self.num_batches_tracked = Buffer(zeros((), dtype=int64)) if tracks else None
        self.eps = eps
        self.momentum = momentum
        self.data_format = data_format_of(layout)
        self._last = layout == "channels_last"

    def _describe(self) -> str:
        return f"{self.num_features}, eps={self.eps}, momentum={self.momentum}"


class _BatchNorm(_ChannelNorm, leaf=True, lazy="num_features"):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float | None = 0.1,
        affine: bool = True,
        track_running_stats: bool = True,
        data_format: str = "channels_last",
        *,
        bias: bool = True,
    ) -> None:
        self._set_up(num_features, eps, momentum, affine, bias, track_running_stats, data_format)

    def forward(self, x: Tensor) -> Tensor:
        """(N, *space, C) to the same shape."""
        mean, var = self.running_mean, self.running_var
        if not self.training or mean is None:
            return channel_normalization(
                "batch_norm", x, self.weight, self.bias, mean, var, mean is None, 0.0, self.eps, self.dims, self._last
            )
        if self.momentum is None:
            return self._averaged(x)
        y = channel_normalization(
            "batch_norm", x, self.weight, self.bias, mean, var, True, self.momentum, self.eps, self.dims, self._last
        )
        self.num_batches_tracked += 1  # type: ignore[operator, assignment]
        return y

    def _averaged(self, x: Tensor) -> Tensor:
        """Training with the mean of all batches as running statistics: their own, then moved by 1 / batches."""
        mean, var, tracked = self.running_mean, self.running_var, self.num_batches_tracked
        assert mean is not None
        assert var is not None
        assert tracked is not None
        before = [kept.wrap(kept.ops.copy(kept.native)) for kept in (mean, var)]
        y = channel_normalization(
            "batch_norm", x, self.weight, self.bias, mean, var, True, 1.0, self.eps, self.dims, self._last
        )
        tracked += 1
        share = 1 / tracked.wrap(tracked.native).to(mean.dtype)
        for kept, old in zip((mean, var), before, strict=True):
            kept.assign(old + (kept.wrap(kept.native) - old) * share)
        return y


class BatchNorm1d(_BatchNorm):
    """Normalise each channel of (N, C) or of sequences (N, L, C), or (N, C, L) with data_format="channels_first".

    As `BatchNorm2d`.

    >>> import unifw
    >>> unifw.nn.BatchNorm1d(3)(unifw.zeros((2, 3))).shape
    (2, 3)
    """

    dims = 1


class BatchNorm2d(_BatchNorm):
    """Normalise each channel of images (N, H, W, C), or (N, C, H, W) with data_format="channels_first".

    In training by the batch's mean and biased variance, moving the running ones by `momentum` towards it (PyTorch's
    convention: 0.1 is slow; the stored variance is unbiased; None is the mean of all batches so far); in evaluation by
    the running ones, or without `track_running_stats` again by the batch's. With bias=False there is a weight alone.

    >>> import unifw
    >>> unifw.nn.BatchNorm2d(3)(unifw.zeros((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    dims = 2


class BatchNorm3d(_BatchNorm):
    """Normalise each channel of volumes (N, D, H, W, C), or (N, C, D, H, W) with data_format="channels_first".

    As `BatchNorm2d`.

    >>> import unifw
    >>> unifw.nn.BatchNorm3d(3)(unifw.zeros((2, 4, 4, 4, 3))).shape
    (2, 4, 4, 4, 3)
    """

    dims = 3


class _InstanceNorm(_ChannelNorm, leaf=True, lazy="num_features"):
    def __init__(
        self,
        num_features: int,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = False,
        track_running_stats: bool = False,
        data_format: str = "channels_last",
        *,
        bias: bool = True,
    ) -> None:
        self._set_up(num_features, eps, momentum, affine, bias, track_running_stats, data_format)

    def forward(self, x: Tensor) -> Tensor:
        """(N, *space, C) to the same shape."""
        mean, var, own = self.running_mean, self.running_var, self.training or self.running_mean is None
        momentum = self.momentum or 0.0
        return channel_normalization(
            "instance_norm", x, self.weight, self.bias, mean, var, own, momentum, self.eps, self.dims, self._last
        )


class InstanceNorm1d(_InstanceNorm):
    """Normalise each channel of each sequence (N, L, C); as `InstanceNorm2d`.

    >>> import unifw
    >>> unifw.nn.InstanceNorm1d(3)(unifw.zeros((2, 4, 3))).shape
    (2, 4, 3)
    """

    dims = 1


class InstanceNorm2d(_InstanceNorm):
    """Normalise each channel of each image (N, H, W, C), or (N, C, H, W) with data_format="channels_first".

    By the image's own mean and biased variance; with `track_running_stats`, in evaluation by the running ones, which
    move in training as those of `BatchNorm2d` do. Without `affine` there is no weight or bias.

    >>> import unifw
    >>> unifw.nn.InstanceNorm2d(3, affine=True)(unifw.zeros((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    dims = 2


class InstanceNorm3d(_InstanceNorm):
    """Normalise each channel of each volume (N, D, H, W, C); as `InstanceNorm2d`.

    >>> import unifw
    >>> unifw.nn.InstanceNorm3d(3)(unifw.zeros((2, 4, 4, 4, 3))).shape
    (2, 4, 4, 4, 3)
    """

    dims = 3


class LayerNorm(Module, leaf=True, lazy="normalized_shape"):
    """Normalise over the last axes, whose sizes `normalized_shape` says: one number, or several.

    >>> import unifw
    >>> unifw.nn.LayerNorm(4)(unifw.zeros((2, 3, 4))).shape
    (2, 3, 4)
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float = 1e-5,
        elementwise_affine: bool = True,
        bias: bool = True,
    ) -> None:
        self.normalized_shape = _sizes(normalized_shape)
        self.weight = Parameter(ones(self.normalized_shape)) if elementwise_affine else None
        self.bias = Parameter(zeros(self.normalized_shape)) if elementwise_affine and bias else None
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """(..., *normalized_shape) to the same shape."""
        return F.layer_norm(x, self.normalized_shape, self.weight, self.bias, self.eps)

    def _describe(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}"


def _sizes(shape: int | tuple[int, ...]) -> Sizes:
    sizes = tuple(shape) if isinstance(shape, (tuple, list)) else (shape,)
    if not sizes:
        raise ArgumentError("normalized_shape: got (); expected the size of the last axis, or of the last axes.")
    return tuple(count("normalized_shape", n) for n in sizes)


class RMSNorm(Module, leaf=True, lazy="normalized_shape"):
    """The input x / sqrt(mean(x^2) + eps) * weight over the last axes, whose sizes `normalized_shape` says.

    `eps` of None is the dtype's distance from 1 to the next number, as in PyTorch.

    >>> import unifw
    >>> unifw.nn.RMSNorm(4)(unifw.ones((2, 4)))[0, 0].item()
    1.0
    """

    def __init__(
        self,
        normalized_shape: int | tuple[int, ...],
        eps: float | None = None,
        elementwise_affine: bool = True,
    ) -> None:
        self.normalized_shape = _sizes(normalized_shape)
        self.weight = Parameter(ones(self.normalized_shape)) if elementwise_affine else None
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """(..., *normalized_shape) to the same shape."""
        return F.rms_norm(x, self.normalized_shape, self.weight, self.eps)

    def _describe(self) -> str:
        return f"{self.normalized_shape}, eps={self.eps}"


class GroupNorm(Module, leaf=True, lazy="num_channels"):
    """Normalise over each image's groups of channels: (N, *space, C), or (N, C, *space) with channels_first.

    Raises ArgumentError where the channels are no multiple of the groups.

    >>> import unifw
    >>> unifw.nn.GroupNorm(2, 6)(unifw.zeros((2, 4, 4, 6))).shape
    (2, 4, 4, 6)
    """

    def __init__(
        self,
        num_groups: int,
        num_channels: int,
        eps: float = 1e-5,
        affine: bool = True,
        data_format: str = "channels_last",
        *,
        bias: bool = True,
    ) -> None:
        self.num_groups, self.num_channels = count("num_groups", num_groups), count("num_channels", num_channels)
        if num_channels % num_groups:
            raise ArgumentError(
                f"GroupNorm: got {num_channels} channels for {num_groups} groups; expected a multiple of the groups."
            )
        self.weight = Parameter(ones(num_channels)) if affine else None
        self.bias = Parameter(zeros(num_channels)) if affine and bias else None
        self.eps = eps
        self.data_format = data_format_of(data_format)

    def forward(self, x: Tensor) -> Tensor:
        """(N, *space, C) to the same shape."""
        return F.group_norm(x, self.num_groups, self.weight, self.bias, self.eps, self.data_format)

    def _describe(self) -> str:
        return f"{self.num_groups}, {self.num_channels}, eps={self.eps}"


class LocalResponseNorm(Module, leaf=True):
    """Divide by a power of the mean square of `size` neighbouring channels; see `functional.local_response_norm`.

    >>> import unifw
    >>> unifw.nn.LocalResponseNorm(3)(unifw.zeros((2, 4, 4, 6))).shape
    (2, 4, 4, 6)
    """

    def __init__(
        self,
        size: int,
        alpha: float = 1e-4,
        beta: float = 0.75,
        k: float = 1.0,
        data_format: str = "channels_last",
    ) -> None:
        self.size = count("size", size)
        self.alpha, self.beta, self.k = alpha, beta, k
        self.data_format = data_format_of(data_format)

    def forward(self, x: Tensor) -> Tensor:
        """(N, *space, C) to the same shape."""
        return F.local_response_norm(x, self.size, self.alpha, self.beta, self.k, self.data_format)

    def _describe(self) -> str:
        return f"{self.size}, alpha={self.alpha}, beta={self.beta}, k={self.k}"
