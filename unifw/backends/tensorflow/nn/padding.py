"""Padding of images on `tf.Tensor`."""

from __future__ import annotations

import tensorflow as tf

from unifw.backends.tensorflow.nn.layout import channels_last
from unifw.spec.types import Pairs

raw = tf.raw_ops


@channels_last
def pad_space(x: tf.Tensor, widths: Pairs, mode: str, value: float) -> tf.Tensor:
    if x.shape.rank != len(widths) + 2:
        raise ValueError(f"{x.shape.rank} axes instead of {len(widths) + 2}")
    if mode == "constant":
        return constant(cropped(x, widths), tuple((max(a, 0), max(b, 0)) for a, b in widths), value)
    _check(x, widths, mode)
    if mode == "reflect":
        return raw.MirrorPad(input=x, paddings=[(0, 0), *widths, (0, 0)], mode="REFLECT")
    for axis, (before, after) in enumerate(widths, 1):
        if before or after:
            x = (_replicated if mode == "replicate" else _circular)(x, axis, before, after)
    return x


def constant(x: tf.Tensor, widths: Pairs, value: float = 0) -> tf.Tensor:
    """`x` with `value` around its axes of space."""
    if not any(before or after for before, after in widths):
        return x
    paddings = [(0, 0), *widths, (0, 0)]
    if value == 0:
        return raw.Pad(input=x, paddings=paddings)
    return raw.PadV2(input=x, paddings=paddings, constant_values=tf.constant(value, x.dtype))


def cropped(x: tf.Tensor, widths: Pairs) -> tf.Tensor:
    """`x` without what negative widths cut off."""
    if min(min(pair) for pair in widths) >= 0:
        return x
    return x[:, *(slice(max(-before, 0), min(after, 0) or None) for before, after in widths)]


def _check(x: tf.Tensor, widths: Pairs, mode: str) -> None:
    """Slices would take less than they are asked for without complaint."""
    for size, (before, after) in zip(x.shape[1:-1], widths, strict=True):
        most = None if size is None else size - 1 if mode == "reflect" else size if mode == "circular" else None
        if min(before, after) < 0 or (most is not None and max(before, after) > most):
            raise ValueError(f"padding of ({before}, {after}) for {size} elements")


def _replicated(x: tf.Tensor, axis: int, before: int, after: int) -> tf.Tensor:
    start, end = (slice(None),) * axis + (slice(0, 1),), (slice(None),) * axis + (slice(-1, None),)
    return tf.concat([x[start]] * before + [x] + [x[end]] * after, axis)


def _circular(x: tf.Tensor, axis: int, before: int, after: int) -> tf.Tensor:
    lead = (slice(None),) * axis
    parts = [x[(*lead, slice(-before, None))]] if before else []
    return tf.concat([*parts, x, *([x[(*lead, slice(0, after))]] if after else [])], axis)
