"""Layers whose input size is found at the first call."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import ArgumentError, OperandError, ShapeError, StateDictError, UnfinishedError


class First(nn.Module):
    """The first of several outputs."""

    def __init__(self, layer: nn.Module) -> None:
        self.layer = layer

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """As the layer."""
        return self.layer(x)[0]  # type: ignore[no-any-return]


# A layer with an open size, the same one with its size, and an input.
LAYERS: dict[str, tuple[Callable[[Any], nn.Module], int, tuple[int, ...]]] = {
    "linear": (lambda size: nn.Linear(size, 3), 5, (2, 5)),
    "linear by name": (lambda size: nn.Linear(out_features=3, in_features=size, bias=False), 5, (4, 2, 5)),
    "conv": (lambda size: nn.Conv2d(size, 4, 3), 2, (1, 5, 6, 2)),
    "conv, channels first": (lambda size: nn.Conv2d(size, 4, 3, data_format="channels_first"), 2, (1, 2, 5, 6)),
    "conv, groups": (lambda size: nn.Conv2d(size, 6, 1, groups=3), 9, (1, 5, 6, 9)),
    "lstm": (lambda size: First(nn.LSTM(size, 4, num_layers=2, bidirectional=True, proj_size=2)), 3, (2, 5, 3)),
    "gru": (lambda size: First(nn.GRU(size, 4, batch_first=False)), 3, (5, 2, 3)),
    "cell": (lambda size: nn.GRUCell(size, 4), 3, (2, 3)),
    "norm": (lambda size: nn.BatchNorm2d(size), 3, (2, 4, 4, 3)),
    "layer norm": (lambda size: nn.LayerNorm(size), 3, (2, 4, 3)),
    "group norm": (lambda size: nn.GroupNorm(2, size), 6, (2, 4, 4, 6)),
    "group norm, channels first": (lambda size: nn.GroupNorm(2, size, data_format="channels_first"), 6, (2, 6, 4)),
}


@pytest.mark.parametrize("name", LAYERS)
def test_the_first_call_makes_the_layer_that_its_size_would_have_made(backend: str, name: str) -> None:
    build, size, shape = LAYERS[name]
    x = unifw.asarray(np.random.default_rng(0).normal(size=shape), dtype=unifw.float32)
    unifw.seed(3)
    wanted = build(size)
    unifw.seed(3)
    layer = build(None)
    np.testing.assert_array_equal(layer(x).numpy(), wanted(x).numpy())
    assert type(layer) is type(wanted)
    assert repr(layer) == repr(wanted)
    assert {name: x.tolist() for name, x in layer.state_dict().items()} == {
        name: x.tolist() for name, x in wanted.state_dict().items()
    }
    assert layer.backend.name == backend


@pytest.mark.parametrize("name", LAYERS)
def test_a_state_dict_gives_the_size(backend: str, name: str) -> None:
    build, size, _ = LAYERS[name]
    source, model = nn.Sequential(build(size)), nn.Sequential(build(None))
    model.load_state_dict(source.state_dict())
    assert {name: x.tolist() for name, x in model.state_dict().items()} == {
        name: x.tolist() for name, x in source.state_dict().items()
    }


def test_a_state_dict_that_does_not_fit_leaves_the_layer_waiting(backend: str) -> None:
    model = nn.Sequential(nn.Linear(None, 3), nn.Linear(3, 2))
    state = nn.Sequential(nn.Linear(5, 3), nn.Linear(4, 2)).state_dict()
    with pytest.raises(StateDictError, match=r"misshapen: 1\.weight"):
        model.load_state_dict(state)
    assert model[0].in_features is None
    with pytest.raises(UnfinishedError, match="the layer 0 is Linear"):  # nothing to take the size from
        model.load_state_dict({"1.weight": state["1.weight"]}, strict=False)
    assert model(unifw.ones((1, 7))).shape == (1, 2)


USES: dict[str, Callable[[nn.Module], Any]] = {
    "parameters": lambda model: list(model.parameters()),
    "buffers": lambda model: list(model.buffers()),
    "state_dict": lambda model: model.state_dict(),
    "freeze": lambda model: model.freeze(),
    "to": lambda model: model.to(unifw.float64),
    "optimiser": lambda model: unifw.optim.SGD(model, lr=0.1),
    "gradient": lambda model: unifw.grad(lambda model: unifw.sum(model(unifw.ones((1, 2)))))(model),
}


@pytest.mark.parametrize("use", USES)
def test_what_needs_the_parameters_says_to_call_the_model_first(backend: str, use: str) -> None:
    model = nn.Sequential(nn.ReLU(), nn.Sequential(nn.Linear(None, 3)))
    with pytest.raises(UnfinishedError, match=r"layer 1\.0 is Linear\(in_features=None, out_features=3.*model\(x\)"):
        USES[use](model)


def test_the_first_call_of_a_compiled_model_finishes_its_layers(backend: str) -> None:
    model, x = unifw.compile(nn.Sequential(nn.ReLU(), nn.Linear(None, 3))), unifw.ones((1, 2))
    first = model(x)
    assert (first.shape, model.trace_count) == ((1, 3), 0)
    np.testing.assert_allclose(model(x).numpy(), first.numpy(), rtol=1e-6)
    assert model.trace_count == 1
    waiting = nn.Linear(None, 3)
    with pytest.raises(UnfinishedError, match=r"model\(x\)"):
        unifw.compile(lambda x: waiting.state_dict()["weight"] + x)(x)


def test_it_shows_what_it_knows(backend: str) -> None:
    layer = nn.Conv2d(None, 4, 3)
    assert "in_channels=None, out_channels=4" in repr(layer)
    assert "weight (4, None, 3, 3)" in nn.Sequential(layer).summary()
    assert (layer.in_channels, layer.out_channels, hasattr(layer, "weight")) == (None, 4, False)
    with pytest.raises(AttributeError, match="no attribute 'weight' yet"):
        _ = layer.weight


def test_construction_draws_nothing_and_refuses_bad_arguments_at_once(backend: str) -> None:
    unifw.seed(0)
    wanted = nn.Linear(2, 2).weight.tolist()
    unifw.seed(0)
    waiting = nn.Linear(None, 5)
    waiting.__repr__(), nn.Sequential(waiting).summary()
    assert nn.Linear(2, 2).weight.tolist() == wanted
    with pytest.raises(ArgumentError, match="out_features: got -1"):
        nn.Linear(None, -1)
    with pytest.raises(ArgumentError, match=r"got 2 input and 3 output channels for 2 groups"):
        nn.Conv2d(None, 3, 1, groups=2)
    with pytest.raises(TypeError, match="colour"):
        nn.Linear(None, 2, colour=3)  # type: ignore[call-arg]


def test_a_call_that_fails_leaves_it_waiting(backend: str) -> None:
    layer = nn.Conv2d(None, 4, 1, groups=2)
    with pytest.raises(ArgumentError, match="got 3 input"):
        layer(unifw.ones((1, 2, 2, 3)))
    with pytest.raises(OperandError, match="expected a Tensor"):
        layer(3.0)
    with pytest.raises(OperandError, match="expected a Tensor"):
        layer()
    with pytest.raises(UnfinishedError):
        layer(unifw.ones(()))
    assert layer(unifw.ones((1, 2, 2, 4))).shape == (1, 2, 2, 4)
    with pytest.raises(ShapeError):
        layer(unifw.ones((1, 2, 2, 6)))


@pytest.mark.parametrize(
    "way", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["copy", "pickle"]
)
def test_a_copy_waits_for_itself(backend: str, way: Any) -> None:
    layer = nn.Sequential(nn.Linear(None, 2)).eval()
    twin = way(layer)
    layer(unifw.ones((1, 3)))
    assert repr(twin[0]) == "Linear(in_features=None, out_features=2, bias=True)"
    assert not twin[0].training
    assert twin(unifw.ones((1, 4))).shape == (1, 2)
    assert layer[0].weight.shape == (2, 3)


class Scaled(nn.Linear):
    """A layer of the user's on one that waits: what is assigned in the meantime stays."""

    def __init__(self) -> None:
        self.before = unifw.Parameter([3.0])
        super().__init__(None, 2)
        self.bias = None
        self.scale = unifw.Parameter([2.0])

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """Scaled twice."""
        return super().forward(x) * self.scale * self.before


def test_a_subclass_may_wait(backend: str) -> None:
    layer = Scaled()
    held = layer.scale
    layer.weight_of_loss = 4
    y = layer(unifw.ones((1, 5)))
    np.testing.assert_allclose(y.numpy(), 6 * layer.weight.numpy().sum(1)[None], rtol=1e-6)
    assert layer.scale is held
    assert (type(layer), layer.weight_of_loss, sorted(layer.state_dict())) == (Scaled, 4, ["before", "scale", "weight"])


class Own(nn.Module, lazy="features"):
    """A layer of the user's that waits by the same means."""

    def __init__(self, features: int | None, gain: float = 1.0) -> None:
        self.scale = unifw.Parameter(unifw.full((features,), gain))  # type: ignore[arg-type]

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(..., features) to the same shape."""
        return x * self.scale


def test_users_layers_wait_by_the_same_means(backend: str) -> None:
    model = nn.Sequential(Own(None, gain=2.0))
    assert model(unifw.ones((2, 3))).tolist() == [[2.0] * 3] * 2
    assert model[0].scale.shape == (3,)


def test_a_hook_set_before_the_first_call_runs_once(backend: str) -> None:
    layer = nn.Linear(None, 2)
    seen: list[Any] = []
    layer.register_forward_hook(lambda module, args, output: seen.append(output.shape))
    layer(unifw.ones((1, 3)))
    layer(unifw.ones((4, 3)))
    assert seen == [(1, 2), (4, 2)]
    assert layer.weight.shape == (2, 3)
