"""Seeds. What must be the same on every backend (weights, shuffles, splits) is drawn on the host, by NumPy's Philox."""

from __future__ import annotations

import numpy as np

from unifw.errors import ArgumentError
from unifw.registry import loaded_backends, on_load
from unifw.spec import Backend

_host = np.random.Generator(np.random.Philox())
_seed: int | None = None


def seed(value: int) -> None:
    """Start every random stream anew: the host's, and the own stream of each backend, loaded now or later.

    With one seed, initial weights and shuffles have the same bits on every backend. What a backend draws itself
    (dropout) repeats on that backend, and differs from the other's.

    >>> import unifw
    >>> unifw.seed(0); first = unifw.nn.Linear(2, 1).weight.tolist()
    >>> unifw.seed(0); first == unifw.nn.Linear(2, 1).weight.tolist()
    True
    """
    global _host, _seed
    if not isinstance(value, (int, np.integer)) or not 0 <= value < 2**63:
        raise ArgumentError(f"seed: got {value!r}; expected an integer from 0 to 2**63 - 1.")
    value = int(value)
    _host = np.random.Generator(np.random.Philox(value))
    _seed = value
    for backend in loaded_backends():
        _seed_backend(backend)


def host_generator() -> np.random.Generator:
    """The stream that initial weights are drawn from, and the seeds of shuffles.

    >>> import unifw
    >>> unifw.seed(0); isinstance(host_generator().random(), float)
    True
    """
    return _host


@on_load
def _seed_backend(backend: Backend) -> None:
    if _seed is not None and backend.random is not None:
        backend.random.seed(_seed)
