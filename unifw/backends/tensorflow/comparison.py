"""Comparison, choice and limits of each element, by raw operations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.ops import EagerTensor

from unifw.backends.tensorflow.native import TF, cast, eager, is_recorded, no_tape, op, thread
from unifw.backends.tensorflow.promotion import as_tensors, binary, constant, sum_to
from unifw.backends.tensorflow.rules import ruled
from unifw.dtypes import as_dtype, promote

raw = tf.raw_ops


def _comparison(name: str) -> Callable[[Any, Any], Any]:
    operation = op(name)
    return binary(name, of_booleans=lambda x, y: operation(cast(x, tf.uint8), cast(y, tf.uint8)))


equal = _comparison("Equal")
not_equal = _comparison("NotEqual")
less = _comparison("Less")
less_equal = _comparison("LessEqual")
greater = _comparison("Greater")
greater_equal = _comparison("GreaterEqual")


@ruled
def _maximum(x1: tf.Tensor, x2: tf.Tensor) -> Any:
    return raw.Maximum(x=x1, y=x2), _tie_gradient(x1, x2, raw.Greater)


@ruled
def _minimum(x1: tf.Tensor, x2: tf.Tensor) -> Any:
    return raw.Minimum(x=x1, y=x2), _tie_gradient(x1, x2, raw.Less)


def _tie_gradient(x1: tf.Tensor, x2: tf.Tensor, wins: Callable[..., Any]) -> Callable[[Any], Any]:
    """At a tie each side gets half of the gradient, as in PyTorch; TensorFlow gives all of it to the first."""

    def gradient(upstream: tf.Tensor) -> Any:
        half = 0.5 * cast(tf.equal(x1, x2), upstream.dtype)
        share = cast(wins(x=x1, y=x2), upstream.dtype) + half
        return sum_to(upstream * share, x1), sum_to(upstream * (1 - share), x2)

    return gradient


def _extreme(name: str, of_booleans: Callable[..., Any], differentiable: Callable[..., Any]) -> Callable[..., Any]:
    operation, quick = op(name), eager(name)

    def apply(x1: Any, x2: Any) -> tf.Tensor:
        try:
            if type(x1) is type(x2) is EagerTensor and thread.is_eager and no_tape():
                return quick(x1, x2)
        except Exception:
            pass
        x1, x2 = as_tensors(x1, x2)
        if x1.dtype is tf.bool:
            return of_booleans(x=x1, y=x2)
        return differentiable(x1, x2) if is_recorded() else operation(x1, x2)

    return apply


maximum = _extreme("Maximum", raw.LogicalOr, _maximum)
minimum = _extreme("Minimum", raw.LogicalAnd, _minimum)
_select = op("SelectV2")


def where(condition: tf.Tensor, x1: Any, x2: Any) -> tf.Tensor:
    if type(x1) is type(x2) is EagerTensor:
        return _select(condition, x1, x2)
    if not isinstance(x1, tf.Tensor) and not isinstance(x2, tf.Tensor):
        common = promote(as_dtype(type(x1)), as_dtype(type(x2)))
        x1 = constant(x1, TF[common])
    x1, x2 = as_tensors(x1, x2)
    return _select(condition, x1, x2)


def clip(x: tf.Tensor, minimum: Any, maximum: Any) -> tf.Tensor:
    # By selection: the gradient at an edge is 1, as in PyTorch.
    if minimum is not None:
        x = _replaced(x, minimum, raw.Less)
    return x if maximum is None else _replaced(x, maximum, raw.Greater)


def _replaced(x: tf.Tensor, bound: Any, beyond: Callable[..., Any]) -> tf.Tensor:
    """`bound` where `x` lies beyond it, or where `bound` is NaN."""
    x, bound = as_tensors(x, bound)
    replace = beyond(x=x, y=bound)
    if x.dtype.is_floating:
        replace = raw.LogicalOr(x=replace, y=raw.IsNan(x=bound))
    return raw.SelectV2(condition=replace, t=bound, e=x)


def _float_test(operation: Callable[..., Any], join: Callable[..., Any], for_integers: bool) -> Callable[[Any], Any]:
    def apply(x: Any) -> Any:
        if x.dtype.is_complex:
            return join(x=operation(x=tf.math.real(x)), y=operation(x=tf.math.imag(x)))
        return operation(x=x) if x.dtype.is_floating else tf.fill(tf.shape(x), for_integers)

    return apply


isfinite = _float_test(raw.IsFinite, raw.LogicalAnd, True)
isinf = _float_test(raw.IsInf, raw.LogicalOr, False)
isnan = _float_test(raw.IsNan, raw.LogicalOr, False)
