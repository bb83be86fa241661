"""Both backends give the same derivatives: of every array function, and of models, to rounding."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn

from ..unit import layers
from ..unit.gradients import CASES, scalar

WITH_ORACLE = {"weight_norm", "spectral_norm"}  # in `test_parametrizations`; here they start from float32 norms


@pytest.mark.parametrize("name", CASES)
def test_first_and_second_derivatives_agree(name: str) -> None:
    case = CASES[name]
    every = tuple(range(len(case.arrays)))
    found = []
    for backend in ("torch", "tensorflow"):
        with unifw.using_backend(backend):
            xs = tuple(unifw.asarray(x) for x in case.arrays)
            value, slopes = unifw.value_and_grad(lambda *xs: scalar(case.function, *xs), every)(*xs)
            _, products = unifw.hvp(lambda *xs: scalar(case.function, *xs), xs, xs)
            found.append([value.numpy(), *(x.numpy() for x in (*slopes, *products))])
    for ours, theirs in zip(*found, strict=True):
        scale = max(1.0, np.abs(ours).max())
        np.testing.assert_allclose(ours / scale, theirs / scale, rtol=1e-11, atol=1e-12)


@pytest.mark.parametrize("name", sorted(set(layers.OWN) - layers.RANDOM - WITH_ORACLE))
def test_layers_without_another_oracle_agree(name: str) -> None:
    """Value, gradient and, where PyTorch has it, a second derivative; `test_layers` and the losses hold the others."""
    found = []
    for backend in ("torch", "tensorflow"):
        with unifw.using_backend(backend):
            point = layers.Point(layers.CASES[name])
            again = [] if name == "CTCLoss" else [point.product(point.arrays)]
            found.append([point.value(point.arrays), point.gradient(point.arrays), *again])
    for ours, theirs in zip(*found, strict=True):
        scale = max(1.0, np.abs(ours).max())
        np.testing.assert_allclose(ours / scale, theirs / scale, rtol=1e-10, atol=1e-11)


def test_the_derivatives_of_a_model_agree() -> None:
    unifw.seed(3)
    with unifw.using_backend("torch"):
        model = nn.Sequential(
            nn.Conv2d(2, 3, 3, padding="same"), nn.BatchNorm2d(3), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
            nn.Linear(12, 4),
        ).to(unifw.float64)  # fmt: skip
    images = np.random.default_rng(0).standard_normal((5, 4, 4, 2))
    found = [_derivatives(m, images) for m in (model, model.to_backend("tensorflow"))]
    for ours, theirs in zip(*found, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-9, atol=1e-11)


def _derivatives(model: Any, images: np.ndarray[Any, Any]) -> list[Any]:
    with unifw.using_backend(model.backend):
        x, classes = unifw.asarray(images), unifw.asarray(np.arange(5) % 4)

        def loss(model: Any, x: Any) -> Any:
            return unifw.mean(nn.functional.cross_entropy(model(x), classes))

        value, (slopes, at_input) = unifw.value_and_grad(loss, (0, 1))(model, x)
        (products,) = unifw.hvp(lambda model: loss(model, x), (model,), (slopes,))[1]
        _, forward = unifw.jvp(lambda model: model(x), (model,), (slopes,))
    return [y.numpy() for y in (value, at_input, forward, *slopes.values(), *products.values())]
