"""Every schedule over its whole course against torch.optim.lr_scheduler."""

from __future__ import annotations

import importlib
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from unifw.optim import schedules as ours

STEPS = 60
Theirs = Callable[[Any, Any], Any]
CASES: dict[str, tuple[ours.Schedule, Theirs]] = {
    "constant": (ours.constant(0.5), lambda s, o: s.ConstantLR(o, factor=1.0)),
    "step": (ours.step(0.5, 7, 0.3), lambda s, o: s.StepLR(o, 7, 0.3)),
    "multistep": (ours.multistep(0.5, [3, 30, 31], 0.3), lambda s, o: s.MultiStepLR(o, [3, 30, 31], 0.3)),
    "exponential": (ours.exponential(0.5, 0.9), lambda s, o: s.ExponentialLR(o, 0.9)),
    "polynomial": (ours.polynomial(0.5, 40, 2.5), lambda s, o: s.PolynomialLR(o, 40, 2.5)),
    "linear": (ours.linear(0.5, 20, 0.2, 0.9), lambda s, o: s.LinearLR(o, 0.2, 0.9, 20)),
    "linear-defaults": (ours.linear(0.5, 5), lambda s, o: s.LinearLR(o)),
    "cosine": (ours.cosine(0.5, STEPS, 0.01), lambda s, o: s.CosineAnnealingLR(o, STEPS, 0.01)),
    "restarts": (ours.cosine_restarts(0.5, 9), lambda s, o: s.CosineAnnealingWarmRestarts(o, 9)),
    "restarts-longer": (
        ours.cosine_restarts(0.5, 5, 2, 0.1),
        lambda s, o: s.CosineAnnealingWarmRestarts(o, 5, 2, 0.1),
    ),
    "one-cycle": (ours.one_cycle(0.5, STEPS), lambda s, o: s.OneCycleLR(o, 0.5, STEPS)),
    "one-cycle-linear": (
        ours.one_cycle(0.5, STEPS, 0.4, "linear", 10.0, 100.0),
        lambda s, o: s.OneCycleLR(
            o, 0.5, STEPS, pct_start=0.4, anneal_strategy="linear", div_factor=10.0, final_div_factor=100.0
        ),
    ),
    "one-cycle-three": (
        ours.one_cycle(0.5, STEPS, 0.3, three_phase=True),
        lambda s, o: s.OneCycleLR(o, 0.5, STEPS, pct_start=0.3, three_phase=True),
    ),
    "warmup": (
        ours.warmup(ours.cosine(0.5, 50), 10, 0.1),
        lambda s, o: s.SequentialLR(o, [s.LinearLR(o, 0.1, 1.0, 10), s.CosineAnnealingLR(o, 50)], [10]),
    ),
    "sequential": (
        ours.sequential([ours.constant(0.05), ours.exponential(0.5, 0.9), ours.step(0.5, 3)], [4, 20]),
        lambda s, o: s.SequentialLR(
            o, [s.ConstantLR(o, 0.1, 100), s.ExponentialLR(o, 0.9), s.StepLR(o, 3)], [4, 20]
        ),
    ),
    "chained": (
        ours.chained(0.5, ours.linear(1.0, 10, 0.1), ours.exponential(1.0, 0.9)),
        lambda s, o: s.ChainedScheduler([s.LinearLR(o, 0.1, 1.0, 10), s.ExponentialLR(o, 0.9)]),
    ),
    "piecewise": (
        ours.piecewise([10, 20], [0.5, 0.1, 0.3]),
        lambda s, o: s.LambdaLR(o, lambda step: (0.5 if step < 10 else 0.1 if step < 20 else 0.3) / 0.5),
    ),
}  # fmt: skip


def optimizer(torch: Any) -> Any:
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=0.5)


@pytest.mark.parametrize(("schedule", "theirs"), CASES.values(), ids=CASES)
def test_the_whole_course_is_torchs(schedule: ours.Schedule, theirs: Theirs) -> None:
    torch = importlib.import_module("torch")
    updates = optimizer(torch)
    rates = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SequentialLR calls a deprecated form of its own methods
        scheduler = theirs(torch.optim.lr_scheduler, updates)
        for _ in range(STEPS):
            rates.append(updates.param_groups[0]["lr"])
            updates.step()
            if len(rates) < STEPS:
                scheduler.step()
    np.testing.assert_allclose([schedule(step) for step in range(STEPS)], rates, rtol=1e-10, atol=1e-15)


@pytest.mark.parametrize("options", [
    {},
    {"mode": "max", "factor": 0.5, "patience": 1},
    {"threshold": 0.2, "threshold_mode": "abs", "cooldown": 2, "patience": 0},
    {"min_lr": 0.01, "patience": 0, "factor": 0.3, "cooldown": 1},
    {"mode": "max", "threshold": 0.1, "patience": 2},
    {"eps": 0.1, "patience": 0},
])  # fmt: skip
def test_reduction_on_a_plateau_is_torchs(options: dict[str, Any]) -> None:
    torch = importlib.import_module("torch")
    updates, rng = optimizer(torch), np.random.default_rng(0)
    theirs = torch.optim.lr_scheduler.ReduceLROnPlateau(updates, **options)
    schedule = ours.ReduceOnPlateau(0.5, **options)
    for value in rng.normal(size=50).cumsum():
        theirs.step(value)
        schedule.update(value)
        assert schedule(0) == updates.param_groups[0]["lr"]
        fresh = ours.ReduceOnPlateau(0.5, **options)  # a state that is loaded goes on as if nothing had happened
        fresh.load_state_dict(schedule.state_dict())
        schedule = fresh
