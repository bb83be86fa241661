"""Measuring: every contestant of a workload in its own process, asked in turn."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from suite.worker import CONTESTANTS
from suite.workloads import Workload, make


@dataclass(frozen=True)
class Spread:
    """The median of several measurements, and the middle half of them."""

    median: float
    low: float
    high: float

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """Of at least two values."""
        low, median, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(median, low, high)


@dataclass(frozen=True)
class Result:
    """What one contestant did, by measure ("train", "infer", "decode"): each round's seconds, those of the first unit,
    and the peak bytes of the process until then; the measures follow each other.
    """

    framework: str
    name: str
    workload: str
    batch: int
    seconds: dict[str, list[float]]
    first: dict[str, float]
    memory: dict[str, int]
    device_memory: dict[str, int]

    def spread(self, what: str) -> Spread:
        """The median of the rounds, and the middle half."""
        return Spread.of(self.seconds[what])


def environment(framework: str, device: str = "cpu") -> dict[str, str]:
    """The variables of a process that runs one framework and finds the suite; on the CPU it sees no GPU, which Keras
    would take by itself.
    """
    places = [*map(str, Path(__file__).parents[1:3]), os.environ.get("PYTHONPATH", "")]
    chosen = {"UNIFW_BACKEND": framework, "KERAS_BACKEND": framework, "TF_CPP_MIN_LOG_LEVEL": "3"}
    hidden = {"CUDA_VISIBLE_DEVICES": "-1"} if device == "cpu" else {}
    return os.environ | chosen | hidden | {"PYTHONPATH": os.pathsep.join(places)}


class Process:
    """A worker that answers requests."""

    def __init__(self, framework: str, name: str, work: Workload, batch: int, device: str, threads: int) -> None:
        self.framework, self.name = framework, name
        command = [sys.executable, "-m", "suite.worker", framework, name, work.name, str(batch), device]
        self.process = subprocess.Popen(
            [*command, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if not os.environ.get("BENCH_SHOW_ERRORS") else None,
            text=True,
            env=environment(framework, device) | {"OMP_NUM_THREADS": str(threads)},
        )

    def ask(self, request: str, number: int = 0) -> dict[str, Any]:
        """The answer to one request."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        print(f"{request} {number}", file=self.process.stdin, flush=True)
        line = self.process.stdout.readline()
        if not line:
            errors = self.process.stderr.read() if self.process.stderr else ""
            raise RuntimeError(f"{self.framework} {self.name} stopped at {request!r}:\n{errors[-3000:]}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        """End the process."""
        self.process.communicate()


@contextmanager
def _started(
    contestants: list[tuple[str, str]], work: Workload, batch: int, device: str, threads: int
) -> Iterator[list[Process]]:
    with ExitStack() as stack:
        processes = []
        for framework, name in contestants:
            process = Process(framework, name, work, batch, device, threads)
            stack.callback(process.close)
            processes.append(process)
        yield processes


NAMES = ("functions", "native", "keras", "unifw")
MODES = ("compiled", "graphs", "mixed")
"""Who is timed always, and the Trainer's modes, timed on demand; CUDA graphs on a GPU alone."""

LOSS_TOLERANCE = 2e-5
"""How far the losses of one batch may be apart, relative: the models are the same."""


def check_same(work: Workload, processes: list[Process]) -> None:
    """Raise unless every contestant has the workload's parameters and, from its weights, the same loss or tokens."""
    answers = {(p.framework, p.name): p.ask("check") for p in processes}
    reference = next(iter(answers.values()))["result"]
    for who, answer in answers.items():
        if answer["parameters"] != work.parameters:
            raise RuntimeError(f"{work.name}: {who} has {answer['parameters']} parameters; expected {work.parameters}")
        pairs = zip(answer["result"], reference, strict=True)
        if any(abs(got - wanted) > LOSS_TOLERANCE * abs(wanted) for got, wanted in pairs):
            raise RuntimeError(f"{work.name}: {who} has {answer['result']}; expected {reference}")


def measure(
    workload: str,
    frameworks: list[str],
    rounds: int = 5,
    starts: int = 1,
    device: str = "cpu",
    threads: int = 2,
    batch: int = 0,
    names: tuple[str, ...] = NAMES,
    report: Callable[[str], None] = print,
) -> list[Result]:
    """Time one workload: check that all are the same, warm up, then alternate `rounds` times; all that `starts` times
    with new processes, since where a process finds its memory can make a tenth for as long as it lives.
    """
    work = make(workload, batch or None)
    if "decode" in work.measures:
        names = tuple(name for name in names if name not in MODES)
    if device == "cpu":
        names = tuple(name for name in names if name != "graphs")
    contestants = [who for who in CONTESTANTS if who[0] in frameworks and who[1] in names]
    runs = []
    for _ in range(starts):
        with _started(contestants, work, batch, device, threads) as processes:
            runs.append(_one_start(work, processes, rounds))
    results = [_joined(of_one) for of_one in zip(*runs, strict=True)]
    for result in results:
        report(_line(result))
    return results


def _one_start(work: Workload, processes: list[Process], rounds: int) -> list[Result]:
    check_same(work, processes)
    results = [Result(p.framework, p.name, work.name, work.inputs.shape[1], {}, {}, {}, {}) for p in processes]
    for what in work.measures:
        _time(what, work.times(what), rounds, processes, results)
    return results


def _joined(runs: Sequence[Result]) -> Result:
    """The processes of one contestant as one result: all rounds, the first process's first units, the most memory."""
    first = runs[0]
    return replace(
        first,
        seconds={what: [s for run in runs for s in run.seconds[what]] for what in first.seconds},
        memory={what: max(run.memory[what] for run in runs) for what in first.memory},
        device_memory={what: max(run.device_memory[what] for run in runs) for what in first.device_memory},
    )


def _time(what: str, times: int, rounds: int, processes: list[Process], results: list[Result]) -> None:
    """One measure: the first unit, a warm-up, the rounds, and then the memory."""
    pairs = list(zip(processes, results, strict=True))
    for process, result in pairs:
        result.first[what] = process.ask(what, 1)["seconds"]
        process.ask(what, max(1, times // 4))
        result.seconds[what] = []
    for _ in range(rounds):
        for process, result in pairs:
            result.seconds[what].append(process.ask(what, times)["seconds"])
    for process, result in pairs:
        memory = process.ask("memory")
        result.memory[what], result.device_memory[what] = memory["bytes"], memory["device_bytes"]


def _line(result: Result) -> str:
    times = "".join(f"{what} {result.spread(what).median * 1e3:9.3f} ms   " for what in result.seconds)
    first = ", ".join(f"{seconds:.2f}" for seconds in result.first.values())
    memory = ", ".join(f"{number / 2**20:.0f}" for number in result.memory.values())
    return f"  {result.framework:10} {result.name:9} {times}first {first} s   {memory} MiB"


def ratio(results: list[Result], workload: str, framework: str, of: str, to: str, what: str) -> float | None:
    """The median over the rounds of `of` / `to`, two contestants' seconds of a measure, or their "memory": that of the
    first measure, or with "memory of all" that after the last.
    """
    found = {r.name: r for r in results if (r.workload, r.framework) == (workload, framework)}
    if of not in found or to not in found:
        return None
    if what.startswith("memory"):
        return peak(found[of], what) / peak(found[to], what)
    if what not in found[of].seconds:
        return None
    pairs = zip(found[of].seconds[what], found[to].seconds[what], strict=True)
    return float(statistics.median(a / b for a, b in pairs))


def peak(result: Result, what: str) -> int:
    """The most bytes, on the accelerator if there is one, in the first measure, or for "memory of all" in every one."""
    values = [result.device_memory[name] or result.memory[name] for name in result.memory]
    return values[0] if what == "memory" else values[-1]


def as_json(results: list[Result]) -> list[dict[str, Any]]:
    """The results as plain data."""
    return [asdict(result) for result in results]
