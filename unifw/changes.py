"""A count of the changes that a traced function may depend on: a layer replaced, a mode switched, a parameter moved.

Who makes such a change calls `note`; who traced compares the count, one integer, and looks closer only if it moved.
"""

from __future__ import annotations

count = 0


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
