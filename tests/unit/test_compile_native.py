"""The native compilers themselves, in a handful of graphs: they take seconds each."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn


def tensor(*shape: int) -> unifw.Tensor:
    return unifw.asarray(np.random.default_rng(3).standard_normal(shape).astype(np.float32))


def test_a_training_step_with_batch_norm_dropout_and_a_branch(backend: str) -> None:
    x, y = tensor(6, 3), tensor(6, 4)
    losses: list[list[float]] = []
    for compiles in (False, True):
        unifw.seed(1)
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm2d(4), nn.Dropout(0.5))
        rule = unifw.optim.AdamW(model, lr=0.05)

        def objective(model: Any, x: Any, y: Any) -> Any:
            out = model[2](unifw.reshape(model[1](unifw.reshape(model[0](x), (-1, 1, 1, 4))), (-1, 4)))
            return unifw.cond(unifw.mean(out) > 5, lambda: unifw.mean(out), lambda: unifw.mean((out - y) ** 2))

        def step(x: Any, y: Any) -> Any:
            value, gradients = unifw.value_and_grad(objective)(model, x, y)  # noqa: B023
            rule.step(gradients)  # noqa: B023
            return value

        run = unifw.compile(step) if compiles else step
        losses.append([run(x, y).item() for _ in range(4)])
        assert model[1].num_batches_tracked.item() == 4
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)


def test_gradients_through_a_loop_with_an_open_axis(backend: str) -> None:
    layer = nn.Linear(4, 4)

    def grow(layer: Any, x: Any) -> Any:
        return unifw.sum(unifw.while_loop(lambda s: unifw.sum(s * s) < 50, lambda s: s * 1.3 + layer.bias, x) ** 2)

    compiled = unifw.compile(grow, dynamic={"x": {0: "batch"}})
    for size in (3, 1, 5):
        x = tensor(size, 4)
        value, gradients = unifw.value_and_grad(compiled)(layer, x)
        expected, wanted = unifw.value_and_grad(grow)(layer, x)
        np.testing.assert_allclose(value.item(), expected.item(), rtol=1e-5)
        np.testing.assert_allclose(gradients["bias"].numpy(), wanted["bias"].numpy(), rtol=1e-5)
    assert compiled.trace_count == 1


@pytest.mark.parametrize("mode", ["max", "reduce-overhead", "xla"])
def test_every_mode_gives_the_same(backend: str, mode: str) -> None:
    if mode not in unifw.get_backend().info.modes:
        return
    x = tensor(8, 4)
    function = unifw.compile(lambda x: unifw.softmax(unifw.tanh(x @ x.T), axis=-1), mode=mode)
    for _ in range(2):
        np.testing.assert_allclose(function(x).numpy(), unifw.softmax(unifw.tanh(x @ x.T), axis=-1).numpy(), rtol=1e-5)
