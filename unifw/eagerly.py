"""The switch that turns `compile` off, so that Python runs line by line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

off: ContextVar[bool] = ContextVar("unifw_compile_off", default=False)
"""Whether what is compiled runs as plain Python; who compiles looks at this first in each call."""


@contextmanager
def eager() -> Iterator[None]:
    """Inside the `with` block compiled functions and training steps run as plain Python: pdb and print stop in them.

    >>> with eager():
    ...     runs_eagerly()
    True
    """
    token = off.set(True)
    try:
        yield
    finally:
        off.reset(token)


def runs_eagerly() -> bool:
    """Whether `eager` is on.

    >>> runs_eagerly()
    False
    """
    return off.get()
