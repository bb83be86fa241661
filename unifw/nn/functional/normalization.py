"""Normalisation as functions."""

from __future__ import annotations

from unifw.nn.functional.checks import misfit
from unifw.nn.geometry import DataFormat
from unifw.operators import mixed_backends
from unifw.registry import part
from unifw.tensor import Tensor
from unifw.variable import Buffer, Parameter


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
        raise misfit("batch_norm", error, x, running_mean, wanted) from error
