"""Convolutions on `tf.Tensor`; weights come in PyTorch's layout and are turned here.

Inside a compiled step the graph optimiser folds the turning of a constant kernel away.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.nn.layout import channels_last

raw = tf.raw_ops

Pair = tuple[int, int]
Pairs = tuple[Pair, Pair]


@channels_last
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
