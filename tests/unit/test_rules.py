"""no_grad, custom_gradient and checkpoint: eagerly, in a graph of the backend, and with derivatives around them."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import GradientError, OperandError

X = np.array([0.5, -1.5, 2.0])


def double(x: Any) -> unifw.Tensor:
    return unifw.asarray(np.asarray(x, "float64"))


def in_graph(backend: str, function: Callable[..., unifw.Tensor], *xs: unifw.Tensor) -> list[Any]:
    """What the function gives as a graph of its backend, run twice."""
    wrap = xs[0].wrap
    run = lambda *natives: function(*map(wrap, natives)).native  # noqa: E731
    natives = [x.native for x in xs]
    if backend == "tensorflow":
        import tensorflow as tf

        graph = tf.function(run, autograph=False)
    else:
        from torch.fx.experimental.proxy_tensor import make_fx

        graph = make_fx(run, tracing_mode="symbolic")(*natives)
    return [wrap(graph(*natives)).numpy() for _ in range(2)]


# ---- no_grad


def scaled(x: Any) -> Any:
    with unifw.no_grad():
        scale = x * 2
    return unifw.sum(x * scale)


@unifw.no_grad()
def twice(x: Any) -> Any:
    """A function whose result is a constant."""
    return x * 2


def test_no_grad_makes_constants(backend: str) -> None:
    assert unifw.grad(scaled)(double(X)).tolist() == (2 * X).tolist()
    assert unifw.grad(lambda x: unifw.sum(x * twice(x)))(double(X)).tolist() == (2 * X).tolist()
    assert unifw.jvp(scaled, (double(X),), (unifw.ones_like(double(X)),))[1].item() == (2 * X).sum()
    assert twice.__doc__ == "A function whose result is a constant."
    for values in in_graph(backend, unifw.grad(scaled), double(X)):
        assert values.tolist() == (2 * X).tolist()


def test_derivatives_inside_no_grad_are_taken_and_are_constants(backend: str) -> None:
    with unifw.no_grad():
        assert unifw.grad(lambda x: unifw.sum(x * x))(double(X)).tolist() == (2 * X).tolist()
        assert unifw.jvp(unifw.square, (double(X),), (double(X),))[1].tolist() == (2 * X * X).tolist()

    def function(x: Any) -> Any:
        with unifw.no_grad():
            slope = unifw.grad(lambda y: unifw.sum(y * y * x))(x)
        return unifw.sum(x * slope)

    assert unifw.grad(function)(double(X)).tolist() == (2 * X * X).tolist()


def test_no_grad_ends_after_an_error(backend: str) -> None:
    with pytest.raises(ZeroDivisionError), unifw.no_grad():
        raise ZeroDivisionError
    assert unifw.grad(lambda x: x * x)(double(3.0)).item() == 6.0


# ---- custom_gradient


@unifw.custom_gradient
def odd(x: Any) -> Any:
    """A cube that says that its slope is 7 x^2, not 3 x^2: so it shows which rule is used."""
    square = x * x
    return square * x, lambda upstream: upstream * 7 * square


def test_the_rule_takes_the_place_of_the_gradient(backend: str) -> None:
    x = double(2.0)
    assert odd(x).item() == 8.0
    assert unifw.grad(odd)(x).item() == 28.0
    assert unifw.jvp(odd, (x,), (double(0.5),))[1].item() == 14.0
    assert unifw.vmap(unifw.grad(odd))(double(X)).tolist() == (7 * X * X).tolist()
    assert [v.tolist() for v in in_graph(backend, unifw.grad(odd), x)] == [28.0, 28.0]


def test_the_rule_is_differentiated_again(backend: str) -> None:
    x, one = double(2.0), double(1.0)
    assert unifw.grad(unifw.grad(odd))(x).item() == 28.0
    assert unifw.jvp(unifw.grad(odd), (x,), (one,))[1].item() == 28.0
    assert unifw.grad(lambda x: unifw.jvp(odd, (x,), (one,))[1])(x).item() == 28.0
    assert unifw.hvp(odd, (x,), (one,))[1][0].item() == 28.0


def test_rules_of_trees_and_several_arguments(backend: str) -> None:
    @unifw.custom_gradient
    def function(given: Any, count: Any, factor: Any) -> Any:
        def pullback(upstream: Any) -> Any:
            return {"a": upstream["sum"] * 2, "b": [None]}, None, upstream["product"] * 5

        return {"sum": given["a"] + given["b"][0], "product": factor * count}, pullback

    def total(given: Any, factor: Any) -> Any:
        output = function(given, unifw.asarray(3), factor)
        return unifw.sum(output["sum"]) + unifw.sum(output["product"])

    given, slope = unifw.grad(total, (0, 1))({"a": double(X), "b": [double(X)]}, double(X))
    assert (given["a"].tolist(), given["b"][0].tolist(), slope.tolist()) == ([2.0] * 3, [0.0] * 3, [5.0] * 3)


def test_a_rule_may_clip(backend: str) -> None:
    clipped = unifw.custom_gradient(lambda x: (x, lambda upstream: unifw.clip(upstream, -1.0, 1.0)))
    assert unifw.grad(lambda x: unifw.sum(clipped(x) * double([5.0, -0.5, -3.0])))(double(X)).tolist() == [1, -0.5, -1]


@pytest.mark.parametrize(
    ("function", "words"),
    [
        (lambda x: x, r"expected a pair"),
        (lambda x: (x, lambda upstream: unifw.sum(upstream)), r"got the gradient Tensor of shape \(\).*\(3,\)"),
        (lambda x: (x, lambda upstream: [upstream, upstream]), r"got gradients of the form list"),
    ],
)
def test_rules_that_do_not_fit(backend: str, function: Any, words: str) -> None:
    with pytest.raises(GradientError, match=words):
        unifw.grad(lambda x: unifw.sum(unifw.custom_gradient(function)(x)))(double(X))


# ---- checkpoint


def model_of(dropout: bool) -> Any:
    layers = [nn.Linear(3, 4), nn.BatchNorm2d(4), nn.Dropout(0.5 if dropout else 0.0), nn.Linear(4, 3)]
    return nn.Sequential(*layers).to(unifw.float64)


def test_checkpoint_gives_the_same_derivatives(backend: str) -> None:
    def block(x: Any, y: Any) -> Any:
        return {"out": unifw.sin(x) * y[0], "more": [unifw.exp(y)]}

    def total(x: Any, y: Any, wrap: Any) -> Any:
        output = wrap(block)(x, y=y)
        return unifw.sum(output["out"]) + unifw.sum(output["more"][0] ** 2)

    x, y, v = double(X), double(X + 1), (double(X), double(X))
    plain, again = (lambda x, y, w=w: total(x, y, w) for w in (lambda f: f, unifw.checkpoint))
    for wanted, found in (
        (unifw.grad(plain, (0, 1))(x, y), unifw.grad(again, (0, 1))(x, y)),
        (unifw.hvp(plain, (x, y), v)[1], unifw.hvp(again, (x, y), v)[1]),
        (unifw.jvp(plain, (x, y), v), unifw.jvp(again, (x, y), v)),
        (
            [unifw.vmap(f, in_axes=(None, 0))(x, unifw.stack([y, y])) for f in (unifw.grad(plain),)],
            [unifw.vmap(f, in_axes=(None, 0))(x, unifw.stack([y, y])) for f in (unifw.grad(again),)],
        ),
    ):
        for one, other in zip(wanted, found, strict=True):
            np.testing.assert_allclose(other.numpy(), one.numpy(), rtol=1e-13)
    graph = in_graph(backend, unifw.grad(again), x, y)
    for values in graph:
        np.testing.assert_allclose(values, unifw.grad(plain)(x, y).numpy(), rtol=1e-13)


def test_checkpoint_runs_the_function_again(backend: str) -> None:
    runs = []

    def counted(x: Any) -> Any:
        runs.append(1)
        return unifw.exp(x)

    unifw.checkpoint(counted)(double(X))
    assert len(runs) == 1
    unifw.grad(lambda x: unifw.sum(unifw.checkpoint(counted)(x)))(double(X))
    assert len(runs) == 3


def test_what_a_checkpoint_takes_from_outside_gets_gradients(backend: str) -> None:
    layer = nn.Linear(3, 3).to(unifw.float64)

    def total(model: Any, x: Any, wrap: Any) -> Any:
        y = unifw.tanh(x) * 2
        return unifw.sum(wrap(lambda z: model(z) * y)(x) ** 2)

    plain, again = (
        unifw.grad(lambda model, x, w=w: total(model, x, w), (0, 1))(layer, double(X))
        for w in (lambda f: f, unifw.checkpoint)
    )
    np.testing.assert_allclose(again[1].numpy(), plain[1].numpy(), rtol=1e-13)
    for name in plain[0]:
        np.testing.assert_allclose(again[0][name].numpy(), plain[0][name].numpy(), rtol=1e-13)


@pytest.mark.parametrize("where", ["backend", "host"])
def test_checkpoint_draws_the_same_mask_again(backend: str, where: str) -> None:
    dropout = nn.Dropout(0.5)

    def block(x: Any) -> Any:
        return dropout(unifw.square(x)) + unifw.random.uniform((1000,), dtype=unifw.float64)

    def total(x: Any) -> Any:
        y = unifw.checkpoint(block)(x)
        return unifw.sum(y + dropout(y * 0))

    x = unifw.ones(1000, dtype=unifw.float64)
    with unifw.random.host_mode() if where == "host" else nullcontext():
        value, gradient = unifw.value_and_grad(total)(x)
    kept = gradient.numpy() == 4.0
    assert set(gradient.numpy()) == {0.0, 4.0}
    assert 2 * kept.sum() < value.item() < 2 * kept.sum() + 1000
    if where == "backend":
        masks = in_graph(backend, unifw.grad(total), x)
        assert all(set(mask) == {0.0, 4.0} for mask in masks)
        assert masks[0].tobytes() != masks[1].tobytes()


def test_checkpoint_of_a_module_leaves_its_buffers_alone(backend: str) -> None:
    model, twin = model_of(dropout=False), model_of(dropout=False)
    twin.load_state_dict(model.state_dict())
    images = double(np.random.default_rng(1).standard_normal((5, 2, 2, 3)))
    plain = unifw.grad(lambda model: unifw.sum(model(images) ** 2))(model)
    again = unifw.grad(lambda model: unifw.sum(unifw.checkpoint(model)(images) ** 2))(twin)
    for name in plain:
        np.testing.assert_allclose(again[name].numpy(), plain[name].numpy(), rtol=1e-11, atol=1e-12)
    for name, buffer in model.named_buffers():
        np.testing.assert_array_equal(dict(twin.named_buffers())[name].numpy(), buffer.numpy(), name)


def test_checkpoint_refuses_what_is_no_tensor(backend: str) -> None:
    with pytest.raises(OperandError, match=r"returned float 1.0; expected Tensors"):
        unifw.checkpoint(lambda x: 1.0)(double(X))
