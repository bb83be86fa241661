"""Initial values: torch.nn.init's where they are fixed, its distributions elsewhere, the same bits on both backends."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest
from scipy import stats

import unifw
from unifw.errors import ArgumentError, ShapeError
from unifw.nn import init

MANY = (60, 50, 3, 3)
DRAWN: dict[str, tuple[dict[str, Any], tuple[int, ...]]] = {
    "uniform_": ({"a": -1.0, "b": 3.0}, MANY),
    "normal_": ({"mean": 1.0, "std": 0.5}, MANY),
    "trunc_normal_": ({"mean": 0.5, "std": 1.5, "a": -1.0, "b": 2.0}, MANY),
    "xavier_uniform_": ({"gain": 2.0}, MANY),
    "xavier_normal_": ({}, MANY),
    "kaiming_uniform_": ({"a": 0.3}, MANY),
    "kaiming_normal_": ({"mode": "fan_out", "nonlinearity": "relu"}, MANY),
    "sparse_": ({"sparsity": 0.3, "std": 2.0}, (200, 100)),
}


@pytest.fixture
def torch() -> Any:
    """The oracle, imported in the run that has it."""
    module = importlib.import_module("torch")
    module.manual_seed(0)
    return module


@pytest.mark.parametrize(("name", "options", "shape"), [(n, *rest) for n, rest in DRAWN.items()], ids=DRAWN)
def test_drawn_values_have_torchs_distribution(
    backend: str, torch: Any, name: str, options: dict[str, Any], shape: tuple[int, ...]
) -> None:
    parameter = unifw.Parameter(unifw.zeros(shape, dtype=unifw.float64))
    assert getattr(init, name)(parameter, **options) is parameter
    theirs = getattr(torch.nn.init, name)(torch.zeros(shape, dtype=torch.float64), **options).numpy()
    assert stats.ks_2samp(parameter.numpy().ravel(), theirs.ravel()).pvalue > 1e-3


@pytest.mark.parametrize("name", ["ones_", "zeros_", "eye_", "dirac_"])
@pytest.mark.parametrize("shape", [(3, 4), (4, 3, 3), (4, 2, 3, 5), (2, 4, 1, 2, 3)])
def test_fixed_values_are_torchs(backend: str, torch: Any, name: str, shape: tuple[int, ...]) -> None:
    if (name == "eye_") == (len(shape) > 2) and name != "ones_" and name != "zeros_":
        with pytest.raises(ShapeError, match="got shape"):
            getattr(init, name)(unifw.Parameter(unifw.zeros(shape)))
        return
    options = {"groups": 2} if name == "dirac_" else {}
    ours = getattr(init, name)(unifw.Parameter(unifw.zeros(shape)), **options)
    theirs = getattr(torch.nn.init, name)(torch.zeros(shape), **options)
    np.testing.assert_array_equal(ours.numpy(), theirs.numpy())


@pytest.mark.parametrize("shape", [(4, 4), (3, 8), (8, 3), (4, 2, 3)])
def test_orthogonal(backend: str, shape: tuple[int, ...]) -> None:
    q = (
        init.orthogonal_(unifw.Parameter(unifw.zeros(shape, dtype=unifw.float64)), gain=2.0)
        .numpy()
        .reshape(shape[0], -1)
    )
    product = q @ q.T if q.shape[0] <= q.shape[1] else q.T @ q
    np.testing.assert_allclose(product, 4 * np.eye(min(q.shape)), atol=1e-12)


@pytest.mark.parametrize("bounds", [(-0.1, 0.1), (5.0, 6.0)])
def test_truncation_far_from_the_mean(bounds: tuple[float, float]) -> None:
    values = init.trunc_normal((2000,), 0.0, 1.0, *bounds, dtype="float64")
    assert stats.kstest(values, stats.truncnorm(*bounds).cdf).pvalue > 1e-3


def test_gains_are_torchs(torch: Any) -> None:
    for name in ("linear", "conv1d", "conv_transpose3d", "sigmoid", "tanh", "relu", "leaky_relu", "selu"):
        assert init.calculate_gain(name) == pytest.approx(torch.nn.init.calculate_gain(name), rel=1e-15)
    assert init.calculate_gain("leaky_relu", 0.2) == pytest.approx(torch.nn.init.calculate_gain("leaky_relu", 0.2))


@pytest.mark.parametrize("name", [*DRAWN, "orthogonal_"])
def test_both_backends_have_the_same_bits(name: str) -> None:
    found = []
    for backend in ("torch", "tensorflow"):
        unifw.seed(3)
        with unifw.using_backend(backend):
            options = DRAWN[name][0] if name in DRAWN else {}
            found.append(getattr(init, name)(unifw.Parameter(unifw.zeros((6, 5))), **options).numpy())
    np.testing.assert_array_equal(*found)


def test_bad_settings_are_explained(backend: str) -> None:
    with pytest.raises(ShapeError, match=r"got shape \(3,\); expected a weight"):
        init.xavier_normal((3,))
    with pytest.raises(ArgumentError, match="got 'gelu'; expected one of tanh"):
        init.calculate_gain("gelu")
    with pytest.raises(ArgumentError, match="got mode='fan'; expected \"fan_in\""):
        init.kaiming_uniform((3, 3), mode="fan")  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="expected a below b"):
        init.trunc_normal((3,), a=1.0, b=0.0)
