"""A training step, and inference, cost about what native code costs, in processor time: other work hardly moves it."""

from __future__ import annotations

import statistics
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
MOST = 1.3
ROUNDS, TRIES = 7, 3
STEPS = {"tiny": 30, "mlp": 10, "cnn": 1, "lstm": 2}
CALLS = {"mlp": 300}
OURS = {"torch": "eager", "tensorflow": "unifw"}
"""Inference as it runs without a long compilation."""


@pytest.mark.speed
@pytest.mark.parametrize("workload", list(STEPS))
def test_a_training_step_costs_what_native_code_costs(
    backend: str, workload: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(backend, "unifw", workload, "train", STEPS[workload], monkeypatch)


@pytest.mark.speed
@pytest.mark.parametrize("workload", list(CALLS))
def test_inference_of_one_row_costs_what_native_code_costs(
    backend: str, workload: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    check(backend, OURS[backend], workload, "infer", CALLS[workload], monkeypatch)


def check(backend: str, ours: str, workload: str, what: str, times: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """The best of a few tries: noise passes, a regression stays."""
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from suite.measure import Process, check_same
    from suite.workloads import make

    work, ratios = make(workload), []
    with ExitStack() as stack:
        pair = [Process(backend, name, work, 0, "cpu", 1) for name in ("native", ours)]
        for process in pair:
            stack.callback(process.close)
        check_same(work, pair)
        for process in pair:
            process.ask(what, times)
        while len(ratios) < TRIES and min(ratios, default=MOST + 1) > MOST:
            ratios.append(statistics.median(_ratio(pair, what, times) for _ in range(ROUNDS)))
    assert min(ratios) <= MOST, f"unifw / native in processor time: {ratios}"


def _ratio(pair: list[Any], what: str, times: int) -> float:
    """Both take a turn; unifw's processor seconds over those of native code."""
    native, ours = (process.ask(what, times)["processor_seconds"] for process in pair)
    return float(ours / native)
