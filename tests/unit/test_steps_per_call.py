"""Several training steps in one native call: the same numbers as one by one, also where something goes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn, optim
from unifw.eagerly import eager
from unifw.errors import ArgumentError, OutOfRangeError
from unifw.spec.tracing import StepsInterruptedError
from unifw.train.step import Recipe

F = nn.functional
SIZES = (8, 8, 8, 8, 8, 8, 8, 5)
"""Of an epoch's batches: with 3 steps in a call, groups of 3, 3, 1 and 1."""


def batches(kind: str = "float32") -> list[tuple[Any, ...]]:
    rng = np.random.default_rng(0)
    return [(rng.standard_normal((rows, 6)).astype(kind), rng.integers(0, 3, rows)) for rows in SIZES]


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(6, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.3), nn.Linear(8, 3))


def adamw(model: nn.Module) -> optim.Optimizer:
    return optim.AdamW(model, lr=optim.schedules.exponential(0.05, 0.8), groups={"*.bias": {"weight_decay": 0.0}})


def trained(
    steps_per_call: int | None,
    make: Callable[[nn.Module], optim.Optimizer] = adamw,
    averaged: bool = False,
    **settings: Any,
) -> tuple[unifw.Trainer, dict[str, np.ndarray], list[dict[str, float]]]:
    """A Trainer after two epochs, all its state, and its history."""
    unifw.seed(0)
    model = mlp()
    settings |= {"ema": optim.EMA(model, 0.9, bias_correction=True)} if averaged else {}
    trainer = unifw.Trainer(
        model, make(model), F.cross_entropy, {"accuracy": unifw.train.accuracy}, progress=False,
        steps_per_call=steps_per_call, **settings,
    )  # fmt: skip
    history = trainer.fit(batches(), epochs=2)
    flat = {"/".join(map(str, path)): x for path, x in leaves(trainer.state_dict())}
    return trainer, flat, [{name: x for name, x in logs.items() if name != "seconds"} for logs in history]


def leaves(state: Any, path: tuple[Any, ...] = ()) -> Any:
    if isinstance(state, dict):
        for name, x in state.items():
            yield from leaves(x, (*path, name))
    else:
        yield path, np.asarray(state.numpy() if isinstance(state, unifw.Tensor) else state)


CASES: dict[str, dict[str, Any]] = {
    "plain": {},
    "averaged and clipped": {"averaged": True, "clip_norm": 0.5, "clip_value": 0.2},
    "a momentum of its own for each step": {"make": lambda model: optim.NAdam(model, lr=0.01)},
    "accumulated": {"accumulate": 3},
    "float16": {"precision": "mixed_float16"},
    "bfloat16": {"precision": "mixed_bfloat16"},
    "eager": {"compile": False},
}


@pytest.mark.parametrize("case", list(CASES))
def test_the_numbers_are_those_of_single_steps(backend: str, case: str) -> None:
    """Parameters, statistics, the optimiser's state, counts, averages, and each epoch's loss and metric."""
    one, wanted, history = trained(None, **CASES[case])
    several, found, also = trained(3, **CASES[case])
    assert found.keys() == wanted.keys()
    for name, value in wanted.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-5, atol=1e-7, err_msg=name)
    for logs, expected in zip(also, history, strict=True):
        assert logs == pytest.approx(expected, rel=1e-6)
    assert one.optimizer is not None
    assert several.optimizer is not None
    assert several.optimizer.step_count == one.optimizer.step_count


@pytest.fixture
def groups(backend: str, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many steps each native call did."""
    found: list[int] = []
    run = Recipe.run_several

    def counted(self: Recipe, step: Any, names: Any, given: Any) -> Any:
        found.append(len(given))
        return run(self, step, names, given)

    monkeypatch.setattr(Recipe, "run_several", counted)
    return found


def test_steps_go_together_where_the_backend_can(backend: str, groups: list[int]) -> None:
    trained(3)
    assert groups == ([3, 3, 1, 1] * 2 if unifw.get_backend().info.several else [])
    groups.clear()
    trained(3, compile=False)
    trained(3, accumulate=2)
    trained(3, precision="mixed_float16")
    trained(1)
    trained(None)
    with eager():
        trained(3)
    assert groups == []


def test_python_runs_once_for_groups_of_every_size(backend: str) -> None:
    seen = []

    class Spy(nn.Module):
        def forward(self, x: unifw.Tensor) -> unifw.Tensor:
            seen.append(x.shape)
            return x

    model = nn.Sequential(Spy(), nn.Linear(6, 3))
    trainer = unifw.Trainer(model, optim.SGD(model, lr=0.1), F.cross_entropy, progress=False, steps_per_call=4)
    trainer.fit(batches(), epochs=2)
    assert len(seen) == (1 if unifw.get_backend().info.several else 16)


@pytest.mark.parametrize("at", [0, 2, 5])
def test_what_fails_in_a_group_is_named_and_the_steps_before_it_count(backend: str, at: int) -> None:
    found = []
    for steps_per_call in (1, 4):
        unifw.seed(0)
        model = nn.Linear(6, 3)
        first = model.weight.numpy()
        trainer = unifw.Trainer(
            model, optim.AdamW(model, lr=0.1), F.cross_entropy, progress=False, steps_per_call=steps_per_call
        )
        given = batches()
        given[at] = (given[at][0], np.where(np.arange(8) == 3, 7, given[at][1]))
        with pytest.raises(OutOfRangeError, match="7") as caught:
            trainer.fit(given)
        assert trainer.optimizer is not None
        found.append((str(caught.value), trainer.optimizer.step_count, model.weight.numpy()))
        trainer.fit(batches())  # goes on as if nothing had been
    (message, count, weight), (same, also, value) = found
    assert (message, count) == (same, also) == (same, at)
    np.testing.assert_allclose(value, weight, rtol=1e-6)
    assert np.array_equal(weight, first) == (at == 0)


class Interrupted:
    """A step whose calls of several fail, though single ones work."""

    def __init__(self, done: int) -> None:
        self.done, self.singles = done, 0

    def __call__(self, scalars: Any, batch: Any) -> tuple[float, ...]:
        self.singles += 1
        return (float(batch),)

    def several(self, scalars: Any, given: Any) -> Any:
        raise StepsInterruptedError(self.done)


def test_what_only_fails_together_is_done_one_by_one_unless_numbers_are_lost(backend: str) -> None:
    trainer, *_ = trained(None)
    recipe, names = trainer.recipe, tuple(dict(trainer.model.named_parameters()))
    step = Interrupted(0)
    assert recipe.run_several(step, names, [1, 2, 3]) == [(1.0,), (2.0,), (3.0,)]  # type: ignore[list-item]
    assert (recipe.optimizer.step_count, step.singles) == (16 + 3, 3)
    step = Interrupted(2)
    with pytest.raises(StepsInterruptedError, match="after 2 of them"):
        recipe.run_several(step, names, [1, 2, 3])  # type: ignore[list-item]
    assert (recipe.optimizer.step_count, step.singles) == (16 + 3 + 3, 1)


def test_a_number_that_makes_no_sense_is_refused(backend: str) -> None:
    with pytest.raises(ArgumentError, match=r"Trainer: got steps_per_call=0; expected None, or a number from 1 on."):
        unifw.Trainer(nn.Linear(1, 1), steps_per_call=0)


def test_auto_keeps_to_a_given_number(backend: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    from unifw.train.tuning import Candidate, Tuning

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    seen: list[Any] = []

    def fake(ways: Any, make: Any, budget: float) -> Tuning:
        seen.append(ways)
        make(ways[0])(2)
        return Tuning((Candidate(backend, ways[0].mode, 1.0, steps_per_call=ways[0].steps_per_call),))

    monkeypatch.setattr("unifw.train.auto.time_each", fake)
    trainer, *_ = trained(4, compile="auto")
    several = unifw.get_backend().info.several
    assert {x.steps_per_call for x in seen[0]} == ({1, 4} if several else {1})
    assert seen[0][0].steps_per_call == (4 if several else 1)
    assert trainer.steps_per_call == 4
    free, *_ = trained(None, compile="auto", clip_norm=9.0)
    assert {x.steps_per_call for x in seen[1]} == ({1, 8} if several else {1})
    assert free.steps_per_call == 1
