"""The trace in progress: what code that runs in one can ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from unifw.dtypes import float64
from unifw.eagerly import switch as off
from unifw.errors import TracedValueError
from unifw.registry import part
from unifw.spec import Backend
from unifw.variable import Buffer

_current: ContextVar[Session | None] = ContextVar("unifw_trace", default=None)

Numbers = Callable[[], Mapping[str, float]]


class Session:
    """One trace: the numbers that it takes from Python at each run, and what Python does after each run."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self.numbers: list[tuple[Numbers, Buffer]] = []
        self.after: list[Callable[[], None]] = []

    @contextmanager
    def __call__(self) -> Iterator[None]:
        """Inside the `with` block, this is the trace in progress, and compiled functions are part of it."""
        tokens = off.set(True), _current.set(self)
        try:
            yield
        finally:
            off.reset(tokens[0])
            _current.reset(tokens[1])

    def before_run(self) -> None:
        """Bring the numbers up to date."""
        for function, buffer in self.numbers:
            buffer._set(_vector(self.backend, function().values()))

    def after_run(self) -> None:
        """What Python does after each run."""
        for function in self.after:
            function()


def per_call(function: Numbers) -> Mapping[str, Any]:
    """The numbers that `function` returns; in a trace, native scalars with what it returns at each run.

    >>> per_call(lambda: {"lr": 0.1})
    {'lr': 0.1}
    """
    session = _current.get()
    values = function()
    if session is None:
        return values
    with outside():
        buffer = Buffer(session.backend.Tensor(_vector(session.backend, values.values())))
    session.numbers.append((function, buffer))
    vector = buffer.wrap(buffer.native)
    return {name: vector[i].native for i, name in enumerate(values)}


def in_trace() -> bool:
    """Whether a compiled function is being traced.

    >>> in_trace()
    False
    """
    return _current.get() is not None


def after_call(function: Callable[[], None]) -> None:
    """Call `function` now; in a trace, after each run.

    >>> after_call(lambda: print("done"))
    done
    """
    session = _current.get()
    if session is None:
        function()
    else:
        session.after.append(function)


@contextmanager
def outside() -> Iterator[None]:
    """Inside the `with` block, while a function is traced, tensors have values: to make a variable, say.

    >>> import unifw
    >>> with outside():
    ...     unifw.zeros(2).tolist()
    [0.0, 0.0]
    """
    session = _current.get()
    if session is None:
        yield
        return
    token = _current.set(None)
    try:
        with part(session.backend, "tracing").outside():
            yield
    finally:
        _current.reset(token)


def refuse_in_trace(what: str, instead: str) -> None:
    """Raise TracedValueError in a trace, where `what` would be the same at each run.

    >>> refuse_in_trace("numbers", "pass them in")
    """
    if _current.get() is not None:
        raise TracedValueError(f"compile: got {what}, which would be the same at each run. Instead, {instead}.")


def _vector(backend: Backend, values: Any) -> Any:
    return backend.array.from_numpy(np.array(list(values), np.float64), float64, None, True)
