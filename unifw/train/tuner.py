"""`tune`: which framework, run in which way, is the fastest for a model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cache
from typing import Any

from unifw.conversion import TensorLike, to_native
from unifw.nn.module import Module
from unifw.optim.adam import AdamW
from unifw.optim.base import Optimizer
from unifw.registry import backends as known_backends
from unifw.registry import get_backend, info, load_backend, using_backend
from unifw.streams import host_generator
from unifw.tensor import Tensor
from unifw.train import decisions
from unifw.train.auto import run_in, streams_unmoved
from unifw.train.checks import check_question
from unifw.train.precision import Policy, Precision
from unifw.train.running import EAGER, SIZES, Way, modes_of, ways_of
from unifw.train.trainer import Trainer
from unifw.train.tuning import Candidate, Run, Tuning, time_each


def tune(
    build_model: Callable[[], Module],
    batch: Sequence[TensorLike],
    loss: Callable[[Any, Tensor], Tensor],
    optimizer: Callable[[Module], Optimizer] = AdamW,
    *,
    budget: float = 60.0,
    backends: Sequence[str] | None = None,
    precision: Precision = "float32",
    refresh: bool = False,
    progress: bool = True,
) -> Tuning:
    """Train a model for a few steps on each backend in each of its modes, and say which is fastest.

    `tune(...).trainer()` is a Trainer of a new model on that backend, in that mode; `.best` says which these are.

    `build_model` makes the model, each time with the same initial weights; `batch` is one batch as the Trainer gets it,
    of any backend or of NumPy; `loss` and `optimizer(model)` are what training will use. `backends` are all known
    ones unless given. `budget` is in seconds, from when the frameworks are imported, and takes in compilation, which is
    not broken off: the one that uses it up is the last, and a fifth is for taking turns in any case. What cannot run is
    in the result with its reason. With `progress` the table is printed.

    The result is kept in a file of the user's cache folder for this model, batch, machine and these versions, and
    read from there the next time; `refresh` measures anew. Candidates take turns, so that what else the machine does
    falls on all of them; each backend holds one model meanwhile. Random streams are left as they were. Raises
    OperandError for a batch that is no tuple, or a model in place of what makes one.

    >>> import numpy as np, unifw
    >>> batch = np.ones((8, 4), np.float32), np.zeros(8, np.int64)
    >>> build, loss = lambda: unifw.nn.Linear(4, 2), unifw.nn.functional.cross_entropy
    >>> here = [unifw.get_backend().name]
    >>> found = unifw.tune(build, batch, loss, backends=here, budget=0.0, progress=False, refresh=True)
    >>> found.best, found.candidates[0].reason
    (None, 'not tried: 0 s were used up')
    """
    check_question(build_model, batch)
    ways = _ways(list(known_backends()) if backends is None else backends, precision)
    tuning = None
    with streams_unmoved():
        key = _key(build_model, batch, ways, optimizer, [_name(loss), precision, budget])
        if key is not None and not refresh:
            tuning = decisions.load(key)
    if tuning is None:
        _import(ways)
        with streams_unmoved():
            tuning = time_each(ways, _maker(build_model, batch, loss, optimizer, precision), budget)
        if key is not None and tuning.best is not None:
            decisions.keep(key, tuning)
    if progress:
        print(tuning)
    return replace(tuning, make=_starter(build_model, loss, optimizer, precision))


def _ways(backends: Sequence[str], precision: Precision) -> list[Way]:
    """Every backend with each of its modes: the backends' own steps first, then what takes longer to compile."""
    sizes = (1,) if Policy(precision).scaler else SIZES
    rows = []
    for known in map(info, backends):
        places = {mode: i for i, mode in enumerate(modes_of(known))}
        rows += [(way.mode not in (known.step, EAGER), places[way.mode], way) for way in ways_of(known, sizes)]
    return [way for *_, way in sorted(rows, key=lambda row: row[:2])]


def _import(ways: Sequence[Way]) -> None:
    """The frameworks, before the clock starts."""
    for backend in dict.fromkeys(way.backend for way in ways):
        with suppress(Exception):  # the reason will be that of its candidates
            load_backend(backend)


def _starter(build_model: Callable[[], Module], loss: Any, optimizer: Any, precision: Precision) -> Any:
    def start(best: Candidate, **settings: Any) -> Trainer:
        with using_backend(best.backend):
            model = build_model()
            how = {"compile": best.mode, "steps_per_call": best.steps_per_call, "precision": precision}
            return Trainer(model, optimizer(model), loss, **how | settings)  # type: ignore[arg-type]

    return start


def _maker(
    build_model: Callable[[], Module], batch: Sequence[TensorLike], loss: Any, optimizer: Any, precision: Precision
) -> Callable[[Way], Run]:
    """The function from a way to the steps of a Trainer, of which each backend has one."""

    @cache
    def prepared(backend: str) -> tuple[Trainer, tuple[Tensor, ...]]:
        with using_backend(backend):
            model = _built(build_model)
            given = tuple([_here(x) for x in batch])
            return Trainer(model, optimizer(model), loss, progress=False, precision=precision), given

    def make(way: Way) -> Run:
        trainer, given = prepared(way.backend)
        return lambda steps: run_in(trainer, way, [given] * steps)

    return make


def _built(build_model: Callable[[], Module]) -> Module:
    """With the same weights each time; nobody else's stream starts anew."""
    from numpy.random import Philox

    host_generator().bit_generator.state = Philox(0).state
    return build_model()


def _here(x: TensorLike) -> Tensor:
    backend = get_backend()
    return x.to_backend(backend.name) if isinstance(x, Tensor) else backend.Tensor(to_native(x, backend))


def _key(
    build_model: Callable[[], Module], batch: Sequence[Any], ways: Sequence[Way], optimizer: Any, more: Any
) -> str | None:
    """The key of the decision, from the model on the first backend that can make it."""
    for backend in dict.fromkeys(way.backend for way in ways):
        try:
            with using_backend(backend):
                model = _built(build_model)
                return decisions.key_of(model, [_here(x) for x in batch], ways, optimizer(model), more)
        except Exception:  # the reason will be that of its candidates
            continue
    return None


def _name(function: Any) -> str:
    return f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', type(function).__qualname__)}"
