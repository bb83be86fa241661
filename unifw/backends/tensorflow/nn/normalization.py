"""Normalisation on `tf.Tensor`."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.manipulation import reshape
from unifw.backends.tensorflow.native import shape
from unifw.backends.tensorflow.nn.layout import channels_last
from unifw.spec.types import Sizes

raw = tf.raw_ops


@channels_last
def batch_norm(
    x: tf.Tensor,
    weight: tf.Tensor | None,
    bias: tf.Tensor | None,
    running_mean: tf.Variable | None,
    running_var: tf.Variable | None,
    training: bool,
    momentum: float,
    eps: float,
    dims: int,
) -> tf.Tensor:
    _check(x, dims, weight if running_mean is None else running_mean)
    channels = x.shape[-1]
    if training and x.shape.num_elements() == channels:
        raise ValueError("one value per channel, whose variance is not defined")
    scale = tf.ones(channels, x.dtype) if weight is None else weight
    offset = tf.zeros(channels, x.dtype) if bias is None else bias
    if x.shape[0] == 0:  # of which there are no statistics
        return x * scale + offset
    if running_mean is None or running_var is None:
        return _batch_norm(x, scale, offset, None, None, True, 1.0, eps)[0]
    kept = (running_mean.read_value(), running_var.read_value())
    y, mean, variance = _batch_norm(x, scale, offset, *kept, training, momentum, eps)
    if training:
        running_mean.assign(_narrow(mean, running_mean), read_value=False)
        running_var.assign(_narrow(variance, running_var), read_value=False)
    return y


def _check(x: tf.Tensor, dims: int, like: tf.Tensor | tf.Variable | None) -> None:
    """Raise ValueError for other than `dims` axes of space, and for channels that a parameter has not."""
    if dims and x.shape.rank != dims + 2 and (dims, x.shape.rank) != (1, 2):
        raise ValueError(f"{x.shape.rank} axes instead of {dims + 2}")
    if like is not None and like.shape[0] != x.shape[-1]:
        raise ValueError(f"{x.shape[-1]} channels for parameters of {like.shape[0]}")


def _batch_norm(
    x: tf.Tensor,
    scale: tf.Tensor,
    offset: tf.Tensor,
    mean: Any,
    var: Any,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The output and, in training, the moved statistics, with the unbiased variance that PyTorch stores."""
    if x.dtype is tf.float64:
        return _batch_norm_composed(x, scale, offset, mean, var, training, momentum, eps)
    if x.dtype.size == 2:  # of which the kernel takes the input alone
        scale, offset, mean, var = (None if each is None else _wide(each) for each in (scale, offset, mean, var))
    image = x if x.shape.rank == 4 else reshape(x, (-1, 1, 1, x.shape[-1]))
    y, mean, var, *_ = raw.FusedBatchNormV3(
        x=image,
        scale=scale,
        offset=offset,
        mean=tf.zeros(0) if mean is None else mean,
        variance=tf.zeros(0) if var is None else var,
        epsilon=eps,
        exponential_avg_factor=momentum,
        is_training=training,
    )
    return y if x.shape.rank == 4 else reshape(y, shape(x)), mean, var


def _batch_norm_composed(
    x: tf.Tensor,
    scale: tf.Tensor,
    offset: tf.Tensor,
    mean: Any,
    var: Any,
    training: bool,
    momentum: float,
    eps: float,
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """From its parts, for the dtype that the fused kernel lacks."""
    if not training:
        return (x - mean) * (tf.math.rsqrt(var + eps) * scale) + offset, mean, var
    axes = list(range(x.shape.rank - 1))
    center, biased = _moments(x, axes)
    y = (x - center) * (tf.math.rsqrt(biased + eps) * scale) + offset
    center, biased = reshape(center, (-1,)), reshape(biased, (-1,))
    if mean is None:
        return y, center, biased
    count = tf.cast(tf.size(x) / tf.size(center), x.dtype)
    unbiased = biased * count / (count - 1)
    return y, mean + momentum * (center - mean), var + momentum * (unbiased - var)


def _moments(x: tf.Tensor, axes: list[int]) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and biased variance along axes, which are kept."""
    mean = raw.Mean(input=x, axis=axes, keep_dims=True)
    return mean, raw.Mean(input=raw.SquaredDifference(x=x, y=mean), axis=axes, keep_dims=True)


def layer_norm(x: tf.Tensor, shape: Sizes, weight: tf.Tensor | None, bias: tf.Tensor | None, eps: float) -> tf.Tensor:
    axes = _last_axes(x, shape)
    wide = _wide(x)
    mean, variance = _moments(wide, axes)
    y = _narrow((wide - mean) * raw.Rsqrt(x=variance + eps), x)
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


def rms_norm(x: tf.Tensor, shape: Sizes, weight: tf.Tensor | None, eps: float | None) -> tf.Tensor:
    axes = _last_axes(x, shape)
    wide = _wide(x)
    least = _smallest_step(x.dtype) if eps is None else eps
    y = _narrow(wide * raw.Rsqrt(x=raw.Mean(input=raw.Square(x=wide), axis=axes, keep_dims=True) + least), x)
    return y if weight is None else y * weight


def _last_axes(x: tf.Tensor, shape: Sizes) -> list[int]:
    if tuple(x.shape[-len(shape) :]) != tuple(shape):
        raise ValueError(f"axes of {tuple(x.shape[-len(shape) :])} for parameters of {shape}")
    return list(range(-len(shape), 0))


def _wide(x: tf.Tensor) -> tf.Tensor:
    """Half precision as float32, in which PyTorch too takes the statistics."""
    return tf.cast(x, tf.float32) if x.dtype.size == 2 else x


def _narrow(y: tf.Tensor, x: Any) -> tf.Tensor:
    return y if y.dtype is x.dtype else tf.cast(y, x.dtype)


def _smallest_step(dtype: tf.DType) -> float:
    return {tf.float64: 2.0**-52, tf.float32: 2.0**-23, tf.float16: 2.0**-10, tf.bfloat16: 2.0**-7}[dtype]


@channels_last
def group_norm(x: tf.Tensor, groups: int, weight: tf.Tensor | None, bias: tf.Tensor | None, eps: float) -> tf.Tensor:
    channels = x.shape[-1]
    _check(x, 0, weight)
    if channels % groups:
        raise ValueError(f"{channels} channels for {groups} groups")
    if x.shape.num_elements() == groups:
        raise ValueError("one value per group, whose variance is not defined")
    sizes = shape(x)
    grouped = reshape(_wide(x), (sizes[0], -1, groups, channels // groups))
    mean, variance = _moments(grouped, [1, 3])
    y = _narrow(reshape((grouped - mean) * raw.Rsqrt(x=variance + eps), sizes), x)
    return _affine(y, weight, bias)


def _affine(y: tf.Tensor, weight: tf.Tensor | None, bias: tf.Tensor | None) -> tf.Tensor:
    y = y if weight is None else y * weight
    return y if bias is None else y + bias


@channels_last
def instance_norm(
    x: tf.Tensor,
    weight: tf.Tensor | None,
    bias: tf.Tensor | None,
    running_mean: tf.Variable | None,
    running_var: tf.Variable | None,
    training: bool,
    momentum: float,
    eps: float,
    dims: int,
) -> tf.Tensor:
    _check(x, dims, weight if running_mean is None else running_mean)
    count = math.prod(n or 2 for n in x.shape[1:-1])
    if training and count == 1:
        raise ValueError("one value per channel and image, whose variance is not defined")
    if x.shape[0] == 0:
        return _affine(x, weight, bias)
    if not training and running_mean is not None and running_var is not None:
        y = (x - running_mean) * raw.Rsqrt(x=running_var + eps)
        return _affine(y, weight, bias)
    axes = list(range(1, x.shape.rank - 1))
    mean, variance = _moments(_wide(x), axes)
    if running_mean is not None and running_var is not None:
        n = tf.cast(tf.size(x) / tf.size(mean), mean.dtype)
        for kept, new in ((running_mean, mean), (running_var, variance * n / (n - 1))):
            center = _narrow(tf.reduce_mean(reshape(new, (-1, x.shape[-1])), 0), kept)
            kept.assign_add(momentum * (center - kept), read_value=False)
    return _affine(_narrow((_wide(x) - mean) * raw.Rsqrt(x=variance + eps), x), weight, bias)


@channels_last
def local_response_norm(x: tf.Tensor, size: int, alpha: float, beta: float, k: float) -> tf.Tensor:
    channels, before = x.shape[-1], size // 2
    widths = [(0, 0)] * (x.shape.rank - 1) + [(before, size - 1 - before)]
    squares = tf.pad(raw.Square(x=x), widths)
    total = tf.add_n([squares[..., i : i + channels] for i in range(size)])
    return x / (k + alpha / size * total) ** beta
