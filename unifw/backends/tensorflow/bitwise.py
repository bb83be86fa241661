"""Bits and truth values of each element, by raw operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.native import truth
from unifw.backends.tensorflow.promotion import as_tensors, level

raw = tf.raw_ops

_Binary = Callable[[Any, Any], Any]


def _bitwise(integers: Callable[..., Any], booleans: Callable[..., Any]) -> _Binary:
    def apply(x1: Any, x2: Any) -> Any:
        x1, x2 = as_tensors(x1, x2)
        return (booleans if x1.dtype is tf.bool else integers)(x=x1, y=x2)

    return apply


bitwise_and = _bitwise(raw.BitwiseAnd, raw.LogicalAnd)
bitwise_or = _bitwise(raw.BitwiseOr, raw.LogicalOr)
bitwise_xor = _bitwise(raw.BitwiseXor, raw.NotEqual)


def bitwise_left_shift(x1: Any, x2: Any) -> tf.Tensor:
    x1, x2 = as_tensors(x1, x2)
    width = tf.constant(8 * x1.dtype.size, x1.dtype)
    moved = raw.LeftShift(x=x1, y=x2)  # which moves by at most the width less one
    return raw.SelectV2(condition=raw.Less(x=x2, y=width), t=moved, e=tf.zeros((), x1.dtype))


def bitwise_right_shift(x1: Any, x2: Any) -> tf.Tensor:
    x1, x2 = as_tensors(x1, x2)
    moved = raw.RightShift(x=x1, y=x2)
    if not x1.dtype.is_unsigned:
        return moved
    width = tf.constant(8 * x1.dtype.size, x1.dtype)
    return raw.SelectV2(condition=raw.Less(x=x2, y=width), t=moved, e=tf.zeros((), x1.dtype))


def bitwise_invert(x: tf.Tensor) -> tf.Tensor:
    return raw.LogicalNot(x=x) if x.dtype is tf.bool else raw.Invert(x=x)


def _logical(operation: Callable[..., Any]) -> _Binary:
    def apply(x1: Any, x2: Any) -> Any:
        x1, x2 = level(*(truth(x) if isinstance(x, tf.Tensor) else bool(x) for x in (x1, x2)))
        return operation(x=x1, y=x2)

    return apply


logical_and = _logical(raw.LogicalAnd)
logical_or = _logical(raw.LogicalOr)
logical_xor = _logical(raw.NotEqual)


def logical_not(x: tf.Tensor) -> tf.Tensor:
    return raw.LogicalNot(x=truth(x))
