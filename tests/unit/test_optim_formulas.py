"""Every optimiser, schedule and initialiser against the formula of its paper in NumPy; and that none is left out."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy import stats

import unifw
from unifw import optim
from unifw.nn import init
from unifw.optim import schedules

Array = Any
State = dict[str, Array]
Rule = Callable[[Array, Array, State, float, int], Array]
STEPS = 20
RATE = schedules.cosine(0.1, STEPS, final=0.01)
TOLERANCE = {"float64": 1e-12, "float32": 1e-6}
FIRST, SECOND, EPS = 0.9, 0.999, 1e-8


def moments(g: Array, s: State, t: int) -> tuple[Array, Array]:
    """Adam's running means without their bias."""
    s["m"] = FIRST * s.get("m", 0 * g) + (1 - FIRST) * g
    s["v"] = SECOND * s.get("v", 0 * g) + (1 - SECOND) * g**2
    return s["m"] / (1 - FIRST**t), s["v"] / (1 - SECOND**t)


def sgd(p: Array, g: Array, s: State, lr: float, t: int) -> Array:
    s["b"] = 0.9 * s.get("b", 0 * g) + g
    return p - lr * s["b"]


def adam(p: Array, g: Array, s: State, lr: float, t: int) -> Array:
    m, v = moments(g, s, t)
    return p - lr * m / (np.sqrt(v) + EPS)


def adamw(p: Array, g: Array, s: State, lr: float, t: int) -> Array:
    return adam(p * (1 - lr * 0.1), g, s, lr, t)


def nadam(p: Array, g: Array, s: State, lr: float, t: int) -> Array:
    _, v = moments(g, s, t)
    now, coming = (FIRST * (1 - 0.96 ** (i * 4e-3) / 2) for i in (t, t + 1))
    s["product"] = s.get("product", 1.0) * now
    m = coming * s["m"] / (1 - s["product"] * coming) + (1 - now) * g / (1 - s["product"])
    return p - lr * m / (np.sqrt(v) + EPS)


def radam(p: Array, g: Array, s: State, lr: float, t: int) -> Array:
    m, _ = moments(g, s, t)
    limit = 2 / (1 - SECOND) - 1
    length = limit - 2 * t * SECOND**t / (1 - SECOND**t)
    if length <= 5:
        return p - lr * m
    r = np.sqrt((length - 4) * (length - 2) * limit / ((limit - 4) * (limit - 2) * length))
    return p - lr * m * r * np.sqrt(1 - SECOND**t) / (np.sqrt(s["v"]) + EPS)


def adamax(p: Array, g: Array, s: State, lr: float, t: int) -> Array:
    m, _ = moments(g, s, t)
    s["u"] = np.maximum(SECOND * s.get("u", 0 * g), abs(g) + EPS)
    return p - lr * m / s["u"]


def lamb(p: Array, g: Array, s: State, lr: float, t: int) -> Array:
    m, v = moments(g, s, t)
    r = m / (np.sqrt(v) + 1e-6) + 0.01 * p
    return p - lr * np.linalg.norm(p) / np.linalg.norm(r) * r


def lion(p: Array, g: Array, s: State, lr: float, t: int) -> Array:
    m = s.get("m", 0 * g)
    s["m"] = 0.99 * m + 0.01 * g
    return p - lr * np.sign(0.9 * m + 0.1 * g)


def adagrad(p: Array, g: Array, s: State, lr: float, t: int) -> Array:
    s["sum"] = s.get("sum", 0.5) + g**2
    return p - lr / (1 + (t - 1) * 0.1) * g / (np.sqrt(s["sum"]) + 1e-10)


def adadelta(p: Array, g: Array, s: State, lr: float, t: int) -> Array:
    s["v"] = 0.9 * s.get("v", 0 * g) + 0.1 * g**2
    delta = np.sqrt(s.get("u", 0 * g) + 1e-6) / np.sqrt(s["v"] + 1e-6) * g
    s["u"] = 0.9 * s.get("u", 0 * g) + 0.1 * delta**2
    return p - lr * delta


def rmsprop(p: Array, g: Array, s: State, lr: float, t: int) -> Array:
    s["v"] = 0.99 * s.get("v", 0 * g) + 0.01 * g**2
    s["m"] = 0.99 * s.get("m", 0 * g) + 0.01 * g
    s["b"] = 0.5 * s.get("b", 0 * g) + g / (np.sqrt(s["v"] - s["m"] ** 2) + 1e-2)
    return p - lr * s["b"]


RULES: dict[str, tuple[Rule, dict[str, Any]]] = {
    "SGD": (sgd, {"momentum": 0.9}), "Adam": (adam, {}), "AdamW": (adamw, {"weight_decay": 0.1}), "NAdam": (nadam, {}),
    "RAdam": (radam, {}), "Adamax": (adamax, {}), "LAMB": (lamb, {}), "Lion": (lion, {}),
    "Adagrad": (adagrad, {"lr_decay": 0.1, "initial_accumulator_value": 0.5}), "Adadelta": (adadelta, {}),
    "RMSprop": (rmsprop, {"centered": True, "momentum": 0.5, "eps": 1e-2}),
}  # fmt: skip


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("up", [False, True])
@pytest.mark.parametrize("name", RULES)
def test_twenty_steps_at_changing_rates(
    backend: str, rng: np.random.Generator, name: str, up: bool, dtype: str
) -> None:
    (rule, options), state = RULES[name], {}
    p, *gradients = rng.standard_normal((STEPS + 1, 4, 3)).astype(dtype).astype("float64")
    parameter = unifw.Parameter(unifw.asarray(p, dtype=getattr(unifw, dtype)))
    optimizer = getattr(optim, name)({"weight": parameter}, lr=RATE, maximize=up, **options)
    for step, g in enumerate(gradients):
        optimizer.step({"weight": unifw.asarray(g, dtype=getattr(unifw, dtype))})
        p = rule(p, -g if up else g, state, RATE(step), step + 1)
    np.testing.assert_allclose(
        parameter.numpy(), p, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype] * np.abs(p).max()
    )  # fmt: skip


COURSES: dict[str, tuple[Callable[[int], float], list[float]]] = {
    "constant": (schedules.constant(0.3), [0.3] * 6),
    "step": (schedules.step(1.0, 2, 0.5), [1, 1, 0.5, 0.5, 0.25, 0.25]),
    "multistep": (schedules.multistep(1.0, [1, 4], 0.5), [1, 0.5, 0.5, 0.5, 0.25, 0.25]),
    "piecewise": (schedules.piecewise([2, 4], [1.0, 2.0, 3.0]), [1, 1, 2, 2, 3, 3]),
    "exponential": (schedules.exponential(1.0, 0.5), [1, 0.5, 0.25, 0.125, 0.0625, 0.03125]),
    "polynomial": (schedules.polynomial(1.0, 4, 2.0), [1, 0.5625, 0.25, 0.0625, 0, 0]),
    "linear": (schedules.linear(1.0, 4, 0.2, 1.0), [0.2, 0.4, 0.6, 0.8, 1, 1]),
    "cosine": (schedules.cosine(1.0, 4), [1, 0.5 + 0.5**1.5, 0.5, 0.5 - 0.5**1.5, 0, 0]),
    "cosine_restarts": (schedules.cosine_restarts(1.0, 2), [1, 0.5, 1, 0.5, 1, 0.5]),
    "one_cycle": (schedules.one_cycle(1.0, 5, 0.5, "linear", 10.0, 10.0), [0.1, 0.7, 0.802, 0.406, 0.01]),
    "warmup": (schedules.warmup(1.0, 4), [0, 0.25, 0.5, 0.75, 1, 1]),
    "sequential": (
        schedules.sequential([schedules.constant(2.0), schedules.exponential(1.0, 0.5)], [3]), [2, 2, 2, 1, 0.5, 0.25],
    ),
    "chained": (schedules.chained(2.0, schedules.exponential(1.0, 0.5), schedules.constant(3.0)), [6, 3, 1.5, 0.75]),
}  # fmt: skip


@pytest.mark.parametrize(("schedule", "wanted"), COURSES.values(), ids=COURSES)
def test_rates_by_hand(schedule: Callable[[int], float], wanted: list[float]) -> None:
    np.testing.assert_allclose([schedule(step) for step in range(len(wanted))], wanted, rtol=1e-12, atol=1e-15)


def test_a_plateau_by_hand() -> None:
    """The rate falls once the loss has not for more than `patience` values."""
    schedule, rates = schedules.ReduceOnPlateau(1.0, factor=0.5, patience=1), []
    for loss in (3.0, 2.0, 2.5, 2.5, 2.5, 2.5):
        schedule.update(loss)
        rates.append(schedule(0))
    assert rates == [1.0, 1.0, 1.0, 0.5, 0.5, 0.25]


# A weight (60, 50, 3, 3) has 450 inputs and 540 outputs of each element.
SHAPE, FAN_IN, FAN_OUT = (60, 50, 3, 3), 450, 540
BOUND = np.sqrt(6 / (FAN_IN + FAN_OUT))
DRAWN: dict[str, tuple[dict[str, Any], Any]] = {
    "uniform_": ({"a": -1.0, "b": 3.0}, stats.uniform(-1, 4)),
    "normal_": ({"mean": 1.0, "std": 0.5}, stats.norm(1, 0.5)),
    "trunc_normal_": ({"a": -1.0, "b": 0.5}, stats.truncnorm(-1, 0.5)),
    "xavier_uniform_": ({"gain": 2.0}, stats.uniform(-2 * BOUND, 4 * BOUND)),
    "xavier_normal_": ({}, stats.norm(0, np.sqrt(2 / (FAN_IN + FAN_OUT)))),
    "kaiming_uniform_": ({}, stats.uniform(-np.sqrt(6 / FAN_IN), 2 * np.sqrt(6 / FAN_IN))),
    "kaiming_normal_": ({"mode": "fan_out", "nonlinearity": "relu"}, stats.norm(0, np.sqrt(2 / FAN_OUT))),
}


@pytest.mark.parametrize("name", DRAWN)
def test_draws_have_the_distribution(backend: str, name: str) -> None:
    options, distribution = DRAWN[name]
    unifw.seed(1)
    values = getattr(init, name)(unifw.Parameter(unifw.zeros(SHAPE, dtype=unifw.float64)), **options).numpy()
    assert stats.kstest(values.ravel(), distribution.cdf).pvalue > 1e-3


def filled(name: str, shape: tuple[int, ...], *args: Any) -> Array:
    return getattr(init, name)(unifw.Parameter(unifw.full(shape, 9.0)), *args).numpy()


def test_values_that_are_not_drawn_and_forms_of_those_that_are(backend: str) -> None:
    np.testing.assert_array_equal(filled("constant_", (2, 3), 4.5), np.full((2, 3), 4.5))
    np.testing.assert_array_equal(filled("ones_", (2,)), [1, 1])
    np.testing.assert_array_equal(filled("zeros_", (2,)), [0, 0])
    np.testing.assert_array_equal(filled("eye_", (2, 3)), np.eye(2, 3))
    np.testing.assert_array_equal(filled("dirac_", (2, 2, 3))[..., 1], np.eye(2))
    q = filled("orthogonal_", (3, 5), 2.0)
    np.testing.assert_allclose(q @ q.T, 4 * np.eye(3), atol=1e-6)
    assert ((filled("sparse_", (10, 4), 0.3) == 0).sum(0) == 3).all()


def test_every_optimiser_schedule_and_initialiser_is_here() -> None:
    rules = {
        name for name in dir(optim) if inspect.isclass(x := getattr(optim, name)) and issubclass(x, optim.Optimizer)
    }
    assert rules - {"Optimizer"} == RULES.keys()
    courses = {name for name in dir(schedules) if inspect.isfunction(getattr(schedules, name))}
    assert courses == COURSES.keys()
    fixed = {"constant_", "ones_", "zeros_", "eye_", "dirac_", "orthogonal_", "sparse_"}
    assert {name for name in dir(init) if name.endswith("_")} == {*DRAWN, *fixed}
