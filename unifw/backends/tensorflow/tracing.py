"""Running a training step on TensorFlow: one graph per signature, its batch size free."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from unifw.errors import OperationError, OutOfRangeError


def make_step(function: Callable[..., tuple[Any, ...]]) -> Callable[..., tuple[Any, ...]]:
    """`function(scalars, batch)` compiled; a change of dtype or of a shape beyond the batch axis traces again.

    The scalars travel as one vector, so that a new learning rate is neither a retrace nor a transfer of its own.
    """

    def unpacked(scalars: tf.Tensor, *batch: tf.Tensor) -> tuple[Any, ...]:
        return function(tf.unstack(scalars) if scalars.shape[0] else [], batch)

    compiled = tf.function(unpacked, autograph=False)
    concrete: dict[Any, Callable[..., tuple[Any, ...]]] = {}

    def step(scalars: Sequence[float], batch: tuple[tf.Tensor, ...]) -> tuple[Any, ...]:
        key = (len(scalars), *((x.dtype, x.shape[1:]) for x in batch))
        if key not in concrete:
            specs = [tf.TensorSpec((None, *x.shape[1:]) if x.shape.rank else (), x.dtype) for x in batch]
            concrete[key] = compiled.get_concrete_function(tf.TensorSpec((len(scalars),), tf.float64), *specs)
        try:
            return concrete[key](tf.constant(np.asarray(scalars, np.float64)), *batch)
        except tf.errors.InvalidArgumentError as error:
            raise _explain(error) from error

    return step


def _explain(error: tf.errors.InvalidArgumentError) -> Exception:
    """What was wrong with the values of a batch; the message of a graph is mostly its own call stack."""
    label = re.search(r"label value of (\S+) which is outside the valid range of \[0, (\d+)\)", error.message)
    if label:
        return OutOfRangeError(
            f"cross_entropy: got a target that is no class; expected targets from 0 to {int(label[2]) - 1}. "
            f"The native framework says: {label[0]}"
        )
    lines = [line.strip() for line in error.message.splitlines() if line.strip() and "File " not in line]
    return OperationError(
        f"step: a compiled operation failed. The native framework says: {lines[-1] if lines else error}"
    )
