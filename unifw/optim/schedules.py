"""Learning rates as functions of the number of steps done: pass one as `lr`."""

from __future__ import annotations

import math
from collections.abc import Callable

Schedule = Callable[[int], float]


def constant(lr: float) -> Schedule:
    """The same rate at every step.

    >>> constant(0.1)(5)
    0.1
    """
    return lambda step: lr


def exponential(lr: float, gamma: float) -> Schedule:
    """The rate lr gamma^step.

    >>> exponential(1.0, 0.5)(2)
    0.25
    """
    return lambda step: float(lr * gamma**step)


def cosine(lr: float, steps: int, final: float = 0.0) -> Schedule:
    """Half a cosine from `lr` to `final` in `steps` steps, then `final` (Loshchilov and Hutter, 2017).

    >>> cosine(1.0, 10)(0), cosine(1.0, 10)(5), cosine(1.0, 10)(10)
    (1.0, 0.5, 0.0)
    """
    return lambda step: final + (lr - final) * (1 + math.cos(math.pi * min(step, steps) / steps)) / 2
