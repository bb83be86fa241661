"""First and second derivatives of every array function, in reverse and in forward mode, eagerly and in a graph.

Against central differences in float64. Their own error is about 1e-9 of the values; second derivatives are held
against differences of the first ones, which are exact to rounding.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence

import numpy as np
import pytest

import unifw

from .gradients import CASES, NOT_DIFFERENTIABLE, Array, scalar

NAMES = list(CASES)


def tensors(arrays: Sequence[Array]) -> list[unifw.Tensor]:
    return [unifw.asarray(x) for x in arrays]


def numbers(xs: Sequence[unifw.Tensor]) -> list[Array]:
    return [x.numpy() for x in xs]


def differences(function: Callable[[Sequence[Array]], Array], xs: Sequence[Array], along: Sequence[Array]) -> Array:
    """The derivative in a direction, by central differences of fourth order."""
    width = 1e-3
    steps = [function([x + k * width * d for x, d in zip(xs, along, strict=True)]) for k in (-2, -1, 1, 2)]
    return (steps[0] - 8 * steps[1] + 8 * steps[2] - steps[3]) / (12 * width)


def directions(arrays: Sequence[Array]) -> list[Array]:
    rng = np.random.default_rng(11)
    return [rng.standard_normal(x.shape) for x in arrays]


@pytest.mark.parametrize("name", NAMES)
def test_first_and_second_derivatives(backend: str, name: str) -> None:
    case, along = CASES[name], directions(CASES[name].arrays)
    every = tuple(range(len(case.arrays)))

    def value(*xs: unifw.Tensor) -> unifw.Tensor:
        return scalar(case.function, *xs)

    def slope(xs: Sequence[Array]) -> Array:
        gradient = unifw.grad(value, every)(*tensors(xs))
        return np.concatenate([x.ravel() for x in numbers(gradient)])

    xs = tensors(case.arrays)
    gradient = numbers(unifw.grad(value, every)(*xs))
    expected = differences(lambda given: value(*tensors(given)).numpy(), case.arrays, along)
    found = sum(np.sum(g * d) for g, d in zip(gradient, along, strict=True))
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-8)

    output, forward = unifw.jvp(value, xs, tensors(along))
    np.testing.assert_allclose(output.numpy(), value(*xs).numpy(), rtol=1e-13)
    np.testing.assert_allclose(forward.numpy(), found, rtol=1e-10, atol=1e-12)

    _, product = unifw.hvp(value, xs, tensors(along))
    expected = differences(slope, case.arrays, along)
    flat = np.concatenate([x.ravel() for x in numbers(product)])
    np.testing.assert_allclose(flat, expected, rtol=1e-7, atol=1e-7)


@pytest.mark.parametrize("name", NAMES)
def test_mixed_modes(backend: str, name: str) -> None:
    """Forward over reverse and reverse over forward are reverse over reverse."""
    case, along = CASES[name], tensors(directions(CASES[name].arrays))
    every = tuple(range(len(case.arrays)))

    def value(*xs: unifw.Tensor) -> unifw.Tensor:
        return scalar(case.function, *xs)

    xs = tensors(case.arrays)
    product = numbers(unifw.hvp(value, xs, along)[1])
    forward_over_reverse = unifw.jvp(unifw.grad(value, every), xs, along)[1]
    reverse_over_forward = unifw.grad(lambda *xs: unifw.jvp(value, xs, along)[1], every)(*xs)
    for found in (forward_over_reverse, reverse_over_forward):
        for x, wanted in zip(numbers(found), product, strict=True):
            np.testing.assert_allclose(x, wanted, rtol=1e-9, atol=1e-10)


def test_every_function_is_here_or_has_no_derivative() -> None:
    names = {name for name, x in vars(unifw).items() if _is_array_function(x)}
    for part in ("linalg", "fft"):
        public = getattr(unifw, part).__all__
        names |= {f"{part}.{name}" for name in public if name.islower() and not hasattr(unifw, name)}
    covered = {name.partition("-")[0] for name in CASES} | NOT_DIFFERENTIABLE
    assert names <= covered


def _is_array_function(x: object) -> bool:
    return inspect.isfunction(x) and x.__module__.startswith("unifw.array.") and not x.__name__.startswith("_")
