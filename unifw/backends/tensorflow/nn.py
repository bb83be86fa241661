"""The kernels of layers and losses on `tf.Tensor`; weights come in PyTorch's layout and are turned here.

Inside a compiled step the graph optimiser folds the turning of a constant kernel away.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from unifw.backends.tensorflow.native import shape

raw = tf.raw_ops


def linear(x: tf.Tensor, weight: tf.Tensor, bias: tf.Tensor | None) -> tf.Tensor:
    if x.shape.rank == 2:
        y = raw.MatMul(a=x, b=weight, transpose_b=True)
    else:
        features, out = weight.shape[1], weight.shape[0]
        if x.shape[-1] != features:  # which a reshape to rows would hide
            raise ValueError(f"{x.shape[-1]} features for a weight of {features}")
        rows = raw.MatMul(a=tf.reshape(x, (-1, features)), b=weight, transpose_b=True)
        y = tf.reshape(rows, (*shape(x)[:-1], out))
    if bias is None:
        return y
    return raw.BiasAdd(value=y, bias=bias) if x.shape.rank > 1 else y + bias


def relu(x: tf.Tensor) -> tf.Tensor:
    return raw.Relu(features=x)


def flatten(x: tf.Tensor, start: int, end: int) -> tf.Tensor:
    merged = x.shape[start : end + 1].num_elements()
    sizes = shape(x)
    return tf.reshape(x, (*sizes[:start], -1 if merged is None else merged, *sizes[end + 1 :]))


def _channels_last(function: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
    """Run a kernel that knows channels-last images only; TensorFlow's CPU has no other convolution gradient."""

    def apply(x: tf.Tensor, *args: Any) -> tf.Tensor:
        *rest, channels_last = args
        if channels_last or x.shape.rank == 2:
            return function(x, *rest)
        rank = x.shape.rank
        last = raw.Transpose(x=x, perm=(0, *range(2, rank), 1))
        return raw.Transpose(x=function(last, *rest), perm=(0, rank - 1, *range(1, rank - 1)))

    return apply


Pair = tuple[int, int]
Pairs = tuple[Pair, Pair]


@_channels_last
def conv2d(
    x: tf.Tensor,
    weight: tf.Tensor,
    bias: tf.Tensor | None,
    stride: Pair,
    padding: Pairs,
    dilation: Pair,
    groups: int,
) -> tf.Tensor:
    if x.shape[-1] != weight.shape[1] * groups:  # TensorFlow would take a multiple for grouped convolution
        raise ValueError(f"{x.shape[-1]} channels for a kernel of {weight.shape[1] * groups}")
    kernel = _dilated(raw.Transpose(x=weight, perm=(2, 3, 1, 0)), dilation)
    out = _window_counts(x, kernel, stride, padding)
    if x.shape[0] == 0:  # which the kernel refuses
        return tf.zeros((0, *out, weight.shape[0]), x.dtype) + 0 * (tf.reduce_sum(x) + tf.reduce_sum(weight))
    if groups == 1:
        y = _convolution(x, kernel, stride, padding)
    elif groups == x.shape[-1] and stride[0] == stride[1]:
        y = _depthwise(x, kernel, stride, padding)
    else:  # TensorFlow's CPU has no gradient of a grouped convolution
        parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1), strict=True)
        y = tf.concat([_convolution(part, own, stride, padding) for part, own in parts], -1)
    return y if bias is None else raw.BiasAdd(value=y, bias=bias)


def _convolution(x: tf.Tensor, kernel: tf.Tensor, stride: Pair, padding: Pairs) -> tf.Tensor:
    return raw.Conv2D(input=x, filter=kernel, strides=[1, *stride, 1], **_explicit(padding))


def _depthwise(x: tf.Tensor, kernel: tf.Tensor, stride: Pair, padding: Pairs) -> tf.Tensor:
    kh, kw, _, out = kernel.shape
    channels = x.shape[-1]
    kernel = tf.reshape(kernel, (kh, kw, channels, out // channels))
    return raw.DepthwiseConv2dNative(input=x, filter=kernel, strides=[1, *stride, 1], **_explicit(padding))


def _explicit(padding: Pairs) -> dict[str, Any]:
    if padding == ((0, 0), (0, 0)):
        return {"padding": "VALID"}
    return {"padding": "EXPLICIT", "explicit_paddings": [0, 0, *padding[0], *padding[1], 0, 0]}


def _window_counts(x: tf.Tensor, kernel: tf.Tensor, stride: Pair, padding: Pairs) -> list[int | None]:
    """Rows and columns of the output. Raises ValueError for an image below the kernel, which TensorFlow takes."""
    counts: list[int | None] = []
    for size, window, step, (before, after) in zip(x.shape[1:3], kernel.shape[:2], stride, padding, strict=True):
        if size is not None and size + before + after < window:
            raise ValueError(f"padded images of {size + before + after} for a kernel of {window}")
        counts.append(None if size is None else (size + before + after - window) // step + 1)
    return counts


def _dilated(kernel: tf.Tensor, dilation: Pair) -> tf.Tensor:
    """The kernel (kh, kw, in, out) with zeros between its elements: the CPU has no gradient of a dilated one."""
    if dilation == (1, 1):
        return kernel
    (kh, kw, *channels), (dh, dw) = kernel.shape, dilation
    apart = tf.reshape(kernel, (kh, 1, kw, 1, *channels))
    spread = tf.pad(apart, [(0, 0), (0, dh - 1), (0, 0), (0, dw - 1), (0, 0), (0, 0)])
    return tf.reshape(spread, (kh * dh, kw * dw, *channels))[: (kh - 1) * dh + 1, : (kw - 1) * dw + 1]


@_channels_last
def max_pool2d(
    x: tf.Tensor, kernel_size: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int]
) -> tf.Tensor:
    if padding != (0, 0):
        x = tf.pad(
            x,
            [(0, 0), (padding[0],) * 2, (padding[1],) * 2, (0, 0)],
            constant_values=-np.inf if x.dtype.is_floating else x.dtype.min,
        )
    return raw.MaxPool(input=x, ksize=[1, *kernel_size, 1], strides=[1, *stride, 1], padding="VALID")


@_channels_last
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


Normalised = tuple[tf.Tensor, tf.Tensor, tf.Tensor]


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


def dropout(x: tf.Tensor, p: float) -> tf.Tensor:
    return tf.zeros_like(x) if p == 1 else tf.nn.dropout(x, p)


def cross_entropy(logits: tf.Tensor, targets: tf.Tensor) -> tf.Tensor:
    return tf.nn.sparse_softmax_cross_entropy_with_logits(labels=tf.cast(targets, tf.int64), logits=logits)
