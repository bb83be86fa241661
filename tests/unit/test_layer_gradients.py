"""Gradients of layers, of first and second order, for inputs and parameters, against central differences in float64.

Both in one random direction, by differences of fourth order: of values for the first order, and for the second of
gradients. And a compiled function has the gradients of the eager one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.nn import functional as F

Array = Any
CLASSES = np.array([0, 2, 1, 2, 0])


@dataclass(frozen=True)
class Case:
    """A layer, how it is called, and the shape of its input; `integers` if that has no gradient."""

    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    call: Callable[[Any, Any], Any] = lambda layer, x: layer(x)
    training: bool = True
    integers: bool = False

    def built(self) -> tuple[Any, Array]:
        """The layer in float64, and its input, whose numbers are far apart for the sake of maxima."""
        model = self.make().to(unifw.float64).train(self.training)
        rng, size = np.random.default_rng(5), int(np.prod(self.shape))
        for name, value in model.named_buffers():
            if name.startswith("running"):
                value.assign(rng.uniform(0.5, 2.0, tuple(value.shape)))
        order = rng.permutation(size).reshape(self.shape)
        return model, order % 4 if self.integers else order * (4 / size) - 2

    def argnums(self, model: Any) -> tuple[int, ...]:
        return (0,) * any(True for _ in model.parameters()) + (1,) * (not self.integers)


CASES = {
    "Linear": Case(lambda: nn.Linear(4, 3), (5, 4)),
    "Conv2d": Case(lambda: nn.Conv2d(2, 3, 3, stride=2, padding=1), (2, 5, 6, 2)),
    "ConvTranspose2d": Case(lambda: nn.ConvTranspose2d(2, 3, 3, stride=2, padding=1), (2, 3, 4, 2)),
    "BatchNorm2d-training": Case(lambda: nn.BatchNorm2d(3), (4, 2, 3, 3)),
    "BatchNorm2d-eval": Case(lambda: nn.BatchNorm2d(3), (4, 2, 3, 3), training=False),
    "LayerNorm": Case(lambda: nn.LayerNorm(6), (4, 6)),
    "GroupNorm": Case(lambda: nn.GroupNorm(2, 4), (2, 3, 3, 4)),
    "MultiheadAttention": Case(lambda: nn.MultiheadAttention(6, 2), (3, 4, 6), lambda layer, x: layer(x, x, x)[0]),
    "LSTM": Case(lambda: nn.LSTM(3, 4), (5, 2, 3), lambda layer, x: layer(x)[0]),
    "GRU": Case(lambda: nn.GRU(3, 4), (5, 2, 3), lambda layer, x: layer(x)[0]),
    "Embedding": Case(lambda: nn.Embedding(4, 3), (2, 5), integers=True),
    "MaxPool2d": Case(lambda: nn.MaxPool2d(2), (2, 4, 5, 3)),
    "AvgPool2d": Case(lambda: nn.AvgPool2d(3, stride=2, padding=1), (2, 4, 5, 3)),
    "GELU": Case(nn.GELU, (3, 4)),
    "GELU-tanh": Case(lambda: nn.GELU(approximate="tanh"), (3, 4)),
    "softmax": Case(nn.Identity, (3, 4), lambda _, x: unifw.softmax(x, axis=-1)),
    "cross_entropy": Case(nn.Identity, (5, 3), lambda _, x: F.cross_entropy(x, unifw.asarray(CLASSES))),
}


class Point:
    """A layer with its input, as one vector of numbers."""

    def __init__(self, case: Case) -> None:
        self.case, (self.model, self.x) = case, case.built()
        self.parameters = list(self.model.parameters())
        self.argnums = case.argnums(self.model)
        self.arrays = [p.numpy() for p in self.parameters] + ([] if case.integers else [self.x])
        shape = tuple(case.call(self.model, unifw.asarray(self.x)).shape)
        self.weights = unifw.asarray(np.random.default_rng(7).uniform(0.5, 1.5, shape))

    def loss(self, model: Any, x: Any) -> Any:
        """A number that depends on every output, with curvature."""
        return unifw.sum(unifw.sin(self.case.call(model, x)) * self.weights)

    def moved(self, arrays: Sequence[Array]) -> unifw.Tensor:
        """Give the layer these numbers; the input."""
        for parameter, value in zip(self.parameters, arrays, strict=False):
            parameter.assign(value)
        return unifw.asarray(self.x if self.case.integers else arrays[-1])

    def value(self, arrays: Sequence[Array]) -> Array:
        return self.loss(self.model, self.moved(arrays)).numpy()

    def gradient(self, arrays: Sequence[Array]) -> Array:
        x = self.moved(arrays)
        return flat(unifw.grad(self.loss, self.argnums)(self.model, x))

    def product(self, along: Sequence[Array]) -> Array:
        """The second derivatives times a direction."""
        x, count = self.moved(self.arrays), len(self.parameters)
        names = [name for name, _ in self.model.named_parameters()]
        given = (dict(zip(names, map(unifw.asarray, along[:count]), strict=True)), unifw.asarray(along[-1]))
        places = self.argnums

        def loss(*chosen: Any) -> Any:
            arguments = [self.model, x]
            for place, argument in zip(places, chosen, strict=True):
                arguments[place] = argument
            return self.loss(*arguments)

        return flat(unifw.hvp(loss, tuple((self.model, x)[i] for i in places), tuple(given[i] for i in places))[1])


def flat(gradients: Any) -> Array:
    return np.concatenate([x.numpy().ravel() for x in unifw.tree.leaves(gradients)])


def differences(function: Callable[[Sequence[Array]], Array], xs: Sequence[Array], along: Sequence[Array]) -> Array:
    width = 1e-3
    steps = [function([x + k * width * d for x, d in zip(xs, along, strict=True)]) for k in (-2, -1, 1, 2)]
    return (steps[0] - 8 * steps[1] + 8 * steps[2] - steps[3]) / (12 * width)


@pytest.mark.parametrize("name", CASES)
def test_first_and_second_derivatives(backend: str, name: str) -> None:
    point, rng = Point(CASES[name]), np.random.default_rng(11)
    along = [rng.standard_normal(x.shape) for x in point.arrays]
    gradient = point.gradient(point.arrays)
    expected = differences(point.value, point.arrays, along)
    np.testing.assert_allclose(gradient @ np.concatenate([d.ravel() for d in along]), expected, rtol=1e-8, atol=1e-8)
    expected = differences(point.gradient, point.arrays, along)
    np.testing.assert_allclose(point.product(along), expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", CASES)
def test_a_compiled_function_has_the_same_gradients(backend: str, name: str) -> None:
    """Taken inside of the compiled function, and around it."""
    point = Point(CASES[name])
    loss, x = point.loss, unifw.asarray(point.x)
    gradient = unifw.grad(loss, point.argnums)
    wanted = flat(gradient(point.model, x))
    inside = flat(unifw.compile(gradient)(point.model, x))
    around = flat(unifw.grad(unifw.compile(loss), point.argnums)(point.model, x))
    for found in (inside, around):
        np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-12)
