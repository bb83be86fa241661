"""What is drawn on the host has the same bits on both backends, dropout included."""

from __future__ import annotations

from typing import Any

import unifw
from unifw import nn, random


def drawn() -> list[Any]:
    unifw.seed(9)
    generator = random.Generator(4, host=True)
    with random.host_mode():
        tensors = [
            random.normal((3, 2), 1.0, 2.0),
            random.uniform((4,), -1.0, 1.0, dtype=unifw.float64),
            random.integers(0, 1000, (5,)),
            random.bernoulli((8,), 0.3),
            random.truncated_normal((9,)),
            random.permutation(7),
            random.choice(5, (3,), replace=False),
            nn.Dropout(0.4)(unifw.ones((4, 4))),
            generator.normal((3,)),
        ]
    return [x.tolist() for x in tensors]


def test_both_backends_draw_the_same_bits() -> None:
    results = []
    for name in ("torch", "tensorflow"):
        with unifw.using_backend(name):
            results.append(drawn())
    assert results[0] == results[1]
    dropped = [value for row in results[0][7] for value in row]
    assert set(dropped) == {0.0, dropped[dropped.index(max(dropped))]}


def test_training_with_dropout_agrees_in_host_mode() -> None:
    losses = []
    for name in ("torch", "tensorflow"):
        with unifw.using_backend(name), random.host_mode():
            unifw.seed(2)
            model = nn.Sequential(nn.Linear(4, 8), nn.Dropout(0.5), nn.ReLU(), nn.Linear(8, 2)).to(unifw.float64)
            optimizer = unifw.optim.SGD(model, lr=0.1, momentum=0.9)
            x, y = random.normal((16, 4), dtype=unifw.float64), random.integers(0, 2, (16,))
            step = unifw.value_and_grad(lambda m, x=x, y=y: nn.functional.cross_entropy(m(x), y))
            values = []
            for _ in range(10):
                value, gradients = step(model)
                optimizer.step(gradients)
                values.append(value.item())
        losses.append(values)
    assert max(abs(a - b) for a, b in zip(*losses, strict=True)) < 1e-12
