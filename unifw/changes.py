"""A count of the changes that a traced function may depend on: a layer replaced, a mode switched, a parameter moved.

Who makes such a change calls `note`; who traced compares the count, one integer, and looks closer only if it moved.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import Any

count = 0
compute: ContextVar[Any] = ContextVar("unifw_compute", default=None)
"""The 16-bit dtype of `nn.autocast` that holds here, or None: a trace made under one is none for another."""


def note() -> None:
    """Say that something changed that Python code may have read while it was traced.

    >>> from unifw import changes
    >>> before = changes.count
    >>> changes.note()
    >>> changes.count > before
    True
    """
    global count
    count += 1
