"""TensorFlow's own random stream, and generators of it."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from unifw.backends.tensorflow import devices
from unifw.backends.tensorflow.native import TF
from unifw.dtypes import DType


def seed(value: int) -> None:
    tf.random.set_seed(value)


def generator(value: int) -> tf.random.Generator:
    return tf.random.Generator.from_seed(value, alg="philox")


def get_state(generator: tf.random.Generator) -> Any:
    return generator.state.numpy()


def set_state(generator: tf.random.Generator, state: Any) -> None:
    generator.reset(state)


def uniform(shape: tuple[int, ...], dtype: DType, device: str | None, generator: Any) -> tf.Tensor:
    with tf.device(devices.native(device)):
        return (generator or tf.random).uniform(shape, dtype=TF[dtype])


def normal(shape: tuple[int, ...], dtype: DType, device: str | None, generator: Any) -> tf.Tensor:
    with tf.device(devices.native(device)):
        return (generator or tf.random).normal(shape, dtype=TF[dtype])


def integers(low: int, high: int, shape: tuple[int, ...], device: str | None, generator: Any) -> tf.Tensor:
    with tf.device(devices.native(device)):
        return (generator or tf.random).uniform(shape, low, high, tf.int64)


def truncated(u: tf.Tensor, lower: float, upper: float) -> tf.Tensor:
    """Standard normal numbers between the bounds, from uniform ones."""
    low, high = (math.erf(bound / math.sqrt(2)) for bound in (lower, upper))
    inside = math.sqrt(2) * tf.math.erfinv(low + (high - low) * u)
    return tf.clip_by_value(inside, tf.constant(lower, u.dtype), tf.constant(upper, u.dtype))
