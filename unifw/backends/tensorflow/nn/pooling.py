"""Pooling on `tf.Tensor`. Space of one axis is an image of one row.

TensorFlow's windows count padding otherwise than PyTorch's, and its maximum over volumes spreads a tie's gradient; so
padding is explicit, and volumes whose gradient may be asked for are pooled axis by axis, which finds the same first
maximum.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np
import tensorflow as tf

from unifw.backends.tensorflow.manipulation import reshape
from unifw.backends.tensorflow.native import shape
from unifw.backends.tensorflow.nn.layout import channels_last
from unifw.backends.tensorflow.nn.padding import constant
from unifw.backends.tensorflow.rules import recorded
from unifw.spec.types import Pairs, Sizes

raw = tf.raw_ops


@channels_last
def max_pool(x: tf.Tensor, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool) -> tf.Tensor:
    widths = _widths(tuple(x.shape), kernel, stride, padding, dilation, ceil_mode)
    if max(dilation) > 1:
        y, *others = slices(constant(x, widths, _lowest(x.dtype)), kernel, stride, dilation)
        for other in others:
            y = raw.Maximum(x=y, y=other)  # of two equal ones the first gets the gradient
        return y
    if len(kernel) == 1:
        return _squeezed(_max_image(tf.expand_dims(x, 1), (1, *kernel), (1, *stride), ((0, 0), *widths)))
    if len(kernel) == 2:
        return _max_image(x, kernel, stride, widths)
    if x.dtype is not tf.float32 or recorded([x]):
        return _max_volume(x, kernel, stride, widths)
    padded = constant(x, widths, _lowest(x.dtype))
    return raw.MaxPool3D(input=padded, ksize=[1, *kernel, 1], strides=[1, *stride, 1], padding="VALID")


def _max_image(x: tf.Tensor, kernel: Sizes, stride: Sizes, widths: Pairs) -> tf.Tensor:
    if kernel == (1, 1) == stride:
        return x
    if max(map(max, widths)) == 0:
        return raw.MaxPool(input=x, ksize=[1, *kernel, 1], strides=[1, *stride, 1], padding="VALID")
    if not x.dtype.is_floating or recorded([x]):  # explicit padding is for floats, and has no second derivative
        x = constant(x, widths, _lowest(x.dtype))
        return raw.MaxPool(input=x, ksize=[1, *kernel, 1], strides=[1, *stride, 1], padding="VALID")
    around = [0, 0, *widths[0], *widths[1], 0, 0]
    return raw.MaxPool(
        input=x, ksize=[1, *kernel, 1], strides=[1, *stride, 1], padding="EXPLICIT", explicit_paddings=around
    )


def _max_volume(x: tf.Tensor, kernel: Sizes, stride: Sizes, widths: Pairs) -> tf.Tensor:
    pads = {2: widths[1:], 1: (widths[0], (0, 0))}
    steps = iter((2, 1))
    return _through_volume(x, kernel, stride, lambda x, k, s: _max_image(x, k, s, pads[next(steps)]))


def _through_volume(x: tf.Tensor, kernel: Sizes, stride: Sizes, pool: Callable[..., tf.Tensor]) -> tf.Tensor:
    """Pool the images of a volume, then through its depth."""
    _, depth, height, width, channels = shape(x)
    layers = pool(reshape(x, (-1, height, width, channels)), kernel[1:], stride[1:])
    _, height, width, _ = shape(layers)
    columns = reshape(layers, (-1, depth, height * width, channels))
    y = pool(columns, (kernel[0], 1), (stride[0], 1))
    return reshape(y, (-1, shape(y)[1], height, width, channels))


@channels_last
def _indices(x: tf.Tensor, kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool) -> tf.Tensor:
    """Where each window has its first maximum, as a position in the flattened image."""
    widths = _widths(tuple(x.shape), kernel, stride, padding, dilation, ceil_mode)
    stacked = tf.stack(slices(constant(x, widths, _lowest(x.dtype)), kernel, stride, dilation), -1)
    nan = tf.math.is_nan(stacked) if x.dtype.is_floating else tf.zeros_like(stacked, tf.bool)
    first = tf.argmax(tf.where(nan, tf.constant(np.inf, x.dtype), stacked) if x.dtype.is_floating else stacked, -1)
    sizes = shape(x)[1:-1]
    offsets = np.array(list(product(*(range(k) for k in kernel)))) * dilation
    flat = tf.zeros_like(first)
    for axis, size in enumerate(sizes):
        starts = tf.range(first.shape[axis + 1] or tf.shape(first)[axis + 1]) * stride[axis] - padding[axis]
        line = tuple(-1 if i == axis + 1 else 1 for i in range(len(sizes) + 2))
        position = tf.gather(tf.constant(offsets[:, axis], tf.int64), first)
        flat = flat * tf.cast(size, tf.int64) + reshape(tf.cast(starts, tf.int64), line) + position
    return flat


def max_pool_indices(x: tf.Tensor, *settings: Any) -> tuple[tf.Tensor, tf.Tensor]:
    return max_pool(x, *settings), _indices(x, *settings)


def slices(x: tf.Tensor, kernel: Sizes, stride: Sizes, dilation: Sizes) -> list[tf.Tensor]:
    """For each element of the window, what it sees of the padded images `x`."""
    sizes = shape(x)[1:-1]
    rows = zip(sizes, kernel, dilation, strict=True)
    reach = [n - (k - 1) * d for n, k, d in rows]  # one past the last start
    found = []
    for offset in product(*(range(k) for k in kernel)):
        steps = zip(offset, dilation, reach, stride, strict=True)
        found.append(x[:, *(slice(i * d, i * d + end, s) for i, d, end, s in steps)])
    return found


@channels_last
def avg_pool(
    x: tf.Tensor,
    kernel: Sizes,
    stride: Sizes,
    padding: Sizes,
    ceil_mode: bool,
    count_include_pad: bool,
    divisor: int | None,
) -> tf.Tensor:
    widths = _widths(tuple(x.shape), kernel, stride, padding, (1,) * len(kernel), ceil_mode)
    padded = constant(x, widths)
    y = _mean(padded, kernel, stride)
    if divisor is not None:
        return y * tf.constant(np.prod(kernel) / divisor, x.dtype)
    inside = padding if count_include_pad else (0,) * len(kernel)
    if all(max(pair) <= more for pair, more in zip(widths, inside, strict=True)):
        return y
    return y * _share(x, kernel, stride, padding, inside, y)


def _mean(x: tf.Tensor, kernel: Sizes, stride: Sizes) -> tf.Tensor:
    """The mean of each window that lies inside."""
    if len(kernel) == 3 and x.dtype is tf.float64:  # which the kernel for volumes lacks
        return _through_volume(x, kernel, stride, _mean)
    if len(kernel) == 3 and x.dtype is tf.float16:
        return tf.cast(_mean(tf.cast(x, tf.float32), kernel, stride), x.dtype)
    if len(kernel) == 3:
        return raw.AvgPool3D(input=x, ksize=[1, *kernel, 1], strides=[1, *stride, 1], padding="VALID")
    if len(kernel) == 2:
        return raw.AvgPool(value=x, ksize=[1, *kernel, 1], strides=[1, *stride, 1], padding="VALID")
    return _squeezed(_mean(tf.expand_dims(x, 1), (1, *kernel), (1, *stride)))


def _share(x: tf.Tensor, kernel: Sizes, stride: Sizes, padding: Sizes, inside: Sizes, y: tf.Tensor) -> tf.Tensor:
    """Elements of the whole window for each that counts: those within `inside` of the image."""
    share = np.ones((1,) * y.shape.rank)
    for axis, (k, s, p, more) in enumerate(zip(kernel, stride, padding, inside, strict=True), 1):
        if x.shape[axis] is None:
            raise ValueError("the size of the image must be known")
        start = np.arange(y.shape[axis]) * s - p
        counted = np.minimum(start + k, x.shape[axis] + more) - np.maximum(start, -more)
        share = share * (k / counted).reshape([-1 if i == axis else 1 for i in range(y.shape.rank)])
    return tf.constant(share, x.dtype)


@channels_last
def adaptive_avg_pool(x: tf.Tensor, sizes: tuple[int | None, ...]) -> tf.Tensor:
    _known(x, sizes)
    if all(size == 1 for size in sizes):
        return tf.reduce_mean(x, list(range(1, len(sizes) + 1)), keepdims=True)
    if all(size is None or n % size == 0 for n, size in zip(x.shape[1:-1], sizes, strict=True)):
        window = tuple(1 if size is None else n // size for n, size in zip(x.shape[1:-1], sizes, strict=True))
        return _mean(x, window, window)
    for axis, size in enumerate(sizes, 1):
        if size is not None and size != x.shape[axis]:
            starts, ends = _bins(x.shape[axis], size)
            places = np.arange(x.shape[axis])
            within = (places >= starts[:, None]) & (places < ends[:, None])
            x = along(x, within / within.sum(1, keepdims=True), axis)
    return x


@channels_last
def adaptive_max_pool(x: tf.Tensor, sizes: tuple[int | None, ...]) -> tf.Tensor:
    x, kernel, _ = _spread(x, sizes)
    return max_pool(x, kernel, kernel, (0,) * len(kernel), (1,) * len(kernel), False, True)


@channels_last
def _adaptive_indices(x: tf.Tensor, sizes: tuple[int | None, ...]) -> tf.Tensor:
    """Where `_indices` finds the maxima, in the image as it was."""
    n = x.shape[1:-1]
    x, kernel, places = _spread(x, sizes)
    found = _indices(x, kernel, kernel, (0,) * len(kernel), (1,) * len(kernel), False, True)
    flat, step = tf.zeros_like(found), 1
    for axis in reversed(range(len(sizes))):
        own = tf.gather(tf.constant(places[axis], tf.int64), found % len(places[axis]))
        flat, found, step = flat + own * step, found // len(places[axis]), step * n[axis]
    return flat


def adaptive_max_pool_indices(x: tf.Tensor, *settings: Any) -> tuple[tf.Tensor, tf.Tensor]:
    return adaptive_max_pool(x, *settings), _adaptive_indices(x, *settings)


def _spread(x: tf.Tensor, sizes: tuple[int | None, ...]) -> tuple[tf.Tensor, Sizes, list[Any]]:
    """The image with windows of one size side by side, that size, and for each axis where the elements were.

    Shorter windows show their last element again, which is never a first maximum.
    """
    _known(x, sizes)
    window, found = [], []
    for axis, size in enumerate(sizes, 1):
        starts, ends = _bins(x.shape[axis], size or x.shape[axis])
        window.append(int((ends - starts).max()))
        found.append(np.minimum(starts[:, None] + np.arange(window[-1]), ends[:, None] - 1).reshape(-1))
        if len(found[-1]) != x.shape[axis]:
            x = tf.gather(x, found[-1], axis=axis)
    return x, tuple(window), found


def _bins(n: int, size: int) -> tuple[Any, Any]:
    index = np.arange(size)
    return index * n // size, -(-(index + 1) * n // size)


def _known(x: tf.Tensor, sizes: tuple[int | None, ...]) -> None:
    if x.shape.rank != len(sizes) + 2 or None in x.shape[1:-1]:
        raise ValueError(f"images of {x.shape}; the axes of space must be known")


def along(x: tf.Tensor, matrix: Any, axis: int) -> tf.Tensor:
    """`x` with the vectors along `axis` multiplied by a constant matrix (out, in)."""
    weights = tf.constant(matrix, x.dtype)
    sizes = shape(x)
    inner = sizes[axis + 1 :]
    columns = reshape(x, (-1, sizes[axis], int(np.prod(inner)) if all(isinstance(n, int) for n in inner) else -1))
    y = raw.BatchMatMulV2(x=weights, y=columns)
    return reshape(y, (*sizes[:axis], weights.shape[0], *inner))


@lru_cache(1024)
def _widths(
    shape: tuple[int | None, ...], kernel: Sizes, stride: Sizes, padding: Sizes, dilation: Sizes, ceil_mode: bool
) -> Pairs:
    """Padding (before, after) of each axis, after longer where ceil_mode asks for one more window, which starts in it.

    Raises ValueError for images below the window, which TensorFlow takes.
    """
    if len(shape) != len(kernel) + 2:
        raise ValueError(f"{len(shape)} axes instead of {len(kernel) + 2}")
    widths = []
    for n, k, s, p, d in zip(shape[1:-1], kernel, stride, padding, dilation, strict=True):
        window = (k - 1) * d + 1
        if n is not None and n + 2 * p < window - (s - 1 if ceil_mode else 0):
            raise ValueError(f"padded images of {n + 2 * p} for a window of {window}")
        if n is not None and p > 0 and n < d:
            raise ValueError(f"windows that see nothing of an image of {n}")
        after = p
        if ceil_mode:
            if n is None:
                raise ValueError("ceil_mode needs images of known size")
            last = -(-(n + 2 * p - window) // s) * s  # where the last window starts in the padded image
            last -= s if last >= n + p else 0
            after = max(last + window - n - p, p)
        widths.append((p, after))
    return tuple(widths)


def _lowest(dtype: tf.DType) -> Any:
    return -np.inf if dtype.is_floating else dtype.min


def _squeezed(x: tf.Tensor) -> tf.Tensor:
    return raw.Squeeze(input=x, axis=[1])
