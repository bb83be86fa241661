"""Measuring: every contestant of a workload in its own process, asked in turn."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
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
    """What one contestant did: seconds per training step and inference, of the first step, and peak bytes.

    The lists hold each round's seconds, for ratios of the same round.
    """

    framework: str
    name: str
    workload: str
    batch: int
    train: Spread
    infer: Spread
    first: float
    memory: int
    device_memory: int
    train_seconds: list[float]
    infer_seconds: list[float]


class Process:
    """A worker that answers requests."""

    def __init__(self, framework: str, name: str, work: Workload, batch: int, device: str, threads: int) -> None:
        self.framework, self.name = framework, name
        command = [sys.executable, "-m", "suite.worker", framework, name, work.name, str(batch), device]
        variables = os.environ | {
            "UNIFW_BACKEND": framework,
            "KERAS_BACKEND": framework,
            "OMP_NUM_THREADS": str(threads),
            "TF_CPP_MIN_LOG_LEVEL": "3",
        }
        self.process = subprocess.Popen(
            [*command, str(threads)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE if not os.environ.get("BENCH_SHOW_ERRORS") else None,
            text=True,
            env=variables,
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


LOSS_TOLERANCE = 2e-5
"""How far the losses of one batch may be apart, relative: the models are the same."""


def check_same(work: Workload, processes: list[Process]) -> None:
    """Raise unless every contestant has the workload's parameters and, from its weights, the same loss."""
    answers = {(p.framework, p.name): p.ask("check") for p in processes}
    reference = next(iter(answers.values()))["loss"]
    for who, answer in answers.items():
        if answer["parameters"] != work.parameters:
            raise RuntimeError(f"{work.name}: {who} has {answer['parameters']} parameters; expected {work.parameters}")
        if abs(answer["loss"] - reference) > LOSS_TOLERANCE * abs(reference):
            raise RuntimeError(f"{work.name}: {who} has a first loss of {answer['loss']}; expected {reference}")


def measure(
    workload: str,
    frameworks: list[str],
    rounds: int = 5,
    device: str = "cpu",
    threads: int = 2,
    batch: int = 0,
    names: tuple[str, ...] = ("functions", "native", "keras", "unifw"),
    report: Callable[[str], None] = print,
) -> list[Result]:
    """Time one workload: check that all are the same, warm up, then alternate `rounds` times."""
    work = make(workload, batch or None)
    contestants = [who for who in CONTESTANTS if who[0] in frameworks and who[1] in names]
    with _started(contestants, work, batch, device, threads) as processes:
        check_same(work, processes)
        first = [p.ask("first")["seconds"] for p in processes]
        for p in processes:
            p.ask("train", max(8, work.steps // 4))
            p.ask("infer", 10)
        train: list[list[float]] = [[] for _ in processes]
        infer: list[list[float]] = [[] for _ in processes]
        for _ in range(rounds):
            for own, p in zip(train, processes, strict=True):
                own.append(p.ask("train", work.steps)["seconds"])
            for own, p in zip(infer, processes, strict=True):
                own.append(p.ask("infer", work.calls)["seconds"])
        memory = [p.ask("memory") for p in processes]
    results = []
    for i, p in enumerate(processes):
        results.append(
            Result(
                p.framework,
                p.name,
                workload,
                work.inputs.shape[1],
                Spread.of(train[i]),
                Spread.of(infer[i]),
                first[i],
                memory[i]["bytes"],
                memory[i]["device_bytes"],
                train[i],
                infer[i],
            )
        )
        report(
            f"  {p.framework:10} {p.name:9} step {results[-1].train.median * 1e3:9.3f} ms   "
            f"inference {results[-1].infer.median * 1e3:8.3f} ms   first {first[i]:6.2f} s   "
            f"{results[-1].memory / 2**20:6.0f} MiB"
        )
    return results


def ratio(results: list[Result], workload: str, framework: str, of: str, to: str, what: str) -> float | None:
    """The median over the rounds of `of` / `to`, two contestants' seconds of "train" or "infer", or their memory."""
    found = {r.name: r for r in results if (r.workload, r.framework) == (workload, framework)}
    if of not in found or to not in found:
        return None
    if what == "memory":
        return found[of].memory / found[to].memory
    pairs = zip(getattr(found[of], f"{what}_seconds"), getattr(found[to], f"{what}_seconds"), strict=True)
    return float(statistics.median(a / b for a, b in pairs))


def as_json(results: list[Result]) -> list[dict[str, Any]]:
    """The results as plain data."""
    return [asdict(result) for result in results]
