"""Normalisation layers."""

from __future__ import annotations

from unifw.array.creation import ones, zeros
from unifw.dtypes import int64
from unifw.nn import functional as F
from unifw.nn.geometry import count, data_format_of
from unifw.nn.module import Module
from unifw.tensor import Tensor
from unifw.variable import Buffer, Parameter


class BatchNorm2d(Module, leaf=True, lazy="num_features"):
    """Normalise each channel of images (N, H, W, C), or (N, C, H, W) with data_format="channels_first".

    In training by the batch's mean and biased variance, moving the running ones by `momentum` towards it (PyTorch's
    convention: 0.1 is slow; the stored variance is unbiased); in evaluation by the running ones.

    >>> import unifw
    >>> unifw.nn.BatchNorm2d(3)(unifw.zeros((2, 4, 4, 3))).shape
    (2, 4, 4, 3)
    """

    def __init__(
        self,
        num_features: int | None,
        eps: float = 1e-5,
        momentum: float = 0.1,
        affine: bool = True,
        data_format: str = "channels_last",
    ) -> None:
        num_features = count("num_features", num_features)
        self.weight = Parameter(ones(num_features)) if affine else None
        self.bias = Parameter(zeros(num_features)) if affine else None
        self.running_mean = Buffer(zeros(num_features))
        self.running_var = Buffer(ones(num_features))
        self.num_batches_tracked = Buffer(zeros((), dtype=int64))
        self.eps = eps
        self.momentum = momentum
        self.data_format = data_format_of(data_format)

    def forward(self, x: Tensor) -> Tensor:
        """(N, H, W, C) to the same shape."""
        y = F.batch_norm(
            x,
            self.weight,
            self.bias,
            self.running_mean,
            self.running_var,
            self.training,
            self.momentum,
            self.eps,
            self.data_format,
        )
        if self.training:
            self.num_batches_tracked += 1
        return y

    def _describe(self) -> str:
        return f"{self.running_mean.size}, eps={self.eps}, momentum={self.momentum}"
