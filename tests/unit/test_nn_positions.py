"""Sinusoids and rotations against their formulas, number by number."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import ArgumentError, ShapeError


def test_sinusoids(backend: str, rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 7, 6)).astype("float32")
    got = nn.SinusoidalPositions(6, base=100.0)(unifw.asarray(x)).numpy()
    for t in range(7):
        for i in range(3):
            angle = t / 100.0 ** (2 * i / 6)
            np.testing.assert_allclose(got[:, t, 2 * i] - x[:, t, 2 * i], np.sin(angle), atol=1e-6)
            np.testing.assert_allclose(got[:, t, 2 * i + 1] - x[:, t, 2 * i + 1], np.cos(angle), atol=1e-6)


@pytest.mark.parametrize(
    ("convention", "pair"), [("half", lambda i: (i, i + 3)), ("interleaved", lambda i: (2 * i, 2 * i + 1))]
)
def test_rotations_turn_pairs_as_complex_numbers(
    backend: str, rng: np.random.Generator, convention: Any, pair: Any
) -> None:
    x = rng.standard_normal((2, 3, 5, 6)).astype("float32")
    layer = nn.RotaryPositions(6, convention=convention)
    got = layer(unifw.asarray(x)).numpy()
    for i in range(3):
        a, b = pair(i)
        turned = (x[..., a] + 1j * x[..., b]) * np.exp(1j * np.arange(5) / 10000.0 ** (2 * i / 6))
        np.testing.assert_allclose(got[..., a], turned.real, atol=1e-6)
        np.testing.assert_allclose(got[..., b], turned.imag, atol=1e-6)
    some = unifw.asarray([[4, 3, 2, 1, 0], [0, 1, 2, 3, 4]])
    np.testing.assert_allclose(layer(unifw.asarray(x), some).numpy()[1], got[1], atol=1e-6)
    np.testing.assert_allclose(layer(unifw.asarray(x[:, :, ::-1].copy()), some).numpy()[0, :, ::-1], got[0], atol=1e-6)


def test_scores_depend_on_the_distance_alone(backend: str, rng: np.random.Generator) -> None:
    q, k = (np.broadcast_to(rng.standard_normal(8), (9, 8)).copy() for _ in range(2))
    layer = nn.RotaryPositions(8)
    scores = layer(unifw.asarray(q)).numpy() @ layer(unifw.asarray(k)).numpy().T
    for distance in range(-8, 9):
        line = np.diagonal(scores, distance)
        np.testing.assert_allclose(line, line[0], rtol=1e-5, atol=1e-6)


def test_tables_move_with_the_model_and_are_not_saved(backend: str) -> None:
    model = nn.Sequential(nn.SinusoidalPositions(4), nn.Linear(4, 2))
    assert list(model.state_dict()) == ["1.weight", "1.bias"]
    assert model.to(unifw.float64)(unifw.zeros((1, 3, 4), dtype=unifw.float64)).dtype is unifw.float64


def test_bad_input(backend: str) -> None:
    with pytest.raises(ShapeError, match=r"got 6 positions; expected at most 5\. Write max_length=6"):
        nn.SinusoidalPositions(4, max_length=5)(unifw.zeros((1, 6, 4)))
    with pytest.raises(ShapeError, match=r"\(1, 6, 3\).*expected \(N, T, 4\)"):
        nn.SinusoidalPositions(4)(unifw.zeros((1, 6, 3)))
    with pytest.raises(ShapeError, match="rotary: got"):
        nn.RotaryPositions(4)(unifw.zeros((1, 6, 6)))
    with pytest.raises(ArgumentError, match="got 3 features; expected an even number"):
        nn.RotaryPositions(3)
    with pytest.raises(ArgumentError, match="convention: got 'llama'"):
        nn.RotaryPositions(4, convention="llama")
