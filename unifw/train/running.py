"""How a step runs: as Python, as the backend's own native unit, or as what `compile` makes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np

from unifw.dtypes import float64
from unifw.errors import ArgumentError
from unifw.registry import backends, info, part
from unifw.spec import Backend, BackendInfo
from unifw.tensor import Tensor
from unifw.tracing.compiled import Compiled

Compile = bool | str | None
Step = Callable[[Sequence[Any], tuple[Any, ...]], tuple[Any, ...]]

EAGER, DEFAULT, AUTO = "eager", "default", "auto"
SIZES = (1, 8)
"""How many steps in one native call are tried: 32 gain little more than 8, and hold 32 batches twice."""


class Way(NamedTuple):
    """A way to run steps: on a backend, in a mode, so many in one native call."""

    backend: str
    mode: str
    steps_per_call: int = 1


def modes_of(known: BackendInfo) -> tuple[str, ...]:
    """The ways to run a step on a backend, its own first; its framework need not be imported.

    >>> from unifw.registry import info
    >>> "eager" in modes_of(info("torch")) and "xla" in modes_of(info("tensorflow"))
    True
    """
    return tuple(dict.fromkeys((known.step, EAGER, *known.modes)))


def ways_of(known: BackendInfo, sizes: Sequence[int] = SIZES) -> list[Way]:
    """The modes of a backend; its own step, if it can, with so many in one call.

    >>> import dataclasses, unifw
    >>> able = dataclasses.replace(unifw.get_backend().info, several=True)
    >>> [way.steps_per_call for way in ways_of(able)[:3]]
    [1, 8, 1]
    """
    own, *others = modes_of(known)
    each = [Way(known.name, own, size) for size in (sizes if known.several else (1,))]
    return [*each, *(Way(known.name, mode) for mode in others)]


def in_groups(batches: Iterable[tuple[Any, ...]], most: int) -> Iterator[list[tuple[Any, ...]]]:
    """Batches that follow each other and have the same shapes and dtypes, up to so many at a time.

    >>> row, rows = np.zeros((1, 2)), np.zeros((3, 2))
    >>> [len(group) for group in in_groups([(rows,), (rows,), (rows,), (row,)], most=2)]
    [2, 1, 1]
    """
    held: list[tuple[Any, ...]] = []
    for batch in batches:
        if held and _form(batch) != _form(held[0]):
            yield held
            held = []
        held.append(batch)
        if len(held) == most:
            yield held
            held = []
    if held:
        yield held


def _form(batch: tuple[Any, ...]) -> list[Any]:
    return [(tuple(x.shape), x.dtype) for x in batch]


def checked(compile: Compile) -> str | None:
    """`Trainer(compile=...)` as a mode, "auto", or None for the backend's own. Raises ArgumentError.

    >>> checked(True), checked(False), checked(None)
    ('default', 'eager', None)
    """
    if compile is None or isinstance(compile, bool):
        return {None: None, True: DEFAULT, False: EAGER}[compile]
    every = sorted({mode for name in backends() for mode in modes_of(info(name))})
    if compile not in (*every, AUTO):
        raise ArgumentError(
            f"Trainer: got compile={compile!r}; expected None, True, False, 'auto', or one of {', '.join(every)}."
        )
    return compile


def mode_for(compile: str | None, backend: Backend) -> str:
    """The mode on this backend; what is still to be found out runs as the backend does. Raises ArgumentError."""
    mode, known = backend.info.step if compile in (None, AUTO) else str(compile), modes_of(backend.info)
    if mode not in known:
        raise ArgumentError(
            f"Trainer: got compile={mode!r} for the backend {backend.name!r}; expected one of {', '.join(known)}."
        )
    return mode


def runnable(function: Step, mode: str, backend: Backend) -> Step:
    """The step in a mode."""
    if mode == EAGER:
        return function
    if mode == backend.info.step:
        made: Step = part(backend, "tracing").make_step(function)
        return made
    return _compiled(function, mode, backend)


def _compiled(function: Step, mode: str, backend: Backend) -> Step:
    """The step as a program; its numbers are an input, so that a new learning rate is no new trace."""
    wrap, devices = backend.Tensor, backend.devices

    def step(scalars: Tensor, *batch: Tensor) -> tuple[Tensor, ...]:
        numbers = [scalars[i].native for i in range(scalars.shape[0])]
        return tuple([wrap(x) for x in function(numbers, tuple([x.native for x in batch]))])

    program = Compiled(step, mode=mode)

    def run(scalars: Sequence[Any], batch: tuple[Any, ...]) -> tuple[Any, ...]:
        device = devices.device_of(batch[0]) if devices.several else None  # a number elsewhere bars CUDA graphs
        vector = wrap(backend.array.from_numpy(np.array(scalars, np.float64), float64, device, True))
        return tuple([x.native for x in program(vector, *[wrap(x) for x in batch])])

    return run
