"""`Trainer(compile="auto")`: the fastest mode of the model's own backend, found on the first batch."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from typing import TYPE_CHECKING, Any

from unifw.registry import loaded_backends
from unifw.streams import host_generator
from unifw.train import decisions
from unifw.train.running import SIZES, Way, ways_of
from unifw.train.tuning import Run, time_each
from unifw.variable import Variable

if TYPE_CHECKING:
    from unifw.train.trainer import Trainer

BUDGET = 60.0
"""Seconds for the search, compilation included."""


def choose(trainer: Trainer, batch: tuple[Any, ...]) -> tuple[str | None, int | None]:
    """The mode in which steps on such a batch are fastest, and how many in a call; None if none could be timed.

    Where the Trainer says how many, only that is tried. Parameters, state, counts and random streams are afterwards
    what they were.
    """
    model, recipe = trainer.model, trainer.recipe
    backend, given = model.backend, tuple([model.backend.Tensor(x) for x in batch])
    wanted = trainer.steps_per_call
    ways = ways_of(backend.info, (1,) if not recipe.counts_alone else (wanted,) if wanted else SIZES)

    def make(way: Way) -> Run:
        return lambda steps: run_in(trainer, way, [given] * steps)

    recipe.prepare(model)
    facts = [getattr(trainer.loss, "__qualname__", ""), sorted(trainer.metrics), *recipe.settings()]
    key = decisions.key_of(model, given, ways, recipe.optimizer, facts)
    found = decisions.load(key)
    if found is None:
        _say(trainer, f"timing {len(ways)} ways to run a step, for {BUDGET:g} s at most but for compilers")
        with _unchanged(trainer), streams_unmoved():
            found = time_each(ways, make, BUDGET)
        if found.best is not None:
            decisions.keep(key, found)
            _say(trainer, f"{found.best.how} is the fastest, {found.best.seconds or 0.0:.3g} s per step")
    return (found.best.mode, wanted or found.best.steps_per_call) if found.best else (None, wanted)


def _say(trainer: Trainer, what: str) -> None:
    if trainer.progress:
        print(f"compile='auto': {what}", flush=True)


def run_in(trainer: Trainer, way: Way, batches: list[Any]) -> None:
    """Train on these batches in a way, quietly; steps that were made for another mode are kept."""
    trainer.compile, trainer.steps_per_call, trainer.progress = way.mode, way.steps_per_call, False
    trainer.fit(batches)


@contextmanager
def streams_unmoved() -> Iterator[None]:
    """After the `with` block the random streams go on as if nothing had been drawn in it.

    >>> import unifw
    >>> backend = unifw.get_backend()  # whose stream it is
    >>> with streams_unmoved():
    ...     first = unifw.random.normal((3,)).tolist()
    >>> unifw.random.normal((3,)).tolist() == first
    True
    """
    host = host_generator().bit_generator.state
    states = [(x.random, x.random.get_state(None)) for x in loaded_backends() if x.random is not None]
    try:
        yield
    finally:
        host_generator().bit_generator.state = host
        for stream, state in states:
            stream.set_state(None, state)


@contextmanager
def _unchanged(trainer: Trainer) -> Iterator[None]:
    """Inside the `with` block steps may be taken; after it, they have not been, and the objects are the same."""
    recipe, settings = trainer.recipe, (trainer.compile, trainer.steps_per_call, trainer.progress)
    held = [x for x in (*trainer.model.named_state().values(), *recipe.held()) if isinstance(x, Variable)]
    values = [x.ops.copy(x.native) for x in held]
    counted = [x for x in (recipe.optimizer, recipe.ema, recipe.policy.scaler) if x is not None]
    counts = [{name: copy(x) for name, x in vars(one).items() if type(x) in (int, float)} for one in counted]
    missed = dict(recipe.optimizer.missed)
    try:
        yield
    finally:
        for variable, value in zip(held, values, strict=True):
            variable._set(value)
        for one, own in zip(counted, counts, strict=True):
            vars(one).update(own)
        recipe.optimizer.missed, recipe.pending = missed, 0
        trainer.compile, trainer.steps_per_call, trainer.progress = settings
