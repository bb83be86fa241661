"""The switch that turns `compile` off, so that Python runs line by line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_on: ContextVar[bool] = ContextVar("unifw_eager", default=False)


@contextmanager
def eager() -> Iterator[None]:
    """Inside the `with` block compiled functions and training steps run as plain Python: pdb and print stop in them.

    >>> with eager():
    ...     runs_eagerly()
    True
    """
    token = _on.set(True)
    try:
        yield
    finally:
        _on.reset(token)


def runs_eagerly() -> bool:
    """Whether `eager` is on: what compiles asks this at each call, before it looks for its compiled form.

    >>> runs_eagerly()
    False
    """
    return _on.get()
