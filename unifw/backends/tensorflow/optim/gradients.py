"""Many gradients at once, and numbers for kernels."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import tensorflow as tf

raw = tf.raw_ops
Variables = list[tf.Variable]
Gradients = list[tf.Tensor]
States = Mapping[str, Variables]
Hyper = Mapping[str, Any]


def number(x: Any, dtype: tf.DType) -> tf.Tensor:
    """A Python number or a scalar tensor in `dtype`, rounded once: `tf.cast` makes float32 of a Python float first."""
    return tf.cast(x, dtype) if isinstance(x, tf.Tensor) else tf.constant(x, dtype)


def scaled(variable: tf.Variable, factor: tf.Tensor) -> None:
    raw.AssignVariableOp(resource=variable.handle, value=raw.Mul(x=variable.read_value(), y=factor))


def decayed(gradients: Gradients, parameters: Variables, weight_decay: float) -> Gradients:
    if not weight_decay:
        return gradients
    factor = tf.constant(weight_decay, parameters[0].dtype)
    return [g + factor * p.read_value() for g, p in zip(gradients, parameters, strict=True)]


def clip_by_norm(
    gradients: Gradients, max_norm: float, norm_type: float, owned: bool = False
) -> tuple[Gradients, tf.Tensor]:
    wide = [tf.cast(g, tf.float32) if g.dtype.size < 4 else g for g in gradients]
    total = _norm(wide, norm_type)
    factor = tf.minimum(max_norm / (total + 1e-6), 1)
    return multiply(gradients, factor), total


def _norm(gradients: Gradients, norm_type: float) -> tf.Tensor:
    if norm_type == 2:
        return tf.sqrt(2 * tf.add_n([raw.L2Loss(t=g) for g in gradients]))
    if norm_type == float("inf"):
        return tf.reduce_max(tf.stack([tf.reduce_max(tf.abs(g)) for g in gradients]))
    return tf.add_n([tf.reduce_sum(tf.abs(g) ** norm_type) for g in gradients]) ** (1 / norm_type)


def clip_by_value(gradients: Gradients, limit: float) -> Gradients:
    return [tf.clip_by_value(g, tf.constant(-limit, g.dtype), tf.constant(limit, g.dtype)) for g in gradients]


def multiply(gradients: Gradients, factor: Any) -> Gradients:
    return [raw.Mul(x=g, y=number(factor, g.dtype)) for g in gradients]


def accumulate(sums: Variables, gradients: Gradients) -> None:
    for total, gradient in zip(sums, gradients, strict=True):
        raw.AssignAddVariableOp(resource=total.handle, value=gradient)


def reset(sums: Variables) -> None:
    for total in sums:
        raw.AssignVariableOp(resource=total.handle, value=tf.zeros(total.shape, total.dtype))


def lerp(averages: Variables, values: Variables, weight: Any) -> None:
    for average, value in zip(averages, values, strict=True):
        current = value.read_value()
        if value.dtype is not average.dtype:
            current = raw.Cast(x=current, DstT=average.dtype)
        apart = raw.Sub(x=current, y=average.read_value())
        raw.AssignAddVariableOp(resource=average.handle, value=raw.Mul(x=apart, y=number(weight, average.dtype)))


def all_finite(gradients: Gradients) -> tf.Tensor:
    return tf.reduce_all(tf.stack([tf.reduce_all(raw.IsFinite(x=g)) for g in gradients]))


def when(condition: tf.Tensor, function: Callable[[], None]) -> None:
    def run() -> tf.Tensor:
        function()
        return tf.constant(0)

    tf.cond(condition, run, lambda: tf.constant(0))
