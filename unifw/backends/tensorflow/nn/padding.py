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
    added = tuple((max(before, 0), max(after, 0)) for before, after in widths)
    if mode in ("constant", "circular"):  # with what is left
        x = cropped(x, widths)
    if mode == "constant":
        return constant(x, added, value)
    _check(x, added, mode)
    y = _reflected(x, added) if mode == "reflect" else _by_axis(x, added, mode)
    return y if mode == "circular" else cropped(y, widths)


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
    cuts = [(max(-before, 0), max(-after, 0)) for before, after in widths]
    for size, cut in zip(x.shape[1:-1], cuts, strict=True):
        if size is not None and sum(cut) > size:
            raise ValueError(f"{cut} cut off {size} elements")
    return x[:, *(slice(first, -last or None) for first, last in cuts)]


def _reflected(x: tf.Tensor, widths: Pairs) -> tf.Tensor:
    if 0 in x.shape:  # which the kernel refuses
        return constant(x, widths)
    return raw.MirrorPad(input=x, paddings=[(0, 0), *widths, (0, 0)], mode="REFLECT")


def _by_axis(x: tf.Tensor, widths: Pairs, mode: str) -> tf.Tensor:
    for axis, (before, after) in enumerate(widths, 1):
        if before or after:
            x = (_replicated if mode == "replicate" else _circular)(x, axis, before, after)
    return x


def _check(x: tf.Tensor, widths: Pairs, mode: str) -> None:
    """Slices would take less than they are asked for without complaint."""
    for size, (before, after) in zip(x.shape[1:-1], widths, strict=True):
        most = None if size is None else size - 1 if mode == "reflect" else size if mode == "circular" else None
        if most is not None and max(before, after) > most:
            raise ValueError(f"padding of ({before}, {after}) for {size} elements")


def _replicated(x: tf.Tensor, axis: int, before: int, after: int) -> tf.Tensor:
    start, end = (slice(None),) * axis + (slice(0, 1),), (slice(None),) * axis + (slice(-1, None),)
    return tf.concat([x[start]] * before + [x] + [x[end]] * after, axis)


def _circular(x: tf.Tensor, axis: int, before: int, after: int) -> tf.Tensor:
    lead = (slice(None),) * axis
    parts = [x[(*lead, slice(-before, None))]] if before else []
    return tf.concat([*parts, x, *([x[(*lead, slice(0, after))]] if after else [])], axis)
