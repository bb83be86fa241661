"""vjp, jvp, jacobian, hessian and hvp: over tensors, trees and Modules, nested, and what they refuse."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import ArgumentError, DTypeError, GradientError


def double(x: Any) -> unifw.Tensor:
    return unifw.asarray(np.asarray(x, "float64"))


def cubes(x: Any) -> Any:
    return unifw.sum(x**3 * double([1.0, 2.0, 3.0]))


def turned(x: Any) -> Any:
    return unifw.sin(x) * x[0]


X, V = [1.0, 2.0, 3.0], [1.0, 0.0, 2.0]
SLOPES = [  # the Jacobian of `turned` at X
    [np.sin(1) + np.cos(1), 0, 0],
    [np.sin(2), np.cos(2), 0],
    [np.sin(3), 0, np.cos(3)],
]


def model_and_rows() -> tuple[Any, unifw.Tensor]:
    model = nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1)).to(unifw.float64)
    for parameter in model.parameters():
        size = int(np.prod(parameter.shape))
        parameter.assign(np.linspace(0.3, 1.1, size).reshape(parameter.shape))
    return model, double([[0.5, -0.2, 1.0], [1.5, 0.7, 0.1]])


def loss(model: Any, x: Any) -> Any:
    return unifw.sum(unifw.tanh(model(x)) ** 2)


def test_vjp_and_jvp_are_products_with_the_jacobian(backend: str) -> None:
    output, pullback = unifw.vjp(turned, double(X))
    np.testing.assert_allclose(output.numpy(), np.sin(X), rtol=1e-15)
    (gradient,) = pullback(double(V))
    np.testing.assert_allclose(gradient.numpy(), np.asarray(V) @ SLOPES, rtol=1e-14)
    np.testing.assert_allclose(pullback(double(X))[0].numpy(), np.asarray(X) @ SLOPES, rtol=1e-14)  # again
    output, tangent = unifw.jvp(turned, (double(X),), (double(V),))
    np.testing.assert_allclose(tangent.numpy(), SLOPES @ np.asarray(V), rtol=1e-14)


@pytest.mark.parametrize("mode", ["reverse", "forward"])
def test_jacobian(backend: str, mode: str) -> None:
    np.testing.assert_allclose(unifw.jacobian(turned, mode=mode)(double(X)).numpy(), SLOPES, rtol=1e-14, atol=1e-16)
    both = unifw.jacobian(lambda x, y: {"a": x * y, "b": [unifw.sum(x)]}, (0, 1), mode=mode)(double(X), double(V))
    assert both["a"][0].tolist() == np.diag(V).tolist()
    assert both["a"][1].tolist() == np.diag(X).tolist()
    assert [x.tolist() for x in both["b"][0]] == [[1.0] * 3, [0.0] * 3]
    found, aux = unifw.jacobian(lambda x: (x[:2] * 2, {"word": "kept", "x": x + 1}), mode=mode, has_aux=True)(double(X))
    assert found.tolist() == [[2.0, 0.0, 0.0], [0.0, 2.0, 0.0]]
    assert (aux["word"], aux["x"].tolist()) == ("kept", [2.0, 3.0, 4.0])
    model, x = model_and_rows()
    of_model = unifw.jacobian(lambda model: model(x), mode=mode)(model)
    assert {name: y.shape for name, y in of_model.items()} == {
        "0.weight": (2, 1, 2, 3), "0.bias": (2, 1, 2), "2.weight": (2, 1, 1, 2), "2.bias": (2, 1, 1),
    }  # fmt: skip
    gradient = unifw.grad(lambda model: unifw.sum(model(x)))(model)
    for name, y in of_model.items():
        np.testing.assert_allclose(unifw.sum(y, axis=(0, 1)).numpy(), gradient[name].numpy(), rtol=1e-12)


def test_hessian_and_hvp(backend: str) -> None:
    assert unifw.hessian(cubes)(double(X)).tolist() == np.diag([6.0, 24.0, 54.0]).tolist()
    value, (product,) = unifw.hvp(cubes, (double(X),), (double(V),))
    assert (value.item(), product.tolist()) == (98.0, [6.0, 0.0, 108.0])
    model, x = model_and_rows()
    direction = unifw.grad(loss)(model, x)
    _, (product,) = unifw.hvp(lambda model: loss(model, x), (model,), (direction,))
    matrix = unifw.hessian(lambda model: loss(model, x))(model)
    for name in product:
        rows = [unifw.tensordot(matrix[name][other], g, axes=g.ndim) for other, g in direction.items()]
        np.testing.assert_allclose(product[name].numpy(), sum(row.numpy() for row in rows), rtol=1e-10, atol=1e-12)


def test_the_tangents_of_a_module_are_a_dict(backend: str) -> None:
    model, x = model_and_rows()
    model[0].bias.trainable = False
    gradient = unifw.grad(loss)(model, x)
    value, slope = unifw.jvp(lambda model, x: loss(model, x), (model, x), (gradient, unifw.zeros_like(x)))
    assert list(gradient) == ["0.weight", "2.weight", "2.bias"]
    np.testing.assert_allclose(slope.item(), sum(float(unifw.sum(g * g)) for g in gradient.values()), rtol=1e-12)
    np.testing.assert_allclose(value.item(), loss(model, x).item(), rtol=1e-15)
    _, pullback = unifw.vjp(loss, model, x)
    for name, g in pullback(unifw.ones((), dtype=unifw.float64))[0].items():
        np.testing.assert_allclose(g.numpy(), gradient[name].numpy(), rtol=1e-14)


ORDERS: dict[str, tuple[Callable[[Any, Any], Any], Any]] = {  # of x**3 weighed 1, 2, 3
    "forward-reverse": (lambda x, v: unifw.jvp(unifw.grad(cubes), (x,), (v,))[1], [6.0, 0.0, 108.0]),
    "reverse-forward": (lambda x, v: unifw.grad(lambda x: unifw.jvp(cubes, (x,), (v,))[1])(x), [6.0, 0.0, 108.0]),
    "forward-forward": (lambda x, v: unifw.jvp(lambda x: unifw.jvp(cubes, (x,), (v,))[1], (x,), (v,))[1], 222.0),
    "reverse-vjp": (
        lambda x, v: unifw.grad(lambda x: unifw.sum(unifw.vjp(lambda x: x**3, x)[1](v)[0]))(x),
        [6.0, 0.0, 36.0],
    ),
    "third": (
        lambda x, v: unifw.jacobian(unifw.hessian(cubes))(x)[2, 2],
        [0.0, 0.0, 18.0],
    ),
}


@pytest.mark.parametrize(("function", "wanted"), ORDERS.values(), ids=ORDERS)
def test_orders_and_modes_nest(backend: str, function: Any, wanted: Any) -> None:
    np.testing.assert_allclose(function(double(X), double(V)).numpy(), wanted, rtol=1e-13)


def test_values_are_seen_inside_a_derivative(backend: str) -> None:
    """`if` on a value chooses the branch that is differentiated, in every mode."""

    def branching(x: Any) -> Any:
        return x * x if x > 1 else -x

    for x, slope in ((2.0, 4.0), (0.5, -1.0)):
        assert unifw.grad(branching)(double(x)).item() == slope
        assert unifw.jvp(branching, (double(x),), (double(1.0),))[1].item() == slope
        assert unifw.hvp(branching, (double(x),), (double(1.0),))[0].item() == branching(double(x)).item()


def test_results_have_no_history(backend: str) -> None:
    output, pullback = unifw.vjp(turned, double(X))
    for x in (output, *pullback(double(V)), *unifw.jvp(turned, (double(X),), (double(V),))):
        np.asarray(x)
    model, x = model_and_rows()
    unifw.vjp(loss, model, x)
    np.asarray(model(x))


def test_complex_numbers(backend: str) -> None:
    z = unifw.asarray(np.array([1 + 2j, 3 - 1j]))
    gradient = unifw.grad(lambda z: unifw.sum(unifw.abs(z) ** 2))(z)
    np.testing.assert_allclose(gradient.numpy(), 2 * z.numpy(), rtol=1e-14)
    tangent = unifw.jvp(lambda z: z * z, (z,), (unifw.ones_like(z),))[1]
    np.testing.assert_allclose(tangent.numpy(), 2 * z.numpy(), rtol=1e-14)


one = lambda: unifw.ones(2)  # noqa: E731
ERRORS: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "integer": (lambda: unifw.vjp(lambda x: x, unifw.asarray([1])), DTypeError, r"vjp: .*int64.*Write x.to"),
    "forward-integer": (
        lambda: unifw.jvp(lambda x: x, (unifw.asarray([1]),), (unifw.asarray([1]),)),
        DTypeError,
        "jvp: .*int64",
    ),
    "no-tensor": (lambda: unifw.jacobian(lambda x: x)(2.0), GradientError, "got float 2.0; expected Tensors"),
    "tangent-shape": (
        lambda: unifw.jvp(lambda x: x, (one(),), (unifw.ones(3),)),
        GradientError,
        r"jvp: got tangents Tensor of shape \(3,\).* for Tensor of shape \(2,\).*expected the same shape",
    ),
    "tangent-dtype": (
        lambda: unifw.jvp(lambda x: x, (one(),), (unifw.ones(2, dtype=unifw.float64),)),
        GradientError,
        "float64 for .*float32",
    ),
    "tangent-count": (lambda: unifw.jvp(lambda x: x, (one(),), ()), GradientError, "got 0 tangents for 1 arguments"),
    "tangent-form": (lambda: unifw.hvp(unifw.sum, (one(),), ([one()],)), GradientError, r"form list with \[0\]"),
    "tangent-names": (
        lambda: unifw.jvp(lambda m: m(one()), (nn.Linear(2, 1),), ({"weight": unifw.ones((1, 2))},)),
        GradientError,
        r"form dict with \['weight'\]; expected that of the argument, dict with \['weight', 'bias'\]",
    ),
    "cotangent": (lambda: unifw.vjp(lambda x: x, one())[1](unifw.ones(())), GradientError, "vjp: got the cotangent"),
    "integer-output": (
        lambda: unifw.vjp(unifw.argmax, one()),
        GradientError,
        "the function returned .*int64; expected floating Tensors.*has_aux",
    ),
    "word-output": (lambda: unifw.jvp(lambda x: "w", (one(),), (one(),)), GradientError, "returned str 'w'"),
    "no-pair": (lambda: unifw.vjp(lambda x: x, one(), has_aux=True), GradientError, "expected a pair"),
    "grad-no-pair": (lambda: unifw.grad(unifw.sum, has_aux=True)(one()), GradientError, "expected a pair"),
    "complex-value": (lambda: unifw.grad(lambda x: unifw.sum(x + 1j))(one()), GradientError, "a real floating scalar"),
    "frozen": (lambda: unifw.vjp(lambda m: m, nn.Linear(1, 1).freeze()), GradientError, r"Write model.unfreeze\(\)"),
    "mode": (lambda: unifw.jacobian(lambda x: x, mode="back"), ArgumentError, "got mode='back'"),
    "argnums": (lambda: unifw.hessian(unifw.sum, 3)(one()), GradientError, "got argnums 3 for 1 positional"),
    "no-derivative": (
        lambda: unifw.grad(lambda x: unifw.sum(unifw.linalg.qr(x, mode="complete")[1]))(unifw.ones((3, 2))),
        GradientError,
        r"grad: the backward pass failed.*Write unifw.stop_gradient\(x\)",
    ),
}


@pytest.mark.parametrize(("call", "error", "words"), ERRORS.values(), ids=ERRORS)
def test_what_has_no_derivative_is_an_error(backend: str, call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()


def test_an_error_of_the_function_passes_through_and_leaves_nothing(backend: str) -> None:
    model = nn.Linear(2, 1)

    def fails(model: Any) -> Any:
        raise ZeroDivisionError("mine")

    for call in (
        lambda: unifw.grad(fails)(model),
        lambda: unifw.vjp(fails, model),
        lambda: unifw.jvp(fails, (model,), (dict(model.named_parameters()),)),
    ):
        with pytest.raises((ZeroDivisionError, GradientError)):
            call()
        np.asarray(model(one()))
        assert unifw.grad(lambda x: x * x)(double(3.0)).item() == 6.0
