"""The seed of every random stream, and the host's own: what must be the same on every backend is drawn from it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from unifw.eagerly import switch as off
from unifw.errors import ArgumentError
from unifw.registry import loaded_backends, on_load
from unifw.spec import Backend

_host: np.random.Generator | None = None  # made when it is first used, as `numpy.random` takes long to import
_seed: int | None = None
_host_mode: ContextVar[bool] = ContextVar("unifw_random_host_mode", default=False)


def seed(value: int) -> None:
    """Start every random stream anew: the host's, and the own stream of each backend, loaded now or later.

    With one seed, initial weights and shuffles have the same bits on every backend. What a backend draws itself
    (dropout) repeats on that backend, and differs from the other's. Raises ArgumentError.

    >>> import unifw
    >>> unifw.seed(0); first = unifw.nn.Linear(2, 1).weight.tolist()
    >>> unifw.seed(0); first == unifw.nn.Linear(2, 1).weight.tolist()
    True
    """
    global _host, _seed
    _seed, _host = checked_seed(value), None
    for backend in loaded_backends():
        _seed_backend(backend)


def checked_seed(value: Any) -> int:
    """A seed that every stream takes. Raises ArgumentError.

    >>> checked_seed(7)
    7
    """
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or not 0 <= value < 2**63:
        raise ArgumentError(f"seed: got {value!r}; expected an integer from 0 to 2**63 - 1.")
    return int(value)


@on_load
def _seed_backend(backend: Backend) -> None:
    if _seed is not None and backend.random is not None:
        backend.random.seed(_seed)


def host_generator() -> np.random.Generator:
    """The stream that initial weights are drawn from, and the seeds of shuffles.

    >>> import unifw
    >>> unifw.seed(0); isinstance(host_generator().random(), float)
    True
    """
    global _host
    if _host is None:
        _host = np.random.Generator(np.random.Philox(_seed))
    return _host


@contextmanager
def host_mode() -> Iterator[None]:
    """Draw everything on the host inside the `with` block, dropout too: slower, and the same bits on every backend.

    Compiled functions run as plain Python there.

    >>> import unifw
    >>> unifw.seed(0)
    >>> with unifw.random.host_mode():
    ...     unifw.random.integers(0, 100, (3,)).tolist()
    [13, 1, 93]
    """
    tokens = _host_mode.set(True), off.set(True)
    try:
        yield
    finally:
        _host_mode.reset(tokens[0])
        off.reset(tokens[1])


def in_host_mode() -> bool:
    """Whether `host_mode` is on.

    >>> in_host_mode()
    False
    """
    return _host_mode.get()
