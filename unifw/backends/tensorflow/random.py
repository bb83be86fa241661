"""TensorFlow's own random stream, and generators of it."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import tensorflow as tf
from tensorflow.python.ops.resource_variable_ops import ResourceVariable

from unifw.backends.tensorflow import devices
from unifw.backends.tensorflow.native import TF, op
from unifw.dtypes import DType

_state: tf.Variable | None = None
_PHILOX = 1
_KERNELS = {"uniform": "StatefulUniform", "normal": "StatefulStandardNormalV2"}


def seed(value: int) -> None:
    tf.random.set_seed(value)
    main_state().assign(tf.random.create_rng_state(value, alg="philox"))


def main_state() -> tf.Variable:
    """The state of the stream: a variable, which graphs read and move on as eager code does, also after a new seed."""
    global _state
    if _state is None:
        with tf.init_scope(), tf.device(devices.native(None)):
            first = tf.random.create_rng_state(int.from_bytes(os.urandom(8), "big") >> 1, alg="philox")
            _state = ResourceVariable(first, trainable=False)
    return _state


@cache
def _kernel(name: str, **attributes: Any) -> Any:
    return op(name, **attributes)


def generator(value: int) -> tf.random.Generator:
    return tf.random.Generator.from_seed(value, alg="philox")


def get_state(generator: tf.random.Generator | None) -> Any:
    return (main_state() if generator is None else generator.state).numpy()


def set_state(generator: tf.random.Generator | None, state: Any) -> None:
    if generator is None:
        main_state().assign(state)
    else:
        generator.reset(state)


class Stream:
    """Random numbers that come again: what is drawn inside `replayed` is the same each time.

    Every draw of a kernel goes through `draw` below, so that a recomputed forward pass sees the same numbers.
    """

    def __init__(self) -> None:
        self._seed = draw("uniform", (2,), tf.int32, minval=0, maxval=tf.int32.max)
        self._count = 0

    def seed(self) -> tf.Tensor:
        """The seed of the next draw."""
        self._count += 1
        return self._seed + tf.constant([0, self._count])

    @contextmanager
    def replayed(self) -> Iterator[None]:
        self._count, outer = 0, getattr(_local, "stream", None)
        _local.stream = self
        try:
            yield
        finally:
            _local.stream = outer


_local = threading.local()  # the second run has the context of the first one, but not its stream


def draw(kind: str, shape: Any, dtype: tf.DType, **limits: Any) -> tf.Tensor:
    """Numbers of "uniform" or "normal" from the stream in force, else from the one that `seed` starts."""
    stream = getattr(_local, "stream", None)
    if stream is not None:
        return getattr(tf.random, f"stateless_{kind}")(shape, stream.seed(), dtype=dtype, **limits)
    if limits:
        bounds = (tf.constant(limits[name], dtype) for name in ("minval", "maxval"))
        return _kernel("StatefulUniformInt")(main_state().handle, _PHILOX, shape, *bounds)
    return _constant(_kernel(_KERNELS[kind], dtype=dtype)(main_state().handle, _PHILOX, shape))


def _constant(x: tf.Tensor) -> tf.Tensor:
    """What a gradient of a finished graph goes round, where TensorFlow would look for that of the kernel."""
    return x if tf.executing_eagerly() else tf.stop_gradient(x)


def _placed(x: tf.Tensor, device: str | None) -> tf.Tensor:
    """A stream's state lies on the CPU, and its kernel runs there: what it draws is moved."""
    return x if device is None else devices.move(x, device)


def uniform(shape: tuple[int, ...], dtype: DType, device: str | None, generator: Any) -> tf.Tensor:
    x = _constant(generator.uniform(shape, dtype=TF[dtype])) if generator else draw("uniform", shape, TF[dtype])
    return _placed(x, device)


def normal(shape: tuple[int, ...], dtype: DType, device: str | None, generator: Any) -> tf.Tensor:
    x = _constant(generator.normal(shape, dtype=TF[dtype])) if generator else draw("normal", shape, TF[dtype])
    return _placed(x, device)


def integers(low: int, high: int, shape: tuple[int, ...], device: str | None, generator: Any) -> tf.Tensor:
    if generator:
        return _placed(generator.uniform(shape, low, high, tf.int64), device)
    return _placed(draw("uniform", shape, tf.int64, minval=low, maxval=high), device)


def truncated(u: tf.Tensor, lower: float, upper: float) -> tf.Tensor:
    """Standard normal numbers between the bounds, from uniform ones."""
    low, high = (math.erf(bound / math.sqrt(2)) for bound in (lower, upper))
    inside = math.sqrt(2) * tf.math.erfinv(low + (high - low) * u)
    return tf.clip_by_value(inside, tf.constant(lower, u.dtype), tf.constant(upper, u.dtype))
