"""cross_entropy against log-softmax in NumPy: values and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import OutOfRangeError

F = nn.functional
Array = Any
REDUCTIONS = ("mean", "sum", "none")


def expected(logits: Array, targets: Array) -> tuple[Array, Array]:
    """The losses, and each one's gradient for its own logits; classes on the last axis."""
    shifted = logits - logits.max(-1, keepdims=True)
    log_softmax = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    chosen = np.eye(logits.shape[-1])[targets]
    return -(log_softmax * chosen).sum(-1), np.exp(log_softmax) - chosen


@pytest.mark.parametrize("axis", [-1, 1])
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("lead", [(6,), (3, 4), (2, 3, 2)])
def test_value_and_gradient(
    backend: str, rng: np.random.Generator, lead: tuple[int, ...], reduction: Any, axis: int
) -> None:
    logits, targets = rng.standard_normal((*lead, 5)) * 3, rng.integers(0, 5, lead)
    losses, slopes = expected(logits, targets)
    pull = rng.standard_normal(lead) if reduction == "none" else np.full(lead, 1 / losses.size)
    wanted = {"mean": losses.mean(), "sum": losses.sum(), "none": losses}[reduction]
    weights = np.ones(lead) if reduction == "sum" else pull
    given, classes = unifw.asarray(np.moveaxis(logits, -1, axis).copy()), unifw.asarray(targets)
    value = F.cross_entropy(given, classes, axis=axis, reduction=reduction)
    np.testing.assert_allclose(value.numpy(), wanted, rtol=1e-12)

    def scalar(x: unifw.Tensor) -> unifw.Tensor:
        loss = nn.CrossEntropyLoss(axis=axis, reduction=reduction)(x, classes)
        return unifw.sum(loss * unifw.asarray(pull)) if reduction == "none" else loss

    gradient = np.moveaxis(unifw.grad(scalar)(given).numpy(), axis, -1)
    np.testing.assert_allclose(gradient, slopes * weights[..., None], rtol=1e-10, atol=1e-14)


def test_known_values(backend: str) -> None:
    logits = unifw.asarray([[0.0, 0.0], [0.0, float(np.log(3))]])
    losses = F.cross_entropy(logits, unifw.asarray([0, 1]), reduction="none").numpy()
    np.testing.assert_allclose(losses, [np.log(2), np.log(4 / 3)], rtol=1e-6)


def test_large_logits_do_not_overflow(backend: str) -> None:
    logits = unifw.asarray([[1000.0, 0.0], [-1000.0, 1000.0]])
    assert F.cross_entropy(logits, unifw.asarray([1, 1]), reduction="none").tolist() == [1000.0, 0.0]
    gradient = unifw.grad(lambda x: F.cross_entropy(x, unifw.asarray([1, 1]), reduction="sum"))(logits)
    assert gradient.tolist() == [[1.0, -1.0], [0.0, 0.0]]


def test_a_class_ruled_out_costs_nothing(backend: str) -> None:
    logits = unifw.asarray([[0.0, -float("inf"), 0.0]])
    np.testing.assert_allclose(F.cross_entropy(logits, unifw.asarray([0])).item(), np.log(2), rtol=1e-6)


def test_one_row_without_a_batch_axis(backend: str) -> None:
    loss = F.cross_entropy(unifw.zeros(4), unifw.asarray(2))
    assert loss.shape == ()
    np.testing.assert_allclose(loss.item(), np.log(4), rtol=1e-6)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"])
def test_targets_of_each_integer_dtype(backend: str, dtype: str) -> None:
    targets = unifw.asarray(np.array([3, 0], dtype))
    np.testing.assert_allclose(F.cross_entropy(unifw.zeros((2, 4)), targets).item(), np.log(4), rtol=1e-6)


@pytest.mark.parametrize("wrong", [-100, -1, 4])
def test_a_target_that_is_no_class_is_an_error(backend: str, wrong: int) -> None:
    with pytest.raises(OutOfRangeError, match=r"expected targets from 0 to 3\. Write ignore_index="):
        F.cross_entropy(unifw.zeros((2, 4)), unifw.asarray([0, wrong]))


def test_the_loss_of_a_model_moves_its_weights_towards_the_targets(backend: str) -> None:
    model = nn.Linear(2, 2)
    x, targets = unifw.asarray([[1.0, 0.0], [0.0, 1.0]]), unifw.asarray([1, 0])
    optimizer = unifw.optim.SGD(model, lr=1.0)
    step = unifw.value_and_grad(lambda model: nn.CrossEntropyLoss()(model(x), targets))
    losses = []
    for _ in range(30):
        value, gradients = step(model)
        losses.append(value.item())
        optimizer.step(gradients)
    assert losses[-1] < 0.1 < losses[0]
    assert unifw.argmax(model(x), axis=-1).tolist() == [1, 0]


def test_derivatives_of_binary_cross_entropy_by_targets_and_of_both(backend: str) -> None:
    p, t = (unifw.asarray(np.array(values)) for values in ([0.2, 0.7, 0.9], [0.1, 1.0, 0.4]))
    loss = nn.functional.binary_cross_entropy
    for function in (loss, unifw.compile(loss)):
        by_p, by_t = unifw.grad(function, (0, 1))(p, t)
        np.testing.assert_allclose(by_t.numpy(), np.log((1 - p.numpy()) / p.numpy()) / 3, rtol=1e-12)
        slope = unifw.sum(by_p * p + by_t * t).item()
        assert unifw.jvp(function, (p, t), (p, t))[1].item() == pytest.approx(slope, rel=1e-12)
        mixed = unifw.grad(lambda p, f=function: unifw.sum(unifw.grad(f, 1)(p, t)))(p)
        np.testing.assert_allclose(mixed.numpy(), -1 / (3 * p.numpy() * (1 - p.numpy())), rtol=1e-12)


def test_a_negative_variance_is_refused_where_values_are_known(backend: str) -> None:
    x, targets, var = unifw.ones((2, 3)), unifw.zeros((2, 3)), unifw.asarray([[1.0], [-1.0]])
    with pytest.raises(OutOfRangeError, match=r"a variance below 0.*exp\(log_var\)"):
        F.gaussian_nll_loss(x, targets, var)
    assert np.isfinite(F.gaussian_nll_loss(x, targets, unifw.zeros((2, 1))).item())
    assert np.isfinite(unifw.compile(F.gaussian_nll_loss)(x, targets, var).item())  # limited to eps, as documented
