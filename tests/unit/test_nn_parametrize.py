"""Parametrisations: computed parameters, weight norm and spectral norm."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import ArgumentError, OperandError, ShapeError, UnfinishedError
from unifw.nn.parametrizations import spectral_norm, weight_norm
from unifw.nn.parametrize import cached, is_parametrized, register_parametrization, remove_parametrizations


class Positive(nn.Module):
    """exp of the original."""

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """Any shape to the same shape."""
        return unifw.exp(x)

    def right_inverse(self, x: unifw.Tensor) -> unifw.Tensor:
        """The logarithm."""
        return unifw.log(x)


class Doubled(nn.Module):
    """Twice the original; has no inverse, and counts its runs."""

    def __init__(self) -> None:
        self.runs = [0]

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """Any shape to the same shape."""
        self.runs[0] += 1
        return x * 2


def positive_layer() -> nn.Linear:
    layer = nn.Linear(2, 1, bias=False)
    layer.weight = unifw.Parameter([[1.0, 4.0]])
    return layer


def test_the_value_is_computed_and_the_original_is_trained(backend: str) -> None:
    layer, x = positive_layer(), unifw.asarray([[1.0, 2.0]])
    assert register_parametrization(layer, "weight", Positive()) is layer
    assert isinstance(layer, nn.Linear)
    np.testing.assert_allclose(layer(x).item(), 9.0, rtol=1e-6)
    assert list(layer.state_dict()) == ["parametrizations.weight.original"]
    gradients = unifw.grad(lambda layer: unifw.sum(layer(x)))(layer)  # d exp(w) x / d w = exp(w) x
    np.testing.assert_allclose(gradients["parametrizations.weight.original"].numpy(), [[1.0, 8.0]], rtol=1e-6)
    unifw.optim.SGD(layer, lr=0.1).step(gradients)
    np.testing.assert_allclose(layer.weight.numpy(), np.exp(np.log([[1.0, 4.0]]) - [[0.1, 0.8]]), rtol=1e-6)


def test_assigning_sets_the_original(backend: str) -> None:
    layer = register_parametrization(positive_layer(), "weight", Positive())
    layer.weight = unifw.asarray([[2.0, 3.0]])
    np.testing.assert_allclose(layer.weight.numpy(), [[2.0, 3.0]], rtol=1e-6)
    assert isinstance(layer.parametrizations.weight.original, unifw.Parameter)
    layer.bias = None
    assert layer.bias is None


def test_two_are_applied_in_order(backend: str) -> None:
    layer = positive_layer()
    for parametrization in (Positive(), Doubled()):
        register_parametrization(layer, "weight", parametrization)
    np.testing.assert_allclose(layer.weight.numpy(), [[2.0, 8.0]], rtol=1e-6)
    assert is_parametrized(layer, "weight")
    assert not is_parametrized(layer, "bias")
    assert "(1): Doubled()" in repr(layer)


@pytest.mark.parametrize("leave", [True, False])
def test_removing_gives_a_plain_parameter(backend: str, leave: bool) -> None:
    layer = register_parametrization(positive_layer(), "weight", Positive())
    original = layer.parametrizations.weight.original
    assert remove_parametrizations(layer, "weight", leave_parametrized=leave) is layer
    np.testing.assert_allclose(layer.weight.numpy(), [[1.0, 4.0]] if leave else np.log([[1.0, 4.0]]), rtol=1e-6)
    assert layer.weight is original  # which an optimiser may hold
    assert type(layer) is nn.Linear
    assert list(layer.state_dict()) == ["weight"]
    assert not is_parametrized(layer)
    with pytest.raises(ArgumentError, match="got 'weight' of this Linear, which has none; expected the name"):
        remove_parametrizations(layer, "weight")


def test_several_originals_cannot_be_left(backend: str) -> None:
    layer = weight_norm(nn.Linear(3, 2))
    with pytest.raises(ArgumentError, match="several originals"):
        remove_parametrizations(layer, "weight", leave_parametrized=False)
    value = layer.weight.numpy()
    remove_parametrizations(layer, "weight")
    np.testing.assert_array_equal(layer.weight.numpy(), value)
    assert isinstance(layer.weight, unifw.Parameter)


def test_a_block_computes_each_value_once(backend: str) -> None:
    layer, doubled = nn.Linear(2, 2), Doubled()
    register_parametrization(layer, "weight", doubled)
    doubled.runs[0] = 0
    with cached():
        assert layer.weight is layer.weight
    assert doubled.runs == [1]
    assert layer.weight is not layer.weight


def test_what_does_not_fit_is_refused_and_changes_nothing(backend: str) -> None:
    class Wrong(nn.Module):
        def forward(self, x: unifw.Tensor) -> unifw.Tensor:
            return unifw.sum(x)

    layer = nn.Linear(2, 1)
    for name, parametrization, kind, words in (
        (
            "scale",
            Positive(),
            ArgumentError,
            "got 'scale'; expected a parameter or buffer of this Linear: weight, bias",
        ),
        ("weight", 3, OperandError, "expected a Module"),
        ("weight", Wrong(), ShapeError, "expected the same shape"),
    ):
        with pytest.raises(kind, match=words):
            register_parametrization(layer, name, parametrization)  # type: ignore[arg-type]
    assert type(layer) is nn.Linear
    assert list(layer.state_dict()) == ["weight", "bias"]
    for call in (weight_norm, spectral_norm):
        with pytest.raises(ArgumentError, match="got 'gain'"):
            call(layer, "gain")
        with pytest.raises(UnfinishedError):
            call(nn.Linear(None, 2))
    with pytest.raises(ArgumentError, match="n_power_iterations: got 0"):
        spectral_norm(layer, n_power_iterations=0)


@pytest.mark.parametrize(
    "way", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))], ids=["copy", "pickle"]
)
def test_copies_compute_from_originals_of_their_own(backend: str, way: Any) -> None:
    model, x = nn.Sequential(weight_norm(nn.Linear(2, 2))), unifw.asarray([[1.0, 2.0]])
    twin = way(model)
    assert twin(x).tolist() == model(x).tolist()
    twin[0].parametrizations.weight.original0.assign([[0.0], [0.0]])
    assert twin(x).tolist() != model(x).tolist()


def test_weight_norm_is_g_v_over_its_norm(backend: str) -> None:
    for dim, axes in ((0, (1, 2, 3)), (1, (0, 2, 3)), (-1, (0, 1, 2)), (None, (0, 1, 2, 3))):
        layer = nn.Conv2d(2, 3, 2)
        before = layer.weight.numpy()
        weight_norm(layer, dim=dim)
        np.testing.assert_allclose(layer.weight.numpy(), before, rtol=2e-6)
        g, v = (layer.parametrizations.weight.original0, layer.parametrizations.weight.original1)
        norms = np.sqrt((before.astype(np.float64) ** 2).sum(axes, keepdims=dim is not None))
        np.testing.assert_allclose(g.numpy(), norms, rtol=2e-6)
        g.assign(2 * g)
        v.assign(5 * v)
        np.testing.assert_allclose(layer.weight.numpy(), 2 * before, rtol=2e-6)


def test_spectral_norm_makes_the_largest_singular_value_one(backend: str) -> None:
    layer = nn.Linear(6, 4)
    plain = layer.weight.numpy()
    spectral_norm(layer, n_power_iterations=20)
    for _ in range(3):
        weight = layer.weight.numpy()
    np.testing.assert_allclose(weight, plain / np.linalg.svd(plain)[1][0], rtol=1e-4)
    u = layer.parametrizations.weight[0]._u.tolist()
    layer.eval()
    assert layer.weight.tolist() == layer.weight.tolist()
    assert layer.parametrizations.weight[0]._u.tolist() == u
    layer.train()
    repr(layer)
    assert layer.parametrizations.weight[0]._u.tolist() == u
    layer.weight  # noqa: B018  # reading it is a step of the power method
    assert layer.parametrizations.weight[0]._u.tolist() != u


def test_a_vector_is_divided_by_its_norm(backend: str) -> None:
    layer = nn.Linear(2, 2)
    layer.bias = unifw.Parameter([3.0, 4.0])
    np.testing.assert_allclose(spectral_norm(layer, "bias").bias.numpy(), [0.6, 0.8], rtol=1e-6)


def test_a_frozen_parameter_has_frozen_originals(backend: str) -> None:
    layer = weight_norm(nn.Linear(2, 2).freeze())
    assert not any(p.trainable for p in layer.parameters())


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")  # torch's compiler, when imported
def test_it_compiles_and_its_power_method_moves_there(backend: str) -> None:
    unifw.seed(1)
    model, x = nn.Sequential(spectral_norm(nn.Linear(3, 3)), weight_norm(nn.Linear(3, 2))), unifw.ones((2, 3))
    twin = copy.deepcopy(model)
    compiled = unifw.compile(model)
    for _ in range(3):
        np.testing.assert_allclose(compiled(x).numpy(), twin(x).numpy(), rtol=1e-6)
    for name, value in twin.state_dict().items():
        np.testing.assert_allclose(model.state_dict()[name].numpy(), value.numpy(), rtol=1e-6, atol=1e-7)
    remove_parametrizations(model[1], "weight")
    np.testing.assert_allclose(compiled.eval()(x).numpy(), twin.eval()(x).numpy(), rtol=1e-6)
