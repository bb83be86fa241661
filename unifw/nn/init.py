"""Initial values, drawn on the host so that they have the same bits on every backend."""

from __future__ import annotations

from math import prod

from unifw.random import host_generator
from unifw.spec import Numpy


def uniform(shape: tuple[int, ...], bound: float) -> Numpy:
    """Float32 values from the uniform distribution on [-bound, bound).

    >>> bool((abs(uniform((100,), 0.5)) <= 0.5).all())
    True
    """
    return host_generator().uniform(-bound, bound, shape).astype("float32")


def fan_in_bound(weight_shape: tuple[int, ...]) -> float:
    """PyTorch's bound for weights and biases of linear and convolution layers, 1 / sqrt(fan_in).

    `weight_shape` is (out, in, *kernel).

    >>> fan_in_bound((8, 4))
    0.5
    """
    fan_in = prod(weight_shape[1:])
    return 1 / fan_in**0.5 if fan_in else 0.0
