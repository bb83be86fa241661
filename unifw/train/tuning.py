"""Which of several ways to run the same steps is fastest: timing them, and what was found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from time import perf_counter
from typing import Any
from warnings import catch_warnings, simplefilter

from unifw.errors import CompileWarning

Run = Callable[[int], Any]
"""Does so many steps, and returns when they are done."""

Clock = Callable[[], float]

_BLOCKS = 5
_MOST_STEPS = 50
_MOST_SECONDS = 2.0  # more does not make a choice better


@dataclass(frozen=True)
class Candidate:
    """One way to run a step: seconds per step and of the first one, or the reason why there are none.

    >>> Candidate("torch", "max", reason="not tried").seconds is None
    True
    """

    backend: str
    mode: str
    seconds: float | None = None
    first: float | None = None
    reason: str = ""


@dataclass(frozen=True)
class Tuning:
    """What `tune` found: every candidate, the fastest first; those that could not be timed are last.

    >>> Tuning((Candidate("torch", "eager", seconds=0.001),)).best.mode
    'eager'
    """

    candidates: tuple[Candidate, ...]
    cached: bool = False

    @property
    def best(self) -> Candidate | None:
        """The fastest, or None if none could be timed."""
        return next((x for x in self.candidates if x.seconds is not None), None)

    def __str__(self) -> str:
        return table(self)

    def plain(self) -> list[dict[str, Any]]:
        """The candidates as JSON has them."""
        return [asdict(x) for x in self.candidates]


def time_each(
    names: Sequence[tuple[str, str]],
    make: Callable[[str, str], Run],
    budget: float,
    clock: Clock = perf_counter,
) -> Tuning:
    """Time what `make(backend, mode)` returns, one after the other, in about `budget` seconds in all.

    What fails, or needs more time than is left, has a reason in place of a time; what is made is let go before the
    next one.

    >>> found = time_each([("a", "slow"), ("a", "fast")], lambda backend, mode: lambda steps: None, budget=1.0)
    >>> len(found.candidates), found.best is not None
    (2, True)
    """
    end, found = clock() + budget, []
    for done, (backend, mode) in enumerate(names):
        if clock() >= end:
            found.append(Candidate(backend, mode, reason=f"not tried: the budget of {budget:g} s was used up"))
        else:
            found.append(_time(backend, mode, make, end, len(names) - done, clock))
    return Tuning(tuple(sorted(found, key=lambda x: float("inf") if x.seconds is None else x.seconds)))


def _time(
    backend: str, mode: str, make: Callable[[str, str], Run], end: float, waiting: int, clock: Clock
) -> Candidate:
    start = clock()
    try:
        with catch_warnings():
            simplefilter("ignore")
            simplefilter("error", CompileWarning)  # a compiler that gave up leaves what is timed anyway
            run = make(backend, mode)
            run(1)
            first = clock() - start
            if clock() >= end:
                return Candidate(backend, mode, None, first, f"the first step took {first:.3g} s, more than was left")
            run(1)
            return Candidate(backend, mode, _seconds(run, min(end, clock() + (end - clock()) / waiting), clock), first)
    except Exception as error:  # whatever a framework may raise: the others may do
        return Candidate(backend, mode, reason=f"{type(error).__name__}: {' '.join(str(error).split())}"[:300])


def _seconds(run: Run, end: float, clock: Clock) -> float:
    """Seconds per step: of the fastest of a few blocks, as what else the machine does only adds."""

    def block(steps: int) -> float:
        start = clock()
        run(steps)
        return (clock() - start) / steps

    best = block(1)
    share = min(end - clock(), _MOST_SECONDS) / _BLOCKS
    steps = max(1, min(_MOST_STEPS, int(share / best) if best else _MOST_STEPS))
    for _ in range(_BLOCKS):
        if clock() >= end:
            break
        best = min(best, block(steps))
    return best


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
    for heading in ("ms per step", "times the best", "first step, s"):
        shown.add_column(heading, justify="right")
    shown.add_column("Remarks", overflow="fold")
    for x in tuning.candidates:
        times = ("", "") if x.seconds is None or best is None else (f"{x.seconds * 1e3:.3f}", _times(x, best))
        remark = "the best" if x is best else x.reason
        shown.add_row(x.backend, x.mode, *times, "" if x.first is None else f"{x.first:.2f}", remark)
    console = Console(width=110, color_system=None, quiet=True)
    with console.capture() as captured:
        console.quiet = False
        console.print(shown, markup=False)
    return captured.get()


def _times(x: Candidate, best: Candidate) -> str:
    return f"{x.seconds / best.seconds:.2f}" if x.seconds and best.seconds else ""
