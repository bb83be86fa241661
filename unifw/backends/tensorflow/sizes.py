"""Axes whose size a graph leaves open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import tensorflow as tf


def specs(inputs: Sequence[tf.Tensor], dims: Sequence[Mapping[int, str]]) -> list[tf.TensorSpec]:
    """What a graph takes: the dtypes and shapes of the inputs, without the sizes of the open axes."""
    return [
        tf.TensorSpec([None if axis in named else size for axis, size in enumerate(x.shape)], x.dtype)
        for x, named in zip(inputs, dims, strict=True)
    ]
