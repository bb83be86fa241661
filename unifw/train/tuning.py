"""Which of several ways to run the same steps is fastest: timing them, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from textwrap import shorten
from time import perf_counter
from typing import TYPE_CHECKING, Any
from warnings import catch_warnings, simplefilter

from unifw.errors import ArgumentError, CompileWarning
from unifw.train.running import Way

if TYPE_CHECKING:
    from unifw.train.trainer import Trainer

Run = Callable[[int], Any]
"""Does so many steps, and returns when they are done."""

Clock = Callable[[], float]

_ROUNDS, _MOST_STEPS = 15, 50
_MOST_SECONDS = 0.2  # of a turn: more does not make a choice better
_ROUNDS_SHARE = 0.2  # of the budget, for the rounds at least, however long compilation took
_LONG_STEP = 0.02  # seconds: a call is less than a hundredth of it
_BEFORE_LEAVING, _BEHIND = 4, 2.0  # rounds, and times the fastest: noise rarely does as much to every turn of one


@dataclass(frozen=True)
class Candidate:
    """One way to run a step: seconds per step and of the first call, or the reason why there are none.

    >>> Candidate("torch", "max", reason="not tried").seconds is None
    True
    """

    backend: str
    mode: str
    seconds: float | None = None
    first: float | None = None
    reason: str = ""
    steps_per_call: int = 1

    @property
    def how(self) -> str:
        """In words."""
        return self.mode if self.steps_per_call == 1 else f"{self.mode}, {self.steps_per_call} steps per call"


@dataclass(frozen=True)
class Tuning:
    """What `tune` found: every candidate, the fastest first; those that could not be timed are last.

    >>> Tuning((Candidate("torch", "eager", seconds=0.001),)).best.mode
    'eager'
    """

    candidates: tuple[Candidate, ...]
    cached: bool = False
    make: Callable[..., Trainer] | None = field(default=None, compare=False, repr=False)

    @property
    def best(self) -> Candidate | None:
        """The fastest, or None if none could be timed."""
        return next((x for x in self.candidates if x.seconds is not None), None)

    def trainer(self, **settings: Any) -> Trainer:
        """A Trainer of a new model on the fastest backend, which runs as was fastest; the settings are the Trainer's.

        Raises ArgumentError if nothing could be timed.

        >>> Tuning((Candidate("torch", "eager", reason="OSError: no such file"),)).trainer()
        Traceback (most recent call last):
        unifw.errors.ArgumentError: tune: nothing could be timed; OSError: no such file
        """
        if self.best is None or self.make is None:
            raise ArgumentError("tune: nothing could be timed" + "".join(f"; {x}" for x in _notes(self)))
        return self.make(self.best, **settings)

    def __str__(self) -> str:
        return table(self)

    def plain(self) -> list[dict[str, Any]]:
        """The candidates as JSON has them."""
        return [asdict(x) for x in self.candidates]


def time_each(
    ways: Sequence[Way],
    make: Callable[[Way], Run],
    budget: float,
    clock: Clock = perf_counter,
) -> Tuning:
    """Time what `make(way)` returns, in about `budget` seconds in all.

    All are made and run once; then they take turns, so that what else the machine does falls on each of them, until
    the rounds or the time are over. Who is clearly behind leaves early. What fails, or needs more time than is left,
    has a reason in place of a time, and so has what can gain nothing.

    >>> found = time_each([Way("a", "slow"), Way("a", "fast")], lambda way: lambda steps: None, budget=1.0)
    >>> len(found.candidates), found.best is not None
    (2, True)
    """
    start, ready, found = clock(), list[_Ready](), list[Candidate]()
    for way in ways:
        if clock() >= start + (1 - _ROUNDS_SHARE) * budget:
            found.append(_candidate(way, reason=f"not tried: {budget:g} s were used up"))
        elif way.steps_per_call > 1 and any(x.way[:2] == way[:2] and x.second > _LONG_STEP for x in ready):
            found.append(_candidate(way, reason="not tried: of steps this long, a call is less than a hundredth"))
        else:
            made = _prepared(way, make, start + budget, clock)
            (ready if isinstance(made, _Ready) else found).append(made)  # type: ignore[arg-type]
    _race(ready, max(start + budget, clock() + _ROUNDS_SHARE * budget), clock)
    found += [x.candidate() for x in ready]
    return Tuning(tuple(sorted(found, key=lambda x: float("inf") if x.seconds is None else x.seconds)))


@dataclass
class _Ready:
    """A candidate that runs: seconds per step of its second call, and of each of its turns."""

    way: Way
    run: Run
    first: float
    second: float
    turns: list[float] = field(default_factory=list)
    reason: str = ""

    @property
    def seconds(self) -> float:
        """Of the fastest turn: what else the machine does only adds."""
        return min(self.turns, default=self.second)

    def turn(self, share: float, clock: Clock) -> None:
        """As many steps as should fit into so many seconds."""
        steps = max(1, min(_MOST_STEPS, int(share / self.seconds))) if self.seconds else _MOST_STEPS
        steps += -steps % self.way.steps_per_call
        start = clock()
        try:
            with _strictly():
                self.run(steps)
            self.turns.append((clock() - start) / steps)
        except Exception as error:
            self.reason = _words(error)

    def candidate(self) -> Candidate:
        seconds = None if self.reason else self.seconds
        return _candidate(self.way, seconds, self.first, self.reason)


def _candidate(way: Way, seconds: float | None = None, first: float | None = None, reason: str = "") -> Candidate:
    return Candidate(way.backend, way.mode, seconds, first, reason, way.steps_per_call)


def _prepared(way: Way, make: Callable[[Way], Run], end: float, clock: Clock) -> _Ready | Candidate:
    """After its first two calls, or why there is nothing to time."""
    steps = way.steps_per_call
    try:
        with _strictly():
            run = make(way)  # a framework may be imported there, which is no part of a step
            start = clock()
            run(steps)
            first = clock() - start
            if clock() >= end:
                return _candidate(way, None, first, f"the first step took {first:.3g} s, more than was left")
            run(steps)
            return _Ready(way, run, first, (clock() - start - first) / steps)
    except Exception as error:  # whatever a framework may raise: the others may do
        return _candidate(way, reason=_words(error))


def _race(ready: Sequence[_Ready], end: float, clock: Clock) -> None:
    """Let all take turns, for a few rounds."""
    live = list(ready)
    for done in range(_ROUNDS):
        for x in live:
            if clock() >= end:
                return
            x.turn(min(_MOST_SECONDS, (end - clock()) / (len(live) * (_ROUNDS - done))), clock)
        live = [x for x in live if not x.reason]
        lead = min((x.seconds for x in live), default=0.0)
        if done + 1 >= _BEFORE_LEAVING:
            live = [x for x in live if x.seconds <= _BEHIND * lead]


@contextmanager
def _strictly() -> Iterator[None]:
    with catch_warnings():
        simplefilter("ignore")
        simplefilter("error", CompileWarning)  # a compiler that gave up leaves what is timed anyway
        yield


def _words(error: Exception) -> str:
    return shorten(f"{type(error).__name__}: {error}", 400)


def table(tuning: Tuning) -> str:
    """The candidates as text.

    >>> "not tried" in table(Tuning((Candidate("a", "default", reason="not tried"),)))
    True
    """
    from rich.console import Console
    from rich.table import Table

    best = tuning.best
    shown = Table(title="Time per training step" + (", from the cache" if tuning.cached else ""))
    for heading in ("Backend", "Mode"):
        shown.add_column(heading, no_wrap=True)
    for heading in ("ms per step", "relative", "first call, s"):
        shown.add_column(heading, justify="right")
    shown.add_column("Remarks", no_wrap=True)
    notes = _notes(tuning)
    for x in tuning.candidates:
        times = ("", "") if x.seconds is None or best is None else (f"{x.seconds * 1e3:.3f}", _times(x, best))
        remark = "the best" if x is best else f"note {notes.index(x.reason) + 1}" if x.reason else ""
        shown.add_row(x.backend, x.how, *times, "" if x.first is None else f"{x.first:.2f}", remark)
    console = Console(width=110, color_system=None, quiet=True)
    with console.capture() as captured:
        console.quiet = False
        console.print(shown, markup=False)
    return captured.get() + "\n".join(f"Note {i}: {note}" for i, note in enumerate(notes, 1))


def _notes(tuning: Tuning) -> list[str]:
    """The reasons, each once."""
    return list(dict.fromkeys(x.reason for x in tuning.candidates if x.reason))


def _times(x: Candidate, best: Candidate) -> str:
    return f"{x.seconds / best.seconds:.2f}" if x.seconds and best.seconds else ""
