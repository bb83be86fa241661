"""The native compilers themselves, in a handful of graphs: they take seconds each, and the `slow` ones a minute."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import CompileWarning, OutOfRangeError

pytestmark = pytest.mark.inductor


def tensor(*shape: int) -> unifw.Tensor:
    return unifw.asarray(np.random.default_rng(3).standard_normal(shape).astype(np.float32))


def test_a_loss_with_its_gradients_and_random_numbers(backend: str) -> None:
    x, weight = tensor(6, 3), tensor(3, 4)

    def loss(weight: Any) -> Any:
        return unifw.mean(nn.functional.dropout(unifw.tanh(x @ weight), 0.5) ** 2)

    found = []
    for function in (loss, unifw.compile(loss)):
        unifw.seed(1)
        found.append([unifw.value_and_grad(function)(weight) for _ in range(2)])
    for (value, gradient), (expected, wanted) in zip(*found, strict=True):
        np.testing.assert_allclose(value.item(), expected.item(), rtol=1e-5)
        np.testing.assert_allclose(gradient.numpy(), wanted.numpy(), rtol=1e-5, atol=1e-7)


def test_a_branch_and_an_open_axis(backend: str) -> None:
    function = unifw.compile(lambda x: unifw.cond(unifw.sum(x) > 0, lambda: x * 2, lambda: -x), dynamic={"x": {0: "n"}})
    for sign, size in [(1.0, 3), (-1.0, 1), (-1.0, 5)]:
        x = unifw.ones(size) * sign
        assert function(x).tolist() == [max(2 * sign, -sign)] * size
    assert function.trace_count == 1


def test_a_graph_that_assumed_a_size_makes_way_for_eager_code(backend: str) -> None:
    function = unifw.compile(lambda x: x[x > 0] + unifw.asarray([10.0, 20.0]))
    assert function(unifw.asarray([1.0, 0.0, 2.0])).tolist() == [11.0, 22.0]
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(2):
            assert function(unifw.asarray([1.0, 0.0, 0.0])).tolist() == [11.0, 21.0]
    assert [w.category for w in caught] == ([CompileWarning] if backend == "torch" else [])


def test_an_index_out_of_range_is_an_error_where_threads_share_the_loop(backend: str) -> None:
    """There an exception in a compiled loop would end the process."""
    rng, layer = np.random.default_rng(3), nn.EmbeddingBag(100, 16)

    def loss(layer: Any, bags: Any, labels: Any) -> Any:
        return nn.functional.cross_entropy(layer(bags), labels)

    step = unifw.compile(unifw.value_and_grad(loss))
    bags, labels = rng.integers(0, 100, (4096, 8)), rng.integers(0, 16, 4096)
    given = unifw.asarray(bags), unifw.asarray(labels)
    assert step(layer, *given)[0].item() == pytest.approx(loss(layer, *given).item(), rel=1e-5)
    for wrong in (-1, 100):
        bags[5, 3] = wrong
        with pytest.raises(OutOfRangeError, match=f"embedding_bag: got the index {wrong} at"):
            step(layer, unifw.asarray(bags), given[1])
    for wrong in (-1, 16):
        labels[77] = wrong
        with pytest.raises(OutOfRangeError, match=f"cross_entropy: got the label {wrong} at"):
            step(layer, given[0], unifw.asarray(labels))


@pytest.mark.parametrize(
    "pick", [lambda x, i: unifw.take(x, i, axis=0), lambda x, i: x[i], lambda x, i: x[i, i % 16]],
    ids=["take", "index", "pairs"],
)  # fmt: skip
def test_an_index_that_only_a_gradient_reads_is_an_error_as_well(backend: str, pick: Any) -> None:
    """The rows' derivative does not depend on the rows, so that a compiled loop may write it first."""
    rng, table = np.random.default_rng(3), tensor(100, 16)
    plain = unifw.value_and_grad(lambda x, i: unifw.sum(pick(x, i) * 2))
    step, chosen = unifw.compile(plain), rng.integers(0, 100, 4096)
    wanted = plain(table, unifw.asarray(chosen))[1].numpy()
    np.testing.assert_array_equal(step(table, unifw.asarray(chosen))[1].numpy(), wanted)
    chosen[77] = 100
    with pytest.raises(OutOfRangeError):
        step(table, unifw.asarray(chosen))


@pytest.mark.parametrize("dims", [2, 3])
def test_an_index_that_lies_in_another_channel_is_an_error(backend: str, dims: int) -> None:
    pooled = (2, *(8,) * dims, 16)
    unpool, x, chosen = getattr(nn, f"MaxUnpool{dims}d")(2), unifw.ones(pooled), np.zeros(pooled, np.int64)
    run = unifw.compile(unpool)
    assert unifw.sum(run(x, unifw.asarray(chosen))).item() == 32
    for wrong in (-1, 16**dims, 10**12):
        chosen[1, -1] = wrong
        with pytest.raises(OutOfRangeError, match=f"max_unpool{dims}d: got the index {wrong} at"):
            run(x, unifw.asarray(chosen))


@pytest.mark.slow
def test_a_training_step_with_batch_norm_dropout_and_a_branch(backend: str) -> None:
    x, y = tensor(6, 3), tensor(6, 4)
    losses: list[list[float]] = []
    for compiles in (False, True):
        unifw.seed(1)
        model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm2d(4), nn.Dropout(0.5))
        rule = unifw.optim.AdamW(model, lr=0.05)

        def objective(model: Any, x: Any, y: Any) -> Any:
            out = model[2](unifw.reshape(model[1](unifw.reshape(model[0](x), (-1, 1, 1, 4))), (-1, 4)))
            return unifw.cond(unifw.mean(out) > 5, lambda: unifw.mean(out), lambda: unifw.mean((out - y) ** 2))

        def step(x: Any, y: Any) -> Any:
            value, gradients = unifw.value_and_grad(objective)(model, x, y)  # noqa: B023
            rule.step(gradients)  # noqa: B023
            return value

        run = unifw.compile(step) if compiles else step
        losses.append([run(x, y).item() for _ in range(4)])
        assert model[1].num_batches_tracked.item() == 4
    np.testing.assert_allclose(losses[1], losses[0], rtol=1e-4)


@pytest.mark.slow
def test_gradients_through_a_loop_with_an_open_axis(backend: str) -> None:
    layer = nn.Linear(4, 4)

    def grow(layer: Any, x: Any) -> Any:
        return unifw.sum(unifw.while_loop(lambda s: unifw.sum(s * s) < 50, lambda s: s * 1.3 + layer.bias, x) ** 2)

    compiled = unifw.compile(grow, dynamic={"x": {0: "batch"}})
    for size in (3, 1, 5):
        x = tensor(size, 4)
        value, gradients = unifw.value_and_grad(compiled)(layer, x)
        expected, wanted = unifw.value_and_grad(grow)(layer, x)
        np.testing.assert_allclose(value.item(), expected.item(), rtol=1e-5)
        np.testing.assert_allclose(gradients["bias"].numpy(), wanted["bias"].numpy(), rtol=1e-5)
    assert compiled.trace_count == 1


@pytest.mark.parametrize("mode", [pytest.param("max", marks=pytest.mark.slow), "reduce-overhead", "xla"])
def test_every_mode_gives_the_same(backend: str, mode: str) -> None:
    if mode not in unifw.get_backend().info.modes:
        return
    x = tensor(8, 4)
    function = unifw.compile(lambda x: unifw.softmax(unifw.tanh(x @ x.T), axis=-1), mode=mode)
    for _ in range(2):
        np.testing.assert_allclose(function(x).numpy(), unifw.softmax(unifw.tanh(x @ x.T), axis=-1).numpy(), rtol=1e-5)
