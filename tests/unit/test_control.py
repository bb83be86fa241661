"""cond, switch, while_loop, fori_loop, scan, map: eagerly and compiled, with their gradients, and their errors."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import ArgumentError, DTypeError, ExportError, OperandError, ShapeError


def tensor(*shape: int) -> unifw.Tensor:
    return unifw.asarray(np.random.default_rng(7).uniform(0.1, 1.0, shape))


class Parts:
    """A matrix and a layer that the functions below close over."""

    def __init__(self) -> None:
        self.matrix = tensor(4, 4) * 0.5
        self.layer = nn.Linear(4, 4).to(unifw.float64)


def count(x: unifw.Tensor, n: int) -> unifw.Tensor:
    """`n`, as a number that a graph does not know."""
    return unifw.sum(x * 0).to(unifw.int64) + n


FUNCTIONS: dict[str, Callable[[Parts, Any], Any]] = {
    "cond, true": lambda p, x: unifw.cond(unifw.sum(x) > 0, lambda y: unifw.tanh(p.layer(y)), lambda y: y * 2, x),
    "cond, false": lambda p, x: unifw.cond(unifw.sum(x) < 0, lambda y: p.layer(y), lambda y: y @ p.matrix, x),
    "cond, itself": lambda p, x: unifw.cond(unifw.sum(x) > 0, lambda: x, lambda: x * 2) * p.layer.weight,
    "switch": lambda p, x: unifw.switch(
        count(x, 2), [lambda y: y, lambda y: y * 2, lambda y: (y @ p.matrix) * p.layer.weight], x
    ),
    "switch, beyond": lambda p, x: unifw.switch(count(x, 9), [lambda: x, lambda: x * p.layer.bias]),
    "while": lambda p, x: unifw.while_loop(lambda s: unifw.sum(s * s) < 50, lambda s: s * 1.3 + p.layer.bias * 0.01, x),
    "while, tree": lambda p, x: unifw.while_loop(
        lambda s: s["i"] < 3, lambda s: {"i": s["i"] + 1, "x": unifw.tanh(p.layer(s["x"]))}, {"i": 0, "x": x}
    )["x"],
    "while, never": lambda p, x: unifw.while_loop(lambda s: unifw.sum(s) < 0, lambda s: s * 2, x) * p.layer.bias,
    "fori": lambda p, x: unifw.fori_loop(1, 4, lambda i, v: v + unifw.tanh(p.layer(v)) * i.to(unifw.float64), x),
    "fori, open": lambda p, x: unifw.fori_loop(0, count(x, 3), lambda i, v: v + unifw.tanh(p.layer(v)), x),
    "scan": lambda p, x: unifw.scan(lambda c, r: (unifw.tanh(p.layer(c) + r), {"y": c * r}), x[0], x)[1]["y"],
    "scan, reverse": lambda p, x: unifw.scan(lambda c, r: (c @ p.matrix + r, p.layer(c)), x[0], x, reverse=True)[1],
    "scan, length": lambda p, x: unifw.scan(lambda c, _: (unifw.tanh(p.layer(c)), None), x, length=3)[0],
    "scan, long": lambda p, x: unifw.scan(
        lambda c, r: (unifw.tanh(c @ p.matrix * 0.5 + r * p.layer.bias), c), x[0], unifw.broadcast_to(x[0], (70, 4))
    )[1],
    "map": lambda p, x: unifw.map(lambda r: unifw.tanh(p.layer(r["a"])), {"a": x}),
}  # fmt: skip


@pytest.mark.parametrize("name", FUNCTIONS)
def test_values_and_gradients_are_those_of_eager_code(backend: str, name: str) -> None:
    parts, x, function = Parts(), tensor(4, 4), FUNCTIONS[name]

    def loss(layer: Any, x: unifw.Tensor) -> unifw.Tensor:
        return unifw.sum(function(parts, x) ** 2)

    np.testing.assert_allclose(
        unifw.compile(lambda x: function(parts, x))(x).numpy(), function(parts, x).numpy(), rtol=1e-12
    )
    both = unifw.value_and_grad(loss, argnums=(0, 1))
    value, (for_layer, for_x) = both(parts.layer, x)
    compiled = unifw.compile(loss)
    for run in (unifw.compile(both), unifw.value_and_grad(compiled, argnums=(0, 1))):
        got, (got_layer, got_x) = run(parts.layer, x)
        np.testing.assert_allclose(got.item(), value.item(), rtol=1e-12)
        np.testing.assert_allclose(got_x.numpy(), for_x.numpy(), rtol=1e-10, atol=1e-12)
        for key, gradient in for_layer.items():
            np.testing.assert_allclose(got_layer[key].numpy(), gradient.numpy(), rtol=1e-10, atol=1e-12)
    alone = unifw.grad(compiled)(parts.layer, x)  # for the layer, whose tensors no argument of the loop requires
    for key, gradient in for_layer.items():
        np.testing.assert_allclose(alone[key].numpy(), gradient.numpy(), rtol=1e-10, atol=1e-12)


def test_known_values(backend: str) -> None:
    one = unifw.asarray(1.0)
    assert unifw.cond(True, lambda x: x + 1, lambda x: x, one).item() == 2.0
    assert unifw.cond(one > 3, lambda: 1, lambda: 2).item() == 2
    assert [unifw.switch(i, [lambda: 10, lambda: 20, lambda: 30]).item() for i in (-5, 0, 1, 2, 7)] == [
        10,
        10,
        20,
        30,
        30,
    ]
    assert unifw.while_loop(lambda x: x < 100, lambda x: x * 2, 3).item() == 192
    assert unifw.fori_loop(2, 6, lambda i, total: total + i, 0).item() == 14
    assert unifw.fori_loop(6, 2, lambda i, total: total + i, 5).item() == 5
    rows = unifw.asarray([[1.0, 2.0], [3.0, 4.0]])
    carry, ys = unifw.scan(lambda c, x: (c + x, (c, x * 2)), unifw.zeros(2), rows, reverse=True)
    assert (carry.tolist(), ys[0].tolist(), ys[1].tolist()) == ([4, 6], [[3, 4], [0, 0]], [[2, 4], [6, 8]])
    carry, ys = unifw.scan(lambda c, x: (c + x, c), 0.0, unifw.zeros((0,)))
    assert (carry.item(), ys.shape) == (0.0, (0,))
    assert unifw.map(lambda x: x[0] * x[1], (rows, rows)).tolist() == [[1, 4], [9, 16]]


def test_only_the_chosen_branch_runs(backend: str) -> None:
    x = unifw.asarray(0.0)
    safe = lambda x: unifw.cond(x == 0, lambda: x * 0, lambda: 1 / x)  # noqa: E731
    assert unifw.grad(unifw.compile(safe))(x).item() == 0.0
    seen: list[int] = []
    unifw.cond(x > 1, lambda: seen.append(1) or x, lambda: seen.append(2) or x)
    assert seen == [2]


@pytest.mark.parametrize("compiled", [False, True])
def test_errors_are_the_same_words(backend: str, compiled: bool) -> None:
    x = unifw.ones((2, 3))
    run = unifw.compile if compiled else (lambda function: function)
    cases: list[tuple[Callable[[Any], Any], type[Exception], str]] = [
        (lambda x: unifw.cond(x > 0, lambda: x, lambda: x), ShapeError, r"cond: got shape \(2, 3\) as the predicate"),
        (lambda x: unifw.while_loop(lambda s: s > 0, lambda s: s, x), ShapeError, "while_loop: .* as the condition"),
        (lambda x: unifw.while_loop(lambda s: unifw.sum(s) < 9, lambda s: s[0], x), ShapeError, "the start gives"),
        (lambda x: unifw.scan(lambda c, r: (c.to(unifw.float64), c), x[0], x), DTypeError, "expected one dtype"),
        (
            lambda x: unifw.scan(lambda c, r: ((c, c), c), x[0], x),
            OperandError,
            r"Tensor and a step \(Tensor, Tensor\)",
        ),
        (lambda x: unifw.scan(lambda c, r: (c, c), x[0], (x, x[0])), ShapeError, "got lengths 2, 3"),
        (lambda x: unifw.scan(lambda c, r: (c, c), x), ArgumentError, "neither xs nor length"),
        (lambda x: unifw.map(lambda r: r, unifw.sum(x)), ShapeError, "got a scalar among xs"),
        (lambda x: unifw.switch(0, []), ArgumentError, "no branches"),
    ]
    for function, error, words in cases:
        with pytest.raises(error, match=words):
            run(function)(x)


def test_branches_must_agree_in_a_graph(backend: str) -> None:
    x = unifw.ones((2, 3))
    for other, error, words in (
        (lambda: x[0], ShapeError, r"cond: .*\(2, 3\).*\(3,\)|cond: .*\(3,\).*\(2, 3\)"),
        (lambda: x.to(unifw.float64), DTypeError, "expected one dtype"),
        (lambda: (x, x), OperandError, "expected the same form of both"),
    ):
        with pytest.raises(error, match=words):
            unifw.compile(lambda x: unifw.cond(unifw.sum(x) > 0, lambda: x, other))(x)  # noqa: B023


class Choosing(nn.Module):
    """A model with every kind of control flow in it."""

    def __init__(self) -> None:
        self.layer = nn.Linear(4, 4)

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        y = unifw.cond(unifw.sum(x) > 0, lambda y: self.layer(y), lambda y: y * 2, x)
        y = unifw.switch(unifw.sum(x > 0) % 3, [lambda: y, lambda: y + 1, lambda: self.layer(y)])
        z, _ = unifw.scan(lambda c, row: (c + self.layer(row), None), unifw.zeros_like(x), unifw.stack([x, y, x]))
        return unifw.while_loop(lambda s: unifw.sum(s * s) < 50, lambda s: s * 1.3 + 0.1, z)


def test_models_with_control_flow_are_exported(backend: str, tmp_path: Path) -> None:
    model, x = Choosing(), unifw.ones((3, 4))
    formats = {"torch": ("pt2", "model.pt2"), "tensorflow": ("saved_model", "model")}
    format, name = formats[backend]
    report = unifw.export(model, tmp_path / name, format=format, inputs=x)
    assert report.max_difference < 1e-5
    served = unifw.load_artifact(tmp_path / name)
    for factor in (1.0, -1.0):  # both ways through the branches
        np.testing.assert_allclose(served(x * factor).numpy(), model(x * factor).numpy(), rtol=1e-5, atol=1e-5)


def test_torchscript_says_what_it_cannot_hold(backend: str, tmp_path: Path) -> None:
    if backend != "torch":
        return
    with pytest.raises(ExportError, match=r'TorchScript.*format="pt2"'):
        unifw.export(Choosing(), tmp_path / "model.pt", format="torchscript", inputs=unifw.ones((3, 4)))


class Writing:
    """A layer, statistics and counters that the functions below change in a branch or loop."""

    def __init__(self) -> None:
        self.layer = nn.Linear(4, 4).to(unifw.float64)
        self.norm = nn.BatchNorm1d(4).to(unifw.float64)
        self.count = unifw.Buffer(unifw.asarray(0))
        self.kept = unifw.Buffer(unifw.ones(4, dtype=unifw.float64))

    def state(self) -> list[Any]:
        return [self.count.numpy(), self.kept.numpy(), *(x.numpy() for x in self.norm.named_state().values())]

    def step(self, x: unifw.Tensor, *_: Any) -> unifw.Tensor:
        self.count.assign(self.count + 1)
        self.kept.assign(self.kept * 0.5 + unifw.mean(x, axis=0))
        return unifw.tanh(self.layer(x)) * self.kept + 0.2

    def row(self, carry: unifw.Tensor, row: unifw.Tensor) -> tuple[unifw.Tensor, unifw.Tensor]:
        self.count.assign(self.count + 1)
        self.kept.assign(self.kept * 0.5 + carry)
        return unifw.tanh(self.layer(carry) + row) * self.kept, carry + unifw.astype(self.count, unifw.float64)

    def nested(self, state: Any) -> Any:
        i, x = state
        self.count.assign(self.count + 2)
        return i + 1, unifw.cond(i % 2 == 0, lambda: unifw.tanh(self.norm(self.layer(x))), lambda: self.step(x))


CHANGING: dict[str, Callable[[Writing, Any], Any]] = {
    "cond": lambda w, x: unifw.cond(unifw.sum(x) > 0, lambda: w.norm(w.layer(x)), lambda: x),
    "cond, other": lambda w, x: unifw.cond(unifw.sum(x) < 0, lambda: w.norm(x), lambda: w.layer(x)),
    "cond, operand": lambda w, x: unifw.cond(unifw.sum(x) > 0, lambda a, y: w.step(y) * a, lambda a, y: y, w.kept, x),
    "cond, read": lambda w, x: unifw.cond(unifw.sum(x) > 0, lambda: w.layer(x) * w.kept, lambda: x) + w.step(x),
    "switch": lambda w, x: unifw.switch(count(x, 2), [lambda: x, lambda: w.norm(x), lambda: w.step(w.norm(x))]),
    "while": lambda w, x: unifw.while_loop(lambda s: unifw.sum(s) + w.count < 90, lambda s: s + w.step(s), x),
    "while, never": lambda w, x: unifw.while_loop(lambda s: unifw.sum(s) < 0, w.step, x) * w.layer.bias,
    "while, nested": lambda w, x: unifw.while_loop(lambda s: s[0] < 3, w.nested, (0, x))[1],
    "fori": lambda w, x: unifw.fori_loop(0, count(x, 3), lambda i, y: y + w.step(y), x),
    "scan": lambda w, x: unifw.scan(w.row, x[0], x, reverse=True)[1],
    "scan, long": lambda w, x: unifw.scan(w.row, x[0], unifw.broadcast_to(x[1], (70, 4)))[1],
    "no control": lambda w, x: w.step(x),
}


@pytest.mark.parametrize("name", CHANGING)
def test_what_a_branch_or_loop_assigns_is_that_of_eager_code(backend: str, name: str) -> None:
    start, x, function = Writing(), tensor(4, 4), CHANGING[name]

    def results(outside: bool, inside: bool) -> list[Any]:
        copy = deepcopy(start)
        run = unifw.compile(lambda x: function(copy, x)) if inside else (lambda x: function(copy, x))
        found = [run(x).numpy(), *copy.state()]
        both = unifw.value_and_grad(lambda layer, x: unifw.sum(run(x) ** 2), argnums=(0, 1))
        value, (for_layer, for_x) = (unifw.compile(both) if outside else both)(copy.layer, x)
        gradients = [value.numpy(), for_x.numpy(), *(g.numpy() for g in for_layer.values())]
        return [*found, *gradients, *copy.state()]

    eager = results(outside=False, inside=False)
    for compiled in (results(outside=True, inside=False), results(outside=False, inside=True)):
        for got, expected in zip(compiled, eager, strict=True):
            np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-9)


def test_assigned_values_are_known(backend: str) -> None:
    counter, total = unifw.Buffer(unifw.asarray(0)), unifw.Buffer([1.0])

    def step(x: unifw.Tensor) -> unifw.Tensor:
        counter.assign(counter + 1)
        total.assign(total * 2)
        return x * total

    function = unifw.compile(lambda x: unifw.while_loop(lambda s: unifw.sum(s) < 60, step, x))
    assert function(unifw.asarray([1.0])).tolist() == [64.0]  # 1 * 2 * 4 * 8
    assert (counter.item(), total.tolist()) == (3, [8.0])
    total.assign([1.0])
    assert unifw.grad(lambda x: unifw.sum(function(x)))(unifw.asarray([1.0])).tolist() == [64.0]
    assert (counter.item(), total.tolist()) == (6, [8.0])


def test_whole_numbers_in_what_is_differentiated(backend: str) -> None:
    rows, w = unifw.ones((70, 2)), unifw.asarray([0.5, 0.25])

    def scanned(w: unifw.Tensor) -> unifw.Tensor:
        carry, best = unifw.scan(lambda c, r: ((c[0] - 1, c[1] + w * r), unifw.argmax(c[1])), (0, w), rows)
        return unifw.sum(carry[1] * carry[0]) + unifw.sum(best)

    def chosen(w: unifw.Tensor) -> unifw.Tensor:
        y, place = unifw.cond(unifw.sum(w) > 0, lambda: (w * 3, unifw.argmin(w)), lambda: (w, unifw.argmax(w)))
        return unifw.sum(y) * place

    for function, expected in ((scanned, [-70.0 * 71] * 2), (chosen, [3.0, 3.0])):
        for run in (unifw.grad(unifw.compile(function)), unifw.compile(unifw.grad(function)), unifw.grad(function)):
            assert run(w).tolist() == expected


def test_operands_and_outputs_that_share_memory(backend: str) -> None:
    x = unifw.asarray([[1.0, 2.0], [3.0, 4.0]])
    function = lambda x: unifw.cond(unifw.sum(x) > 0, lambda a, b: (a * b).T, lambda a, b: a + b, x, x[0])  # noqa: E731
    assert unifw.compile(function)(x).tolist() == function(x).tolist() == [[1, 3], [4, 8]]


def test_a_condition_assigns_as_often_as_in_eager_code(backend: str) -> None:
    calls, step = unifw.Buffer(unifw.asarray(0)), unifw.asarray(1.5)

    def below(s: unifw.Tensor) -> unifw.Tensor:
        calls.assign(calls + 1)
        return unifw.sum(s) < 20 + calls

    def loop(x: unifw.Tensor) -> unifw.Tensor:
        return unifw.while_loop(below, lambda s: s * step, x)

    def seen(function: Callable[[Any], Any], start: float) -> tuple[list[float], int]:
        calls.assign(0)
        return function(unifw.asarray([start, 1.0])).tolist(), calls.item()

    fixed, compiled = unifw.asarray([1.0, 1.0]), unifw.compile(loop)
    constant = lambda x: loop(fixed) + x  # noqa: E731
    assert seen(unifw.compile(constant), 1.0) == seen(constant, 1.0)
    for start in (1.0, 30.0):  # a loop that runs, and one that never does
        eager = seen(loop, start)
        assert eager[1] == (8 if start == 1.0 else 1)
        assert seen(compiled, start) == eager
        total = unifw.grad(lambda x: unifw.sum(loop(x)))
        assert seen(total, start) == seen(unifw.compile(total), start)
        assert seen(unifw.grad(lambda x: unifw.sum(compiled(x))), start) == seen(total, start)
