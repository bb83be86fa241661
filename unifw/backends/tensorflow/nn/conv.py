"""Convolutions on `tf.Tensor`, by kernels (*window, in, out), as `storage` has them. Space of one axis is an image of
one row.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.manipulation import reshape
from unifw.backends.tensorflow.nn.layout import channels_last
from unifw.backends.tensorflow.nn.padding import constant
from unifw.backends.tensorflow.rules import recorded
from unifw.spec.types import Pairs, Sizes

raw = tf.raw_ops


@channels_last
def conv(
    x: tf.Tensor,
    kernel: tf.Tensor,
    bias: tf.Tensor | None,
    stride: Sizes,
    padding: Pairs,
    dilation: Sizes,
    groups: int,
) -> tf.Tensor:
    if x.shape.rank != len(stride) + 2 or x.shape[-1] != kernel.shape[-2] * groups:  # it would take a multiple
        raise ValueError(f"{x.shape} for {kernel.shape[-2] * groups} channels")
    if len(stride) == 1:
        row, kernel = tf.expand_dims(x, 1), tf.expand_dims(kernel, 0)
        y = _conv(row, kernel, stride * 2, ((0, 0), *padding), (1, *dilation), groups)
        y = raw.Squeeze(input=y, axis=[1])
    else:
        y = _conv(x, kernel, stride, padding, dilation, groups)
    return y if bias is None else raw.BiasAdd(value=y, bias=bias)


def _conv(x: tf.Tensor, kernel: tf.Tensor, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int) -> tf.Tensor:
    out = _window_counts(tuple(x.shape), tuple(kernel.shape), stride, padding, dilation)
    if x.shape[0] == 0:  # which the kernel refuses
        return tf.zeros((0, *out, kernel.shape[-1]), x.dtype) + 0 * (tf.reduce_sum(x) + tf.reduce_sum(kernel))
    if groups > 1 and groups == x.shape[-1] and len(set(stride)) == 1:
        return _depthwise(x, kernel, stride, padding, dilation)
    if groups == 1 or (len(stride) == 2 and _has_gradient(x.dtype, grouped=True)):
        return _convolution(x, kernel, stride, padding, dilation)
    parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1), strict=True)
    return tf.concat([_convolution(part, own, stride, padding, dilation) for part, own in parts], -1)


def _convolution(x: tf.Tensor, kernel: tf.Tensor, stride: Sizes, padding: Pairs, dilation: Sizes) -> tf.Tensor:
    if max(dilation) > 1 and (len(stride) == 3 or recorded([x, kernel])) and not _has_gradient(x.dtype, grouped=False):
        if max(stride) == 1 and None not in x.shape[1:-1]:
            return _by_phases(x, kernel, padding, dilation)
        kernel, dilation = _dilated(kernel, dilation), (1,) * len(dilation)
    strides, dilations = [1, *stride, 1], [1, *dilation, 1]
    same = _is_same(tuple(x.shape[1:-1]), tuple(kernel.shape[:-2]), stride, padding, dilation)
    if len(stride) == 2:
        around = {"padding": "SAME"} if same else _explicit(padding)
        return raw.Conv2D(input=x, filter=kernel, strides=strides, dilations=dilations, **around)
    x, name = (x, "SAME") if same else (constant(x, padding), "VALID")
    return raw.Conv3D(input=x, filter=kernel, strides=strides, padding=name, dilations=dilations)


def _by_phases(x: tf.Tensor, kernel: tf.Tensor, padding: Pairs, dilation: Sizes) -> tf.Tensor:
    """A dilated convolution: the places that one element of the output sees are neighbours in an image of their own."""
    surplus = [-(n + sum(pair)) % d for n, pair, d in zip(x.shape[1:-1], padding, dilation, strict=True)]
    widths = [(before, after + more) for (before, after), more in zip(padding, surplus, strict=True)]
    phases = raw.SpaceToBatchND(input=x, block_shape=dilation, paddings=widths)
    ones = (1,) * len(dilation)
    y = _convolution(phases, kernel, ones, ((0, 0),) * len(dilation), ones)
    return raw.BatchToSpaceND(input=y, block_shape=dilation, crops=[(0, more) for more in surplus])


def _depthwise(x: tf.Tensor, kernel: tf.Tensor, stride: Sizes, padding: Pairs, dilation: Sizes) -> tf.Tensor:
    """Each channel by itself; through a volume, the sum over the layers of the kernel."""
    kernel, channels = _dilated(kernel, dilation[-2:]), x.shape[-1]
    *window, _, out = kernel.shape
    kernel = reshape(kernel, (*window, channels, out // channels))
    if len(stride) == 2:
        return _depthwise_image(x, kernel, stride, padding)
    x, step, layers = constant(x, (padding[0], (0, 0), (0, 0))), stride[0], window[0]
    reach = (layers - 1) * dilation[0]
    depth, height, width = (tf.shape(x)[i] if x.shape[i] is None else x.shape[i] for i in (1, 2, 3))
    sums = []
    for i in range(layers):
        start = i * dilation[0]
        slabs = x[:, start : depth - reach + start : step]
        images = reshape(slabs, (-1, height, width, channels))
        y = _depthwise_image(images, kernel[i], stride[1:], padding[1:])
        sums.append(reshape(y, (-1, (depth - reach - 1) // step + 1, *y.shape[1:])))
    return tf.add_n(sums)


def _depthwise_image(x: tf.Tensor, kernel: tf.Tensor, stride: Sizes, padding: Pairs) -> tf.Tensor:
    """Without explicit padding, at which the kernel that the graph optimiser makes with a bias aborts the process."""
    same = _is_same(tuple(x.shape[1:-1]), tuple(kernel.shape[:2]), stride, padding, (1, 1))
    x = x if same else constant(x, padding)
    strides = [1, *stride, 1]
    return raw.DepthwiseConv2dNative(input=x, filter=kernel, strides=strides, padding="SAME" if same else "VALID")


@lru_cache(1024)
def _is_same(lengths: tuple[int | None, ...], kernel: Sizes, stride: Sizes, padding: Pairs, dilation: Sizes) -> bool:
    """Whether this is the padding that TensorFlow calls SAME for images of this size; it has faster kernels for it."""
    for n, k, s, pair, d in zip(lengths, kernel, stride, padding, dilation, strict=True):
        total = window = (k - 1) * d
        if s > 1:
            if n is None:
                return False
            total = max((-(-n // s) - 1) * s + window + 1 - n, 0)
        if pair != (total // 2, total - total // 2):
            return False
    return True


@cache
def _explicit(padding: Pairs) -> dict[str, Any]:
    if not any(before or after for before, after in padding):
        return {"padding": "VALID"}
    return {"padding": "EXPLICIT", "explicit_paddings": [0, 0, *padding[0], *padding[1], 0, 0]}


@lru_cache(1024)
def _window_counts(
    shape: tuple[int | None, ...], kernel: tuple[int, ...], stride: Sizes, padding: Pairs, dilation: Sizes
) -> tuple[int | None, ...]:
    """The sizes of the output. Raises ValueError for an image below the kernel, which TensorFlow takes."""
    counts: list[int | None] = []
    for size, width, step, (before, after), apart in zip(
        shape[1:-1], kernel[:-2], stride, padding, dilation, strict=True
    ):
        window = (width - 1) * apart + 1
        if size is not None and size + before + after < window:
            raise ValueError(f"padded images of {size + before + after} for a kernel of {window}")
        counts.append(None if size is None else (size + before + after - window) // step + 1)
    return tuple(counts)


@cache
def _has_gradient(dtype: tf.DType, grouped: bool) -> bool:
    """Whether grouped, or else dilated, convolutions can be differentiated here: tried once.

    TensorFlow's own CPU kernels cannot; those of oneDNN, which it has for some dtypes and machines, and of a GPU can.
    """
    with tf.init_scope():
        x, kernel = tf.ones((1, 3, 3, 2), dtype), tf.ones((2, 2, 1 if grouped else 2, 2), dtype)
        dilations = [1, 1, 1, 1] if grouped else [1, 2, 2, 1]
        try:
            with tf.GradientTape() as tape:
                tape.watch([x, kernel])
                y = raw.Conv2D(input=x, filter=kernel, strides=[1] * 4, padding="VALID", dilations=dilations)
            return None not in tape.gradient(y, [x, kernel])
        except (tf.errors.OpError, ValueError):
            return False


def _dilated(kernel: tf.Tensor, dilation: Sizes) -> tf.Tensor:
    """The kernel (..., *window, in, out) with zeros between the elements of the last axes of its window."""
    for axis, apart in enumerate(dilation, kernel.shape.rank - 2 - len(dilation)):
        if apart > 1:
            size = kernel.shape[axis]
            spread = tf.expand_dims(kernel, axis + 1)
            spread = tf.pad(spread, [(0, apart - 1) if i == axis + 1 else (0, 0) for i in range(spread.shape.rank)])
            spread = reshape(spread, tuple(n * apart if i == axis else n for i, n in enumerate(kernel.shape)))
            kernel = spread[(slice(None),) * axis + (slice(0, (size - 1) * apart + 1),)]
    return kernel


@channels_last
def conv_transpose(
    x: tf.Tensor,
    kernel: tf.Tensor,
    bias: tf.Tensor | None,
    stride: Sizes,
    padding: Pairs,
    output_padding: Sizes,
    dilation: Sizes,
    groups: int,
) -> tf.Tensor:
    if x.shape.rank != len(stride) + 2 or x.shape[-1] != kernel.shape[-1]:
        raise ValueError(f"{x.shape} for {kernel.shape[-1]} channels")
    ends = [after - extra for (_, after), extra in zip(padding, output_padding, strict=True)]
    cut = tuple((before, max(end, 0)) for (before, _), end in zip(padding, ends, strict=True))
    missing = tuple((0, max(-end, 0)) for end in ends)
    if len(stride) == 1:
        row, kernel = tf.expand_dims(x, 1), tf.expand_dims(kernel, 0)
        y = raw.Squeeze(input=_transposed(row, kernel, stride * 2, ((0, 0), *cut), (1, *dilation), groups), axis=[1])
    else:
        y = _transposed(x, kernel, stride, cut, dilation, groups)
    y = constant(y, missing)
    return y if bias is None else raw.BiasAdd(value=y, bias=bias)


def _transposed(x: tf.Tensor, kernel: tf.Tensor, stride: Sizes, cut: Pairs, dilation: Sizes, groups: int) -> tf.Tensor:
    """Everything but the bias; `cut` is taken off the full output. The kernel is (*window, out, in)."""
    dims, kernel = len(stride), _dilated(kernel, dilation)
    lengths = [tf.shape(x)[i + 1] if x.shape[i + 1] is None else x.shape[i + 1] for i in range(dims)]
    sizes = [(n - 1) * s + k - sum(c) for n, s, k, c in zip(lengths, stride, kernel.shape, cut, strict=False)]
    if any(isinstance(n, int) and n < 1 for n in sizes):
        raise ValueError(f"an output of {sizes}")
    backward = _backward(dims, kernel, groups, stride)
    batch, out = tf.shape(x)[0] if x.shape[0] is None else x.shape[0], kernel.shape[-2]
    if x.shape[0] == 0:
        return tf.zeros((0, *sizes, out * groups), x.dtype) + 0 * (tf.reduce_sum(x) + tf.reduce_sum(kernel))
    if groups == 1 or backward is not _plain[dims]:
        return backward(x, kernel, stride, cut, (batch, *sizes, out * groups))
    parts = zip(tf.split(x, groups, -1), tf.split(kernel, groups, -1), strict=True)
    return tf.concat([backward(part, own, stride, cut, (batch, *sizes, out)) for part, own in parts], -1)


def _backward(dims: int, kernel: tf.Tensor, groups: int, stride: Sizes) -> Callable[..., tf.Tensor]:
    depthwise = dims == 2 and groups > 1 and kernel.shape[2] == 1 and len(set(stride)) == 1
    return _transposed_depthwise if depthwise else _plain[dims]


def _transposed_image(x: tf.Tensor, kernel: tf.Tensor, stride: Sizes, cut: Pairs, sizes: tuple[Any, ...]) -> tf.Tensor:
    known = all(isinstance(n, int) for n in sizes[1:3])
    same = known and _is_same(tuple(sizes[1:3]), tuple(kernel.shape[:2]), stride, cut, (1, 1))
    around = {"padding": "SAME"} if same else _explicit(cut)
    return raw.Conv2DBackpropInput(
        input_sizes=tf.stack(sizes), filter=kernel, out_backprop=x, strides=[1, *stride, 1], **around
    )


def _transposed_depthwise(
    x: tf.Tensor, kernel: tf.Tensor, stride: Sizes, cut: Pairs, sizes: tuple[Any, ...]
) -> tf.Tensor:
    channels = sizes[-1]
    kernel = reshape(kernel, (*kernel.shape[:2], channels, kernel.shape[3] // channels))
    return raw.DepthwiseConv2dNativeBackpropInput(
        input_sizes=tf.stack(sizes), filter=kernel, out_backprop=x, strides=[1, *stride, 1], **_explicit(cut)
    )


def _transposed_volume(x: tf.Tensor, kernel: tf.Tensor, stride: Sizes, cut: Pairs, sizes: tuple[Any, ...]) -> tf.Tensor:
    """The whole of it, cut afterwards: the kernel knows no other padding."""
    batch, *space, out = sizes
    whole = tf.stack([batch, *(n + sum(c) for n, c in zip(space, cut, strict=True)), out])
    y = raw.Conv3DBackpropInputV2(
        input_sizes=whole, filter=kernel, out_backprop=x, strides=[1, *stride, 1], padding="VALID"
    )
    return y[:, *(slice(before, -after or None) for before, after in cut)]


_plain: dict[int, Callable[..., tf.Tensor]] = {2: _transposed_image, 3: _transposed_volume}
