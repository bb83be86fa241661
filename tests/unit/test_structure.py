"""A Module's parameters are found once, and every change of them is noticed."""

from __future__ import annotations

import copy
import gc
import pickle
import weakref
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.autodiff.structure import trainable


class Model(nn.Module):
    def __init__(self) -> None:
        self.first = nn.Linear(2, 2)
        self.blocks = [nn.Linear(2, 2), {"inner": nn.Linear(2, 2)}]
        self.last = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
        self.scale = None

    def forward(self, x: Any) -> Any:
        for layer in (self.first, self.blocks[0], self.last):
            x = layer(x)  # type: ignore[operator]
        return x if self.scale is None else x * self.scale


def names(model: Any) -> list[str]:
    return list(unifw.grad(lambda model: unifw.sum(model(unifw.ones((1, 2)))))(model))


def freeze(model: Any) -> None:
    model.blocks[1]["inner"].bias.trainable = False


CHANGES: dict[str, Callable[[Any], Any]] = {
    "added": lambda m: setattr(m, "scale", unifw.Parameter([1.0, 2.0])),
    "added-deep": lambda m: setattr(m.last[0], "gate", unifw.Parameter([1.0])),
    "removed": lambda m: delattr(m, "first") or setattr(m, "first", nn.ReLU()),
    "renamed": lambda m: (setattr(m, "gate", unifw.Parameter([1.0])), vars(m).update(door=vars(m).pop("gate"))),
    "replaced": lambda m: setattr(m.first, "bias", None),
    "appended": lambda m: m.blocks.append(nn.Linear(2, 2)),
    "exchanged": lambda m: m.blocks.__setitem__(0, nn.Linear(2, 2, bias=False)),
    "in-a-dict": lambda m: m.blocks[1].update(more=nn.Linear(2, 2)),
    "popped": lambda m: m.blocks.pop(),
    "frozen": freeze,
    "all-frozen-but-one": lambda m: (m.freeze(), m.last.unfreeze()),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_changes_are_noticed(backend: str, change: Callable[[Any], Any]) -> None:
    model = Model()
    assert names(model) == [name for name, _ in model.named_parameters()]
    change(model)
    assert names(model) == [name for name, parameter in model.named_parameters() if parameter.trainable]


def test_nothing_changed_means_no_walk(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model = Model()
    found = trainable(model)
    monkeypatch.setattr(Model, "named_parameters", lambda self: pytest.fail("walked again"))
    assert trainable(model)[0] is found[0]


def test_moved_parameters_are_the_new_ones(backend: str) -> None:
    model = nn.Linear(2, 1)
    assert unifw.grad(lambda m: unifw.sum(m(unifw.ones((1, 2)))))(model)["weight"].dtype is unifw.float32
    model.to(unifw.float64)
    gradient = unifw.grad(lambda m: unifw.sum(m(unifw.ones((1, 2), dtype=unifw.float64)) ** 2))(model)
    assert gradient["weight"].dtype is unifw.float64
    model.weight.assign([[3.0, 4.0]])
    model.bias.assign([0.0])
    gradient = unifw.grad(lambda m: unifw.sum(m(unifw.ones((1, 2), dtype=unifw.float64)) ** 2))(model)
    assert gradient["weight"].tolist() == [[14.0, 14.0]]


def test_copies_find_their_own(backend: str) -> None:
    model = Model()
    names(model)
    for twin in (copy.deepcopy(model), pickle.loads(pickle.dumps(nn.Sequential(*model.last)))):
        before = [parameter.numpy() for parameter in twin.parameters()]
        gradient = unifw.grad(lambda m: sum((unifw.sum(p * p) for p in m.parameters()), unifw.zeros(())))(twin)
        for kept, found in zip(before, gradient.values(), strict=True):
            np.testing.assert_allclose(found.numpy(), 2 * kept, rtol=1e-6)


def test_a_model_is_freed(backend: str) -> None:
    model = Model()
    model.first.parent = model  # type: ignore[attr-defined]
    names(model)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
