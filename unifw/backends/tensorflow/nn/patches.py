"""Images as patches and back: a slice for each element of the window, whose order is PyTorch's."""

from __future__ import annotations

import math
from itertools import product

import tensorflow as tf

from unifw.backends.tensorflow.manipulation import permute_dims, reshape
from unifw.backends.tensorflow.native import shape
from unifw.backends.tensorflow.nn.padding import constant
from unifw.backends.tensorflow.nn.pooling import slices
from unifw.spec.types import Sizes

raw = tf.raw_ops


def unfold(
    x: tf.Tensor, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, channels_last: bool
) -> tf.Tensor:
    if x.shape.rank != 4:
        raise ValueError(f"{x.shape.rank} axes instead of 4")
    x = x if channels_last else permute_dims(x, (0, 2, 3, 1))
    rows = zip(x.shape[1:3], padding, kernel, dilation, strict=True)
    if any(n is not None and n + 2 * p < (k - 1) * d + 1 for n, p, k, d in rows):
        raise ValueError(f"padded images of {x.shape[1:3]} for a window of {kernel}")
    stacked = tf.stack(slices(constant(x, tuple((p, p) for p in padding)), kernel, stride, dilation), -1)
    n, height, width, channels, elements = shape(stacked)
    patches = reshape(stacked, (n, height * width, channels * elements))
    return patches if channels_last else tf.linalg.matrix_transpose(patches)


def fold(
    x: tf.Tensor, size: Sizes, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, channels_last: bool
) -> tf.Tensor:
    if x.shape.rank != 3:
        raise ValueError(f"{x.shape.rank} axes instead of 3")
    x = x if channels_last else tf.linalg.matrix_transpose(x)
    rows = zip(size, kernel, stride, padding, dilation, strict=True)
    height, width = ((n + 2 * p - (k - 1) * d - 1) // s + 1 for n, k, s, p, d in rows)
    elements = math.prod(kernel)
    n, count, features = shape(x)
    if features % elements or (isinstance(count, int) and count != height * width):
        raise ValueError(f"{count} patches of {features} for {height * width} windows of {elements}")
    parts = reshape(x, (n, height, width, features // elements, elements))
    around = tuple(n + 2 * p for n, p in zip(size, padding, strict=True))
    images = tf.add_n(
        [
            _placed(part, around, [i * d for i, d in zip(offset, dilation, strict=True)], stride)
            for part, offset in zip(tf.unstack(parts, axis=-1), product(*map(range, kernel)), strict=True)
        ]
    )
    (top, left), (height, width) = padding, size
    images = images[:, top : top + height, left : left + width]
    return images if channels_last else permute_dims(images, (0, 3, 1, 2))


def _placed(x: tf.Tensor, size: Sizes, offset: list[int], stride: Sizes) -> tf.Tensor:
    """Zeros of a size with the pixels of `x` at every `stride` from `offset` on."""
    n, height, width, channels = shape(x)
    (top, left), (down, right) = offset, stride
    return raw.StridedSliceGrad(
        shape=tf.stack([n, *size, channels]),
        begin=[0, top, left, 0],
        end=tf.stack([n, top + (height - 1) * down + 1, left + (width - 1) * right + 1, channels]),
        strides=[1, down, right, 1],
        dy=x,
    )
