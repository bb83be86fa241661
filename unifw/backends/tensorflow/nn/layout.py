"""Where the channels of an image are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow.manipulation import permute_dims

raw = tf.raw_ops


def channels_last(function: Callable[..., tf.Tensor]) -> Callable[..., tf.Tensor]:
    """Run a kernel that knows channels-last images only; TensorFlow's CPU has no other convolution gradient."""

    def apply(x: tf.Tensor, *args: Any) -> tf.Tensor:
        *rest, channels_last = args
        if channels_last or x.shape.rank == 2:
            return function(x, *rest)
        rank = x.shape.rank
        last = permute_dims(x, (0, *range(2, rank), 1))
        return permute_dims(function(last, *rest), (0, rank - 1, *range(1, rank - 1)))

    return apply
