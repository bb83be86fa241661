"""Gradients of every layer and loss, of first and second order, for inputs and parameters, against central differences.

In float64, in a random direction, by differences of fourth order: of values for the first order, and for the second
of gradients. And a compiled function has the gradients of the eager one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import unifw
from unifw.errors import CompileWarning, GradientError

from .layers import CASES, Array, Point, flat, missing, variants

WIDTH = 2e-4  # of a step: narrow, since maxima have corners
MADE_OF_OTHERS = {"Sequential", "Transformer", "TransformerDecoder", "TransformerEncoder"}
KERNEL_OF_TORCH = {"CTCLoss"}  # has no second derivative, and reads lengths on the host, which no graph can


def named(names: Sequence[str]) -> list[Any]:
    return [pytest.param(name, marks=pytest.mark.variants if name in variants() else ()) for name in names]


def differences(function: Callable[[Sequence[Array]], Array], xs: Sequence[Array], along: Sequence[Array]) -> Array:
    steps = [function([x + k * WIDTH * d for x, d in zip(xs, along, strict=True)]) for k in (-2, -1, 1, 2)]
    return (steps[0] - 8 * steps[1] + 8 * steps[2] - steps[3]) / (12 * WIDTH)


def close(found: Array, wanted: Array, allowed: float) -> None:
    """Assert agreement relative to the largest number."""
    assert np.abs(found - wanted).max() <= allowed * max(1.0, np.abs(wanted).max())


def test_every_layer_loss_and_function_has_a_row() -> None:
    assert missing() == []


@pytest.mark.parametrize("name", named(list(CASES)))
def test_first_and_second_derivatives(backend: str, name: str) -> None:
    point, rng = Point(CASES[name]), np.random.default_rng(11)
    along = [rng.standard_normal(x.shape) for x in point.arrays]
    gradient = point.gradient(point.arrays)
    slope = gradient @ np.concatenate([d.ravel() for d in along])
    close(slope, differences(point.value, point.arrays, along), CASES[name].allowed)
    if backend == "torch" and name in KERNEL_OF_TORCH:
        with pytest.raises(GradientError, match="has no derivative here"):
            point.product(along)
    else:
        close(point.product(along), differences(point.gradient, point.arrays, along), CASES[name].allowed)


@pytest.mark.parametrize("name", named([name for name in CASES if name not in MADE_OF_OTHERS]))
def test_a_compiled_function_has_the_same_gradients(backend: str, name: str) -> None:
    """Taken inside of the compiled function, and around it."""
    point, kernel = Point(CASES[name]), backend == "torch" and name in KERNEL_OF_TORCH
    loss, inputs = point.loss, point.inputs(point.arrays)
    gradient: Any = unifw.grad(loss, point.argnums)
    unifw.seed(3)
    wanted = flat(gradient(point.model, *inputs))
    for run in (unifw.compile(gradient), unifw.grad(unifw.compile(loss), point.argnums)):
        unifw.seed(3)
        with pytest.warns(CompileWarning, match="runs uncompiled") if kernel else nullcontext():
            found = flat(run(point.model, *inputs))
        np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-12)
