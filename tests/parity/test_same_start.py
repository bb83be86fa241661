"""One seed: the same weights to the bit, the same batches, and training that stays together."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from sklearn.datasets import load_digits

import unifw
from unifw import nn
from unifw.data import ArrayDataset, DataLoader, random_split

BOTH = ("torch", "tensorflow")
STEPS = 50
RULES: dict[str, Callable[[nn.Module], unifw.optim.Optimizer]] = {
    "sgd": lambda model: unifw.optim.SGD(model, lr=0.01, momentum=0.9, weight_decay=1e-4),
    "adamw": lambda model: unifw.optim.AdamW(model, lr=unifw.optim.schedules.cosine(3e-3, STEPS)),
}


def build() -> nn.Module:
    return nn.Sequential(
        nn.Conv2d(1, 8, 3, padding="same"),
        nn.BatchNorm2d(8),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Dropout(0.0),
        nn.Flatten(),
        nn.Linear(128, 10),
    )


def digits() -> ArrayDataset:
    data = load_digits()
    return ArrayDataset((data.images / 16).astype(np.float32)[..., None], data.target)


def losses(backend: str, rule: str, dtype: unifw.DType) -> list[float]:
    """The loss of each of the first steps on a seeded shuffle of the digits."""
    with unifw.using_backend(backend):
        unifw.seed(3)
        training, _ = random_split(digits(), [0.95, 0.05])
        model = build().to(dtype)
        loader = DataLoader(training, batch_size=32, shuffle=True, drop_last=True)
        trainer = unifw.Trainer(model, RULES[rule](model), nn.functional.cross_entropy, progress=False)
        batches = [(images.to(dtype), labels) for images, labels in loader][:STEPS]
        return [trainer.fit([batch])[0]["loss"] for batch in batches]


def test_initial_weights_have_the_same_bits() -> None:
    states = []
    for name in BOTH:
        with unifw.using_backend(name):
            unifw.seed(7)
            states.append(build().state_dict())
    first, second = states
    assert list(first) == list(second)
    for name in first:
        assert first[name].numpy().tobytes() == second[name].numpy().tobytes(), name


def test_another_seed_gives_other_weights(backend: str) -> None:
    unifw.seed(1)
    first = nn.Linear(4, 4).weight.numpy()
    unifw.seed(2)
    assert not np.array_equal(first, nn.Linear(4, 4).weight.numpy())


def test_batches_are_identical() -> None:
    seen = []
    for name in BOTH:
        with unifw.using_backend(name):
            unifw.seed(7)
            training, held_out = random_split(digits(), [0.75, 0.25])
            loader = DataLoader(training, batch_size=100, shuffle=True)
            epochs = [[x.numpy() for batch in loader for x in batch] for _ in range(2)]
            seen.append([*epochs[0], *epochs[1], *held_out.arrays])
            assert not np.array_equal(epochs[0][1], epochs[1][1]), "each epoch has an order of its own"
    for first, second in zip(*seen, strict=True):
        assert first.tobytes() == second.tobytes()


@pytest.mark.parametrize("rule", RULES)
def test_fifty_steps_stay_together(rule: str) -> None:
    first, second = (np.array(losses(name, rule, unifw.float32)) for name in BOTH)
    assert first[-5:].mean() < 0.7 * first[0], "training learns something"
    np.testing.assert_allclose(first, second, rtol=1e-4)


@pytest.mark.parametrize("rule", RULES)
def test_fifty_steps_in_float64_agree_to_rounding(rule: str) -> None:
    first, second = (np.array(losses(name, rule, unifw.float64)) for name in BOTH)
    np.testing.assert_allclose(first, second, rtol=1e-12)
