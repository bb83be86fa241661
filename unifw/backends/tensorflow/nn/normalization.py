"""Normalisation on `tf.Tensor`."""

from __future__ import annotations

import tensorflow as tf

from unifw.backends.tensorflow.nn.layout import channels_last

raw = tf.raw_ops


Normalised = tuple[tf.Tensor, tf.Tensor, tf.Tensor]


@channels_last
def batch_norm(
    x: tf.Tensor,
    weight: tf.Tensor | None,
    bias: tf.Tensor | None,
    running_mean: tf.Variable,
    running_var: tf.Variable,
    training: bool,
    momentum: float,
    eps: float,
) -> tf.Tensor:
    channels = x.shape[-1]
    if channels != running_mean.shape[0]:
        raise ValueError(f"{channels} channels for statistics of {running_mean.shape[0]}")
    if training and x.shape.num_elements() == channels:
        raise ValueError("one value per channel, whose variance is not defined")
    scale = tf.ones(channels, x.dtype) if weight is None else weight
    offset = tf.zeros(channels, x.dtype) if bias is None else bias
    kept = (running_mean.read_value(), running_var.read_value())
    kernel = _batch_norm_composed if x.dtype is tf.float64 else _batch_norm_fused
    y, mean, variance = kernel(x, scale, offset, *kept, training, eps)
    if training:
        running_mean.assign_add(momentum * (mean - kept[0]), read_value=False)
        running_var.assign_add(momentum * (variance - kept[1]), read_value=False)
    return y


def _batch_norm_fused(
    x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, mean: tf.Tensor, var: tf.Tensor, training: bool, eps: float
) -> Normalised:
    """By the fused kernel, which returns the unbiased variance that PyTorch stores."""
    image = x if x.shape.rank == 4 else tf.reshape(x, (-1, 1, 1, x.shape[-1]))
    y, mean, var, *_ = raw.FusedBatchNormV3(
        x=image,
        scale=scale,
        offset=offset,
        mean=tf.zeros(0) if training else mean,
        variance=tf.zeros(0) if training else var,
        epsilon=eps,
        is_training=training,
    )
    return y if x.shape.rank == 4 else tf.reshape(y, tf.shape(x)), mean, var


def _batch_norm_composed(
    x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, mean: tf.Tensor, var: tf.Tensor, training: bool, eps: float
) -> Normalised:
    """From its parts, for the dtype that the fused kernel lacks."""
    biased = var
    if training:
        mean, biased = tf.nn.moments(x, list(range(x.shape.rank - 1)))
        count = tf.cast(tf.size(x) / tf.size(mean), x.dtype)
        var = biased * count / (count - 1)
    return (x - mean) * (tf.math.rsqrt(biased + eps) * scale) + offset, mean, var
