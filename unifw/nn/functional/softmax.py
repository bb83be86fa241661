"""Softmax and its kin as functions."""

from __future__ import annotations

from unifw.array import extras
from unifw.array.axes import axis_of, ndim_of
from unifw.array.comparison import maximum
from unifw.array.creation import ones_like
from unifw.array.exponential import log
from unifw.array.manipulation import moveaxis
from unifw.array.searching import argmax
from unifw.autodiff import stop_gradient
from unifw.dtypes import bfloat16, float16, float32
from unifw.errors import ArgumentError
from unifw.nn.functional.checks import check_floating
from unifw.nn.functional.rectifiers import rrelu
from unifw.tensor import Tensor

_LEAST = 1e-16  # the least of -log(u) in 64 bits: a uniform number that was rounded to 1 would make infinite noise


def softmax(x: Tensor, dim: int = -1) -> Tensor:
    """exp(x), divided by its sum along the axis `dim`. Raises AxisError and OperandError.

    >>> import unifw
    >>> unifw.nn.functional.softmax(unifw.asarray([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    return extras.softmax(x, axis=dim)


def softmin(x: Tensor, dim: int = -1) -> Tensor:
    """exp(-x), divided by its sum along the axis `dim`. Raises AxisError and OperandError.

    >>> import unifw
    >>> unifw.nn.functional.softmin(unifw.asarray([0.0, 0.0])).tolist()
    [0.5, 0.5]
    """
    return extras.softmax(-x, axis=dim)


def log_softmax(x: Tensor, dim: int = -1) -> Tensor:
    """The logarithm of `softmax`, computed without underflow. Raises AxisError and OperandError.

    >>> import unifw
    >>> [round(value, 4) for value in unifw.nn.functional.log_softmax(unifw.asarray([0.0, 0.0])).tolist()]
    [-0.6931, -0.6931]
    """
    return extras.log_softmax(x, axis=dim)


def gumbel_softmax(logits: Tensor, tau: float = 1.0, hard: bool = False, eps: float = 1e-10, dim: int = -1) -> Tensor:
    """A random choice by `logits`, softened: softmax((logits + Gumbel noise) / tau) (Jang et al., 2017).

    With `hard` the choice itself as a row with one 1, whose gradient is that of the soft one. `eps` has no effect, as
    in PyTorch. Raises AxisError, ArgumentError and DTypeError.

    >>> import unifw
    >>> y = unifw.nn.functional.gumbel_softmax(unifw.zeros((2, 3)), hard=True)
    >>> unifw.sum(y, axis=-1).tolist(), sorted(set(y.numpy().ravel().round(6).tolist()))
    ([1.0, 1.0], [0.0, 1.0])
    """
    check_floating("gumbel_softmax", logits)
    if not tau > 0:
        raise ArgumentError(f"gumbel_softmax: got tau={tau}; expected a temperature above 0.")
    wide = logits.to(float32) if logits.dtype in (float16, bfloat16) else logits
    # Minus a random slope of -1 is a uniform number, of the backend and the sizes of the logits.
    chance = stop_gradient(-rrelu(-ones_like(wide), 0.0, 1.0, training=True))
    noise = -log(maximum(-log(chance), _LEAST))
    soft = extras.softmax((wide + noise) / tau, axis=dim).to(logits.dtype)
    if not hard:
        return soft
    axis = axis_of("gumbel_softmax", dim, ndim_of("gumbel_softmax", soft))
    chosen = extras.one_hot(argmax(soft, axis=axis), logits.shape[axis], dtype=soft.dtype)
    y: Tensor = stop_gradient(moveaxis(chosen, -1, axis) - soft) + soft
    return y
