"""Dropout: what share it drops, how it scales the rest, and when it does nothing."""

from __future__ import annotations

import numpy as np
import pytest

import unifw
from unifw import nn

F = nn.functional
MANY = 100_000


@pytest.mark.parametrize("dtype", [unifw.float32, unifw.float64], ids=str)
@pytest.mark.parametrize("p", [0.1, 0.5, 0.8])
def test_share_of_zeros_and_scale(backend: str, p: float, dtype: unifw.DType) -> None:
    y = nn.Dropout(p)(unifw.full((MANY,), 3.0, dtype=dtype))
    values = y.numpy()
    assert y.dtype is dtype
    share = (values == 0).mean()
    assert abs(share - p) < 5 * (p * (1 - p) / MANY) ** 0.5  # five standard deviations
    np.testing.assert_allclose(values[values != 0], 3 / (1 - p), rtol=1e-6)


def test_each_element_is_drawn_by_itself(backend: str) -> None:
    kept = nn.Dropout(0.5)(unifw.ones((200, 8, 8, 4))).numpy() != 0
    for axis in range(4):
        shares = kept.mean(tuple(i for i in range(4) if i != axis))
        assert (shares > 0).all()
        assert (shares < 1).all()
    neighbours = np.corrcoef(kept.reshape(-1)[:-1], kept.reshape(-1)[1:])[0, 1]
    assert abs(neighbours) < 0.03


def test_draws_are_new_at_each_call_and_repeat_with_the_seed(backend: str) -> None:
    layer, x = nn.Dropout(0.5), unifw.ones(64)
    unifw.seed(3)
    first, second = layer(x).tolist(), layer(x).tolist()
    assert first != second
    unifw.seed(3)
    assert [layer(x).tolist(), layer(x).tolist()] == [first, second]


def test_zero_keeps_everything(backend: str) -> None:
    x = unifw.asarray([1.0, -2.0, 0.0])
    assert nn.Dropout(0.0)(x).tolist() == [1.0, -2.0, 0.0]


@pytest.mark.parametrize("p", [1, 1.0])
def test_one_drops_everything(backend: str, p: float) -> None:
    x = unifw.asarray([1.0, -2.0, 3.0])
    assert nn.Dropout(p)(x).tolist() == [0.0, 0.0, 0.0]
    assert unifw.grad(lambda x: unifw.sum(F.dropout(x, p)))(x).tolist() == [0.0, 0.0, 0.0]


@pytest.mark.parametrize("p", [0.0, 0.5, 1.0])
def test_evaluation_is_the_identity(backend: str, p: float) -> None:
    x = unifw.asarray([1.0, -2.0, 3.0])
    assert nn.Dropout(p).eval()(x).tolist() == x.tolist()
    assert F.dropout(x, p, training=False).tolist() == x.tolist()
    assert unifw.grad(lambda x: unifw.sum(nn.Dropout(p).eval()(x)))(x).tolist() == [1.0, 1.0, 1.0]


def test_the_gradient_passes_where_the_value_did(backend: str) -> None:
    def both(x: unifw.Tensor) -> tuple[unifw.Tensor, unifw.Tensor]:
        y = F.dropout(x, 0.25)
        return unifw.sum(y), y

    gradient, y = unifw.grad(both, has_aux=True)(unifw.ones(256))
    np.testing.assert_allclose(gradient.numpy(), y.numpy(), rtol=1e-6)
    assert 0 < (gradient.numpy() == 0).sum() < 256


def test_input_is_not_changed(backend: str) -> None:
    x = unifw.ones(64)
    nn.Dropout(0.9)(x)
    assert x.tolist() == [1.0] * 64
