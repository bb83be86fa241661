"""The ways to run a step, and the search for the fastest of them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn, optim
from unifw.errors import ArgumentError, CompileWarning, OperandError
from unifw.train import decisions, tuner
from unifw.train.running import Way, ways_of
from unifw.train.tuning import Candidate, Run, Tuning, time_each

F = nn.functional
X = np.random.default_rng(0).normal(size=(24, 4)).astype(np.float32)
Y = (X.sum(1) > 0).astype(np.int64)
BATCH = X[:8], Y[:8]


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "unifw" / "tuning.json"


def mlp() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2))


def trained(**settings: Any) -> tuple[unifw.Trainer, list[float]]:
    """A Trainer after three epochs of three batches, with a falling learning rate."""
    unifw.seed(0)
    model = mlp()
    optimizer = optim.AdamW(model, lr=lambda step: 0.05 / (1 + step))
    trainer = unifw.Trainer(model, optimizer, F.cross_entropy, progress=False, **settings)
    batches = [(unifw.asarray(X[i : i + 8]), unifw.asarray(Y[i : i + 8])) for i in (0, 8, 16)]
    history = trainer.fit(batches, epochs=3, validation=batches)
    return trainer, [value for logs in history for value in (logs["loss"], logs["val_loss"])]


# ---- Trainer(compile=...)


@pytest.mark.parametrize("compile", [True, False])
def test_every_way_to_run_a_step_learns_the_same(backend: str, compile: Any) -> None:
    (plain, wanted), (trainer, losses) = trained(), trained(compile=compile)
    np.testing.assert_allclose(losses, wanted, rtol=1e-5)
    for name, value in plain.model.state_dict().items():
        np.testing.assert_allclose(trainer.model.state_dict()[name].numpy(), value.numpy(), rtol=1e-4, atol=1e-6)
    assert trainer.optimizer.step_count == 9  # type: ignore[union-attr]


def test_a_mode_that_there_is_not_is_explained(backend: str) -> None:
    with pytest.raises(ArgumentError, match=r"Trainer: got compile='fast'; expected None, True, False, 'auto', or"):
        trained(compile="fast")
    foreign = {"torch": "xla", "tensorflow": "max"}[backend]
    with pytest.raises(ArgumentError, match=rf"got compile='{foreign}' for the backend '{backend}'; expected one of"):
        trained(compile=foreign)


def test_a_compiled_step_takes_the_mean_of_several_batches(backend: str) -> None:
    """Two updates an epoch, of two batches and of one."""
    (plain, wanted), (trainer, losses) = trained(accumulate=2), trained(accumulate=2, compile=True)
    np.testing.assert_allclose(losses, wanted, rtol=1e-5)
    for name, value in plain.model.state_dict().items():
        np.testing.assert_allclose(trainer.model.state_dict()[name].numpy(), value.numpy(), rtol=1e-4, atol=1e-6)
    assert trainer.optimizer.step_count == plain.optimizer.step_count == 6  # type: ignore[union-attr]


@pytest.mark.parametrize("averaged", [False, True])
def test_a_compiled_step_leaves_out_what_overflows(backend: str, averaged: bool) -> None:
    """Twenty steps of which two overflow: parameters, state, averages and scale are those of eager steps."""
    found = []
    for compile in (None, "default"):
        unifw.seed(0)
        model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 1))
        ema = optim.EMA(model, 0.9) if averaged else None
        trainer = unifw.Trainer(
            model, optim.AdamW(model, lr=0.01), lambda y, t: unifw.mean(y * t), progress=False, compile=compile,
            precision="mixed_float16", clip_norm=1.0, ema=ema,
        )  # fmt: skip
        x = np.random.default_rng(0).standard_normal((20, 5, 3)).astype("float32")
        pull = np.where(np.isin(np.arange(20), (3, 11)), 1e7, 0.1).astype("float32")
        trainer.fit([(unifw.asarray(a), unifw.asarray(np.full((5, 1), b))) for a, b in zip(x, pull, strict=True)])
        state = trainer.optimizer.state_dict()["state"]  # type: ignore[union-attr]
        values = {**model.state_dict(), **{f"{n}.{k}": v for n, own in state.items() for k, v in own.items()}}
        values |= {} if ema is None else {f"average.{n}": v for n, v in ema.averages.items()}
        found.append({name: value.numpy() for name, value in values.items()})
        assert (trainer.optimizer.step_count, trainer.scaler.scale) == (18, 2.0**14)  # type: ignore[union-attr]
    for name, value in found[0].items():
        assert np.isfinite(value).all()
        np.testing.assert_allclose(found[1][name], value, rtol=1e-3, atol=1e-5)


def chosen(monkeypatch: pytest.MonkeyPatch, mode: str) -> list[Any]:
    """Let a search take a step in every mode but "max" and find `mode` the fastest; the names it was given."""
    seen: list[Any] = []

    def fake(names: Any, make: Any, budget: float) -> Tuning:
        seen.extend(names)
        make(Way(names[0][0], "eager"))(3)
        return Tuning((Candidate(names[0][0], mode, 1.0),))

    monkeypatch.setattr("unifw.train.auto.time_each", fake)
    return seen


def test_auto_takes_the_fastest_mode_and_leaves_training_as_if_it_had_not_looked(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = chosen(monkeypatch, "eager")
    (plain, wanted), (trainer, losses) = trained(), trained(compile="auto")
    np.testing.assert_allclose(losses, wanted, rtol=1e-5)
    assert trainer.compile == "eager"
    assert seen == ways_of(unifw.get_backend().info)
    assert trainer.optimizer.step_count == 9  # type: ignore[union-attr]
    for name, value in plain.model.state_dict().items():
        np.testing.assert_allclose(trainer.model.state_dict()[name].numpy(), value.numpy(), rtol=1e-4, atol=1e-6)
    seen.clear()
    again, _ = trained(compile="auto")
    assert (again.compile, seen) == ("eager", [])  # from the file


def noisy() -> nn.Module:
    return nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.Dropout(0.5), nn.Linear(8, 2))


def test_auto_leaves_dropout_and_running_statistics_as_if_it_had_not_looked(
    backend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chosen(monkeypatch, "eager")
    monkeypatch.setitem(globals(), "mlp", noisy)
    (plain, wanted), (trainer, losses) = trained(compile=False), trained(compile="auto")
    np.testing.assert_allclose(losses, wanted, rtol=1e-5)
    for name, value in plain.model.state_dict().items():
        np.testing.assert_allclose(trainer.model.state_dict()[name].numpy(), value.numpy(), rtol=1e-4, atol=1e-6)


# ---- timing, by a clock that moves with the work


class Work:
    """Candidates whose compilation and steps take so many seconds of a clock of their own, times a machine's load."""

    def __init__(self, **costs: tuple[float, float] | Exception) -> None:
        self.costs, self.now, self.steps = costs, 0.0, dict.fromkeys(costs, 0)
        self.load: Callable[[float], float] = lambda now: 1.0

    def clock(self) -> float:
        return self.now

    def make(self, way: Way) -> Run:
        mode = way.mode if way.steps_per_call == 1 else f"{way.mode}_{way.steps_per_call}"
        cost = self.costs[mode]
        if isinstance(cost, Exception):
            raise cost

        def run(steps: int) -> None:
            self.now += 0.0 if self.steps[mode] else cost[0]
            self.steps[mode] += steps
            self.now += cost[1] * steps * self.load(self.now)

        return run

    def timed(self, budget: float) -> Tuning:
        parts = [mode.partition("_") for mode in self.costs]
        ways = [Way("b", mode, int(size or 1)) for mode, _, size in parts]
        return time_each(ways, self.make, budget, self.clock)


def test_the_fastest_is_found_within_the_budget() -> None:
    work = Work(eager=(0.0, 0.5), default=(4.0, 0.1), max=(9.0, 0.2))
    found = work.timed(60.0)
    assert [x.mode for x in found.candidates] == ["default", "max", "eager"]
    assert [x.seconds for x in found.candidates] == pytest.approx([0.1, 0.2, 0.5])
    assert [x.first for x in found.candidates] == pytest.approx([4.1, 9.2, 0.5])
    assert work.now < 60
    assert found.best is found.candidates[0]


def busy(seed: int) -> Callable[[float], float]:
    """A load that is another one every second, often a multiple of what the machine can do, and noise on top."""
    rng = np.random.default_rng(seed)
    seconds = rng.choice([1.0, 1.0, 2.0, 4.0], 1000)
    return lambda now: float(seconds[int(now) % 1000] * (1 + rng.exponential(0.05)))


@pytest.mark.parametrize("seed", range(20))
def test_the_fastest_is_found_on_a_busy_machine(seed: int) -> None:
    work = Work(eager=(0.0, 0.013), default=(1.0, 0.010), max=(2.0, 0.012), slow=(0.1, 0.05))
    work.load = busy(seed)
    found = work.timed(60.0)
    assert found.best is not None
    assert found.best.mode == "default"
    assert found.best.seconds == pytest.approx(0.010, rel=0.1)
    assert work.now < 30


def test_who_is_clearly_behind_leaves_early() -> None:
    work = Work(slow=(0.0, 0.025), fast=(0.0, 0.01), alike=(0.0, 0.0101))
    work.timed(60.0)
    assert min(work.steps["fast"], work.steps["alike"]) > 4 * work.steps["slow"]


def test_several_steps_in_a_call_are_timed_per_step() -> None:
    work = Work(default=(0.0, 0.002), default_8=(0.1, 0.001))
    best = work.timed(10.0).best
    assert best is not None
    assert (best.mode, best.steps_per_call, best.seconds) == ("default", 8, pytest.approx(0.001))
    assert work.steps["default_8"] % 8 == 0


def test_several_steps_in_a_call_are_not_tried_where_a_call_is_nothing() -> None:
    rows = {x.steps_per_call: x for x in Work(default=(0.0, 0.5), default_8=(0.0, 0.5)).timed(60.0).candidates}
    assert rows[1].seconds == pytest.approx(0.5)
    assert rows[8].reason == "not tried: of steps this long, a call is less than a hundredth"


def test_what_fails_later_has_a_reason() -> None:
    turns: list[int] = []

    def make(way: Way) -> Run:
        def run(steps: int) -> None:
            turns.append(steps)
            if way.mode == "bad" and len(turns) > 5:
                raise RuntimeError("out of memory")

        return run

    rows = {x.mode: x for x in time_each([Way("b", "bad"), Way("b", "good")], make, 5.0).candidates}
    assert (rows["bad"].seconds, rows["bad"].reason) == (None, "RuntimeError: out of memory")
    assert rows["good"].seconds is not None


def test_of_real_work_the_lighter_is_found() -> None:
    matrix = np.random.default_rng(0).normal(size=(64, 64))

    def make(way: Way) -> Run:
        times = {"light": 20, "heavy": 27}[way.mode]
        return lambda steps: [matrix @ matrix for _ in range(times * steps)]

    best = time_each([Way("b", "heavy"), Way("b", "light")], make, 10.0).best
    assert best is not None
    assert best.mode == "light"


def test_what_is_too_slow_or_fails_has_a_reason() -> None:
    work = Work(bad=RuntimeError("no\nsuch kernel"), eager=(0.0, 0.5), default=(20.0, 0.1), max=(1.0, 0.01))
    rows = {x.mode: x for x in work.timed(10.0).candidates}
    assert rows["eager"].seconds == pytest.approx(0.5)
    assert (rows["bad"].seconds, rows["bad"].reason) == (None, "RuntimeError: no such kernel")
    assert rows["default"].reason == "the first step took 20.1 s, more than was left"
    assert rows["max"].reason == "not tried: 10 s were used up"
    assert work.steps["max"] == 0


def test_a_compiler_that_gave_up_is_a_failure() -> None:
    def make(way: Way) -> Run:
        import warnings

        return lambda steps: warnings.warn("compile: step: failed", CompileWarning, stacklevel=2)

    (row,) = time_each([Way("b", "default")], make, 1.0).candidates
    assert row.reason.startswith("CompileWarning: compile: step: failed")


def test_nothing_that_runs_has_no_best_and_still_a_table() -> None:
    found = Work(eager=RuntimeError("[bold]none[/bold]")).timed(1.0)
    assert found.best is None
    assert "RuntimeError: [bold]none[/bold]" in str(found)


# ---- tune


def fake_search(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    calls: list[Any] = []

    def fake(names: Any, make: Any, budget: float) -> Tuning:
        calls.append(names)
        return Tuning(tuple(Candidate(x.backend, x.mode, 1.0 + i) for i, x in enumerate(names)))

    monkeypatch.setattr(tuner, "time_each", fake)
    return calls


def test_a_decision_is_kept_for_the_same_question_only(
    backend: str, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = fake_search(monkeypatch)

    def ask(build: Any = mlp, batch: Any = BATCH, **settings: Any) -> Tuning:
        return unifw.tune(build, batch, F.cross_entropy, backends=[backend], **settings)

    first, second = ask(), ask()
    assert (len(calls), first.cached, second.cached, first.candidates) == (1, False, True, second.candidates)
    assert "from the cache" in capsys.readouterr().out
    ask(lambda: nn.Sequential(nn.Linear(4, 9), nn.ReLU(), nn.Linear(9, 2)))
    ask(lambda: nn.Sequential(nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2)))
    ask(batch=(X[:4], Y[:4]))
    ask(optimizer=lambda model: optim.SGD(model, lr=0.1))
    ask(precision="mixed_bfloat16")
    monkeypatch.setenv("OMP_NUM_THREADS", "77")
    ask()
    assert len(calls) == 7
    assert not ask(refresh=True).cached
    assert len(json.loads(cache.read_text())) == 7
    cache.write_text("{ not JSON")
    assert not ask(progress=False).cached


def test_random_streams_go_on_as_before(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    short = lambda known, sizes: [x for x in ways_of(known, sizes) if x.mode == "eager"]  # noqa: E731
    monkeypatch.setattr(tuner, "ways_of", short)

    def drawn() -> list[Any]:
        return [nn.Linear(2, 2).weight.tolist(), unifw.random.normal((4,)).tolist()]

    unifw.seed(3)
    drawn()
    wanted = drawn()
    unifw.seed(3)
    drawn()
    found = unifw.tune(noisy, BATCH, F.cross_entropy, backends=[backend], budget=0.5, progress=False)
    assert found.candidates[0].first is not None  # steps were taken
    assert drawn() == wanted


def test_what_is_found_trains_a_new_model(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    fake_search(monkeypatch)
    for cached in (False, True):
        found = unifw.tune(mlp, BATCH, F.cross_entropy, lambda model: optim.SGD(model, lr=0.1), backends=[backend])
        trainer = found.trainer(progress=False, clip_norm=1.0)
        assert found.cached == cached
        assert found.best is not None
        assert (trainer.model.backend.name, trainer.compile) == (backend, found.best.mode)
        history = trainer.fit(unifw.data.DataLoader(unifw.data.ArrayDataset(X, Y), 8), epochs=9)
        assert history[-1]["loss"] < history[0]["loss"]


def test_a_question_that_cannot_be_asked_is_explained(backend: str) -> None:
    with pytest.raises(OperandError, match=r"got a Sequential as build_model; expected a function"):
        unifw.tune(mlp(), BATCH, F.cross_entropy)  # type: ignore[arg-type]
    for batch in ({"x": X, "y": Y}, X, (X,)):
        with pytest.raises(OperandError, match=r"as batch; expected a tuple of one batch's inputs and targets"):
            unifw.tune(mlp, batch, F.cross_entropy)  # type: ignore[arg-type]


def test_the_table_gives_each_reason_once() -> None:
    rows = [Candidate("a", mode, reason="OSError: full") for mode in ("eager", "default")]
    shown = str(Tuning((Candidate("a", "max", 1.0), *rows)))
    assert shown.count("OSError: full") == 1
    assert shown.count("note 1") == 2


def test_the_file_is_in_the_users_folder_for_caches(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    assert decisions.cache_file() == tmp_path / "unifw" / "tuning.json"
    monkeypatch.delenv("XDG_CACHE_HOME")
    monkeypatch.setattr("sys.platform", "darwin")
    assert decisions.cache_file() == Path.home() / "Library" / "Caches" / "unifw" / "tuning.json"
    monkeypatch.setattr("sys.platform", "linux")
    assert decisions.cache_file() == Path.home() / ".cache" / "unifw" / "tuning.json"


def test_a_file_that_cannot_be_written_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    decisions.keep("key", Tuning(()))
    assert decisions.load("key") is None


def test_one_real_search_with_a_backend_that_has_no_gradients(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The toy plugin has no layers; the others are timed in their own step and eagerly, as those compile fast."""
    short = lambda known, sizes: [x for x in ways_of(known, sizes) if x.mode in (known.step, "eager")]  # noqa: E731
    monkeypatch.setattr(tuner, "ways_of", short)
    found = unifw.tune(mlp, BATCH, F.cross_entropy, backends=["toy", backend], budget=20.0, progress=False)
    assert found.best is not None
    assert found.best.backend == backend
    timed = {(x.backend, x.mode, x.steps_per_call) for x in found.candidates if x.seconds is not None}
    assert timed == set(short(unifw.get_backend().info, (1, 8)))
    toy = next(x for x in found.candidates if x.backend == "toy")
    assert "Error" in toy.reason
    assert found.candidates[-1] is toy
    assert "toy" in str(found)
