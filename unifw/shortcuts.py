"""Whether a backend's commonest functions run in one step (`QuickOps`), or the long way, where others can look on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from unifw.spec import Backend

_lock = Lock()
_blocks: Counter[str] = Counter()  # how many are open, by backend and over all threads


def take(backend: Backend) -> None:
    """Put the short ways of a backend, if it has any, on its tensor classes."""
    for cls in (backend.Tensor, backend.Parameter, backend.Buffer):
        cls.quick = backend.quick
    for name, method in ({} if backend.quick is None else backend.quick.OPERATORS).items():
        setattr(backend.Tensor, name, method)


def leave(backend: Backend) -> None:
    """Take them off again."""
    for cls in (backend.Tensor, backend.Parameter, backend.Buffer):
        cls.quick = None
    for name in () if backend.quick is None else backend.quick.OPERATORS:
        delattr(backend.Tensor, name)


@contextmanager
def left(backend: Backend) -> Iterator[None]:
    """Inside the `with` block every operation goes the long way, in every thread, by the kernels of the contract."""
    with _lock:
        _blocks[backend.name] += 1
        if _blocks[backend.name] == 1:
            leave(backend)
    try:
        yield
    finally:
        with _lock:
            _blocks[backend.name] -= 1
            if not _blocks[backend.name]:
                take(backend)
