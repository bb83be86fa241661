"""Running a training step on TensorFlow: one graph per signature, its batch size free."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf


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
        return concrete[key](tf.constant(np.asarray(scalars, np.float64)), *batch)

    return step
