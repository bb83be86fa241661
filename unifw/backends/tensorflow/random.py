"""TensorFlow's own random stream."""

from __future__ import annotations

import tensorflow as tf


def seed(value: int) -> None:
    tf.random.set_seed(value)
