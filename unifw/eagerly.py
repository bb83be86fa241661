"""The switch that turns `compile` off, so that Python runs line by line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

switch: ContextVar[bool] = ContextVar("unifw_eager", default=False)
"""What compiled functions read at each call; set while one of them is traced, too."""


@contextmanager
def eager() -> Iterator[None]:
    """Inside the `with` block compiled functions and training steps run as plain Python: pdb and print stop in them.

    >>> with eager():
    ...     runs_eagerly()
    True
    """
    token = switch.set(True)
    try:
        yield
    finally:
        switch.reset(token)


def runs_eagerly() -> bool:
    """Whether `eager` is on: what compiles asks this at each call, before it looks for its compiled form.

    >>> runs_eagerly()
    False
    """
    return switch.get()
