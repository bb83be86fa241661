"""Images of other sizes on `tf.Tensor`.

Every mode but the nearest is a product with a matrix along each axis, worked out once for each pair of sizes: so all
have PyTorch's numbers, in every dtype, and derivatives of any order. The bilinear one has a kernel too, for float32.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
import tensorflow as tf

from unifw.backends.tensorflow.manipulation import reshape
from unifw.backends.tensorflow.native import shape
from unifw.backends.tensorflow.nn.layout import channels_last
from unifw.backends.tensorflow.nn.pooling import adaptive_avg_pool, along
from unifw.backends.tensorflow.rules import ruled
from unifw.spec.types import Sizes

raw = tf.raw_ops

Array = np.ndarray[Any, Any]


@channels_last
def resize(
    x: tf.Tensor,
    sizes: Sizes | None,
    scales: tuple[float, ...] | None,
    mode: str,
    align_corners: bool | None,
    recompute: bool,
    antialias: bool,
) -> tf.Tensor:
    lengths = x.shape[1:-1]
    if x.shape.rank != len(sizes or scales or ()) + 2 or None in lengths:
        raise ValueError(f"images of {x.shape}; the axes of space must be known")
    ratios = (None,) * len(lengths) if scales is None or recompute else scales
    wanted = sizes or tuple(int(n * ratio) for n, ratio in zip(lengths, scales or (), strict=True))
    if min(wanted) < 1 or 0 in lengths:
        raise ValueError(f"images of {tuple(lengths)} for {wanted}")
    if mode == "area":
        return adaptive_avg_pool(x, wanted, True)
    if mode == "bilinear" and x.dtype is tf.float32 and not antialias and _by_sizes(lengths, wanted, ratios):
        return _bilinear(x, wanted, bool(align_corners))
    for axis, (n, size, ratio) in enumerate(zip(lengths, wanted, ratios, strict=True), 1):
        if mode.startswith("nearest"):
            x = _nearest(x, axis, _places(n, size, ratio, mode == "nearest-exact"))
        elif n != size or ratio not in (None, 1.0) or antialias:
            x = along(x, _matrix(n, size, ratio, mode == "bicubic", bool(align_corners), antialias), axis)
    return x


def _by_sizes(lengths: Sizes, wanted: Sizes, ratios: tuple[float | None, ...]) -> bool:
    """Whether elements are taken at the ratio of the sizes."""
    return all(ratio in (None, size / n) for n, size, ratio in zip(lengths, wanted, ratios, strict=True))


def _bilinear(x: tf.Tensor, sizes: Sizes, align_corners: bool) -> tf.Tensor:
    """By TensorFlow's kernels, of which the gradient's has none: it is linear, so that it is the kernel itself."""
    how = {"align_corners": align_corners, "half_pixel_centers": not align_corners}

    def enlarge(x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
        return raw.ResizeBilinear(images=x, size=sizes, **how), lambda slope: ruled(gather)(slope, x)

    def gather(slope: tf.Tensor, x: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], Any]]:
        y = raw.ResizeBilinearGrad(grads=slope, original_image=x, **how)
        return y, lambda back: (ruled(enlarge)(back), tf.zeros_like(x))

    return ruled(enlarge)(x)


def _places(n: int, size: int, ratio: float | None, exact: bool) -> Array:
    """Which element each new one shows; in float32, where PyTorch rounds too."""
    step = np.float32(n / size if ratio is None else 1 / ratio)
    start = np.arange(size, dtype=np.float32) + np.float32(0.5 if exact else 0)
    return np.minimum(np.floor(start * step).astype(np.int64), n - 1)


def _nearest(x: tf.Tensor, axis: int, places: Array) -> tf.Tensor:
    n = x.shape[axis]
    times, rest = divmod(len(places), n)
    if rest == 0 and np.array_equal(places, np.repeat(np.arange(n), times)):  # whose gradient is a sum
        before, after = shape(x)[: axis + 1], shape(x)[axis + 1 :]
        wide = tf.broadcast_to(tf.expand_dims(x, axis + 1), (*before, times, *after))
        return reshape(wide, (*before[:-1], n * times, *after))
    return tf.gather(x, places, axis=axis)


@lru_cache(256)
def _matrix(n: int, size: int, ratio: float | None, cubic: bool, align_corners: bool, antialias: bool) -> Array:
    """What each of `size` new elements takes from each of `n` old ones."""
    step = n / size if ratio is None else 1 / ratio
    if align_corners:
        step = (n - 1) / (size - 1) if size > 1 else 0.0
    if antialias:
        return _smoothing(n, size, step, cubic)
    centre = np.arange(size) * step if align_corners else (np.arange(size) + 0.5) * step - 0.5
    centre = centre if cubic else np.maximum(centre, 0)
    first = np.floor(centre).astype(int)
    matrix = np.zeros((size, n))
    for tap in range(-1, 3) if cubic else range(2):
        distance = np.abs(centre - first - tap)
        weights = _cubic(distance, -0.75) if cubic else 1 - distance
        np.add.at(matrix, (np.arange(size), np.clip(first + tap, 0, n - 1)), weights)
    return matrix


def _smoothing(n: int, size: int, step: float, cubic: bool) -> Array:
    """Weights that widen with the step, so that a smaller image averages what it leaves out."""
    width = max(step, 1.0)
    support = (2 if cubic else 1) * width
    matrix = np.zeros((size, n))
    for i in range(size):
        centre = step * (i + 0.5)
        first = max(int(centre - support + 0.5), 0)
        places = np.arange(first, min(int(centre + support + 0.5), n))
        distance = np.abs((places - centre + 0.5) / width)
        weights = _cubic(distance, -0.5) if cubic else np.maximum(1 - distance, 0)
        matrix[i, places] = weights / weights.sum()
    return matrix


def _cubic(x: Array, a: float) -> Array:
    """The cubic convolution kernel (Keys, 1981) at distances x."""
    near = ((a + 2) * x - (a + 3)) * x * x + 1
    far = (((x - 5) * x + 8) * x - 4) * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0))
