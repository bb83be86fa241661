"""grad and value_and_grad: every form of argument, kinks, second order and errors, against central differences."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import DTypeError, GradientError

Array = Any
Point = namedtuple("Point", "x y")


def double(x: Any) -> unifw.Tensor:
    return unifw.asarray(np.asarray(x, "float64"))


def differences(function: Callable[[Array], float], x: Array, width: float = 1e-6) -> Array:
    """Central differences of a function of a NumPy array, in float64."""
    slopes = np.zeros_like(x)
    for place in np.ndindex(x.shape):
        shift = np.zeros_like(x)
        shift[place] = width
        slopes[place] = (function(x + shift) - function(x - shift)) / (2 * width)
    return slopes


FUNCTIONS: dict[str, Callable[[Any], Any]] = {
    "polynomial": lambda x: unifw.sum(x**3 - 2 * x * x + x / 3 - 1),
    "quotient": lambda x: unifw.sum((x + 1) / (x * x + 2)),
    "power": lambda x: unifw.sum(2.0**x + (x * x + 1) ** 0.3),
    "exponential": lambda x: unifw.sum(unifw.exp(x) * unifw.sin(x) + unifw.tanh(x)),
    "logarithm": lambda x: unifw.sum(unifw.log(x * x + 1) + unifw.sqrt(x * x + 1)),
    "matmul": lambda x: unifw.sum(unifw.tanh(x @ x.T) @ x),
    "mean": lambda x: unifw.mean(x, axis=0)[1] * unifw.mean(x),
    "spread": lambda x: unifw.std(x) + unifw.var(x, axis=1, correction=1)[0],
    "product": lambda x: unifw.prod(x),
    "extremes": lambda x: unifw.max(x) * unifw.min(x, axis=1)[0],
    "choice": lambda x: unifw.sum(unifw.where(x > 0, x * x, unifw.exp(x))),
    "bounds": lambda x: unifw.sum(unifw.clip(x, -0.5, 0.5) * x + unifw.maximum(x, 0.1) + unifw.abs(x)),
    "indexing": lambda x: unifw.sum(x[0, :] * x[-1, ::2][0]) + unifw.sum(x[:, unifw.asarray([2, 2, 0])] ** 2),
    "take": lambda x: unifw.sum(unifw.take(x, unifw.asarray([1, 1, 0]), axis=0) ** 2),
    "shape": lambda x: unifw.sum(unifw.reshape(unifw.concat([x, 2 * x], axis=1), (3, -1))[2] ** 2),
    "order": lambda x: unifw.sum(unifw.sort(unifw.reshape(x, (-1,))) * unifw.arange(6, dtype=unifw.float64)),
    "broadcast": lambda x: unifw.sum(unifw.broadcast_to(x[:1, :], (4, 3)) * x[1, 0]),
}


@pytest.mark.parametrize("function", FUNCTIONS.values(), ids=FUNCTIONS)
def test_gradient_is_that_of_central_differences(backend: str, function: Callable[[Any], Any]) -> None:
    x = np.random.default_rng(3).standard_normal((2, 3))
    value, gradient = unifw.value_and_grad(function)(double(x))
    assert (value.shape, value.dtype, gradient.dtype) == ((), unifw.float64, unifw.float64)
    assert value.item() == function(double(x)).item()
    wanted = differences(lambda x: function(double(x)).item(), x)
    np.testing.assert_allclose(gradient.numpy(), wanted, rtol=1e-7, atol=1e-8)


def test_trees_give_trees_of_the_same_form(backend: str) -> None:
    one, two, three = double(1.0), double([2.0, 3.0]), double([[4.0]])

    def function(given: Any) -> unifw.Tensor:
        point = given["point"]
        return given["list"][0] * 5 + unifw.sum(point.x * point.x) + unifw.sum(point.y * given["list"][0])

    gradient = unifw.grad(function)({"list": [one, {"unused": two}], "point": Point(two, three)})
    assert set(gradient) == {"list", "point"}
    assert isinstance(gradient["list"], list)
    assert isinstance(gradient["point"], Point)
    assert gradient["list"][0].item() == 9.0
    assert gradient["list"][1]["unused"].tolist() == [0.0, 0.0]
    assert (gradient["point"].x.tolist(), gradient["point"].y.tolist()) == ([4.0, 6.0], [[1.0]])


def test_a_module_gives_a_flat_dict_of_its_trainable_parameters(backend: str, rng: np.random.Generator) -> None:
    model = nn.Sequential(nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)).to(unifw.float64)
    model[0].bias.trainable = False
    x = double(rng.standard_normal((5, 3)))

    def loss(model: Any) -> unifw.Tensor:
        return unifw.sum(model(x) ** 2)

    value, gradients = unifw.value_and_grad(loss)(model)
    assert list(gradients) == ["0.weight", "2.weight", "2.bias"]
    assert value.item() == loss(model).item()
    for name, parameter in model.named_parameters():
        if not parameter.trainable:
            continue
        kept = parameter.numpy()
        wanted = differences(lambda w, p=parameter: (p.assign(w), loss(model).item())[1], kept)
        parameter.assign(kept)
        np.testing.assert_allclose(gradients[name].numpy(), wanted, rtol=1e-6, atol=1e-7)


def test_a_shared_parameter_gets_the_sum_once(backend: str) -> None:
    layer = nn.Linear(1, 1, bias=False)
    layer.weight.assign([[3.0]])
    gradients = unifw.grad(lambda model: unifw.sum(model(unifw.ones((1, 1)))))(nn.Sequential(layer, layer))
    assert {name: x.tolist() for name, x in gradients.items()} == {"0.weight": [[6.0]]}


def test_mixtures_of_modules_parameters_and_tensors(backend: str) -> None:
    layer, scale, x = nn.Linear(1, 1, bias=False), unifw.Parameter([2.0]), unifw.asarray([[5.0]])
    layer.weight.assign([[3.0]])
    tree = {"x": x, "parts": [scale, layer], "again": x}
    gradient = unifw.grad(lambda t: unifw.sum(t["parts"][1](t["x"]) * t["parts"][0] + t["again"]))(tree)
    assert gradient["x"].tolist() == [[6.0]]
    assert gradient["again"].tolist() == [[1.0]]
    assert gradient["parts"][0].tolist() == [15.0]
    assert {name: g.tolist() for name, g in gradient["parts"][1].items()} == {"weight": [[10.0]]}


@pytest.mark.parametrize(("argnums", "wanted"), [(0, 6.0), (1, 3.0), (-1, 3.0), ((1, 0), (3.0, 6.0)), ([0], (6.0,))])
def test_argnums(backend: str, argnums: Any, wanted: Any) -> None:
    gradient = unifw.grad(lambda x, y, scale=1.0: x * y * scale, argnums)(double(1.0), double(2.0), scale=3.0)
    got = tuple(g.item() for g in gradient) if isinstance(gradient, tuple) else gradient.item()
    assert got == wanted


def test_one_tensor_at_two_places_has_two_gradients(backend: str) -> None:
    x = double(3.0)
    assert [g.item() for g in unifw.grad(lambda x, y: x * x * y, (0, 1))(x, x)] == [18.0, 9.0]


def test_aux_comes_back_as_it_is_and_without_a_history(backend: str) -> None:
    def function(x: Any) -> Any:
        return unifw.sum(x * x), {"doubled": x * 2, "word": "kept", "nested": [(x + 1, 7)]}

    (value, aux), gradient = unifw.value_and_grad(function, has_aux=True)(double([1.0, 2.0]))
    assert (value.item(), gradient.tolist(), aux["doubled"].tolist()) == (5.0, [2.0, 4.0], [2.0, 4.0])
    assert (aux["word"], aux["nested"][0][0].tolist(), aux["nested"][0][1]) == ("kept", [2.0, 3.0], 7)
    aux["doubled"].numpy()
    gradient, aux = unifw.grad(function, has_aux=True)(double([3.0]))
    assert (gradient.tolist(), aux["doubled"].tolist()) == ([6.0], [6.0])


def test_what_the_value_does_not_depend_on_gets_zeros(backend: str) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1))
    gradients = unifw.grad(lambda model, x: unifw.sum(model[1](x)), (0, 1))(model, unifw.ones((1, 2)))[0]
    assert gradients["0.weight"].tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert gradients["1.weight"].tolist() == [[1.0, 1.0]]
    assert unifw.grad(lambda x: unifw.asarray(1.0))(unifw.ones(2)).tolist() == [0.0, 0.0]
    assert unifw.grad(lambda x: unifw.sum(unifw.stop_gradient(x) * 3))(unifw.ones(2)).tolist() == [0.0, 0.0]


KINKS: dict[str, tuple[Callable[..., Any], list[float], list[float]]] = {
    "maximum": (lambda x: unifw.maximum(x, unifw.asarray([1.0, 1.0, 1.0])), [0.0, 1.0, 2.0], [0.0, 0.5, 1.0]),
    "minimum": (lambda x: unifw.minimum(x, unifw.asarray([1.0, 1.0, 1.0])), [0.0, 1.0, 2.0], [1.0, 0.5, 0.0]),
    "maximum-second": (lambda x: unifw.maximum(unifw.asarray([1.0]), x), [1.0], [0.5]),
    "relu": (nn.functional.relu, [-1.0, 0.0, 1.0], [0.0, 0.0, 1.0]),
    "clip": (lambda x: unifw.clip(x, -1.0, 1.0), [-2.0, -1.0, 0.0, 1.0, 2.0], [0.0, 1.0, 1.0, 1.0, 0.0]),
    "abs": (unifw.abs, [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]),
    "sign": (unifw.sign, [-2.0, 0.0, 2.0], [0.0, 0.0, 0.0]),
    "floor": (unifw.floor, [-1.5, 0.0, 2.0], [0.0, 0.0, 0.0]),
    "std": (unifw.std, [2.0, 2.0], [0.0, 0.0]),
    "max": (unifw.max, [1.0, 3.0, 3.0], [0.0, 0.5, 0.5]),
    "min": (unifw.min, [1.0, 1.0, 3.0], [0.5, 0.5, 0.0]),
    "prod": (unifw.prod, [0.0, 3.0, 2.0], [6.0, 0.0, 0.0]),
    "prod-zeros": (unifw.prod, [0.0, 0.0, 2.0], [0.0, 0.0, 0.0]),
    "cumulative_prod": (unifw.cumulative_prod, [2.0, 0.0, 3.0], [1.0, 8.0, 0.0]),
    "norm": (unifw.linalg.vector_norm, [0.0, 0.0], [0.0, 0.0]),
    "norm-1": (lambda x: unifw.linalg.vector_norm(x, ord=1), [0.0, 2.0], [0.0, 1.0]),
    "norm-3": (lambda x: unifw.linalg.vector_norm(x, ord=3), [0.0, 0.0], [0.0, 0.0]),
    "norm-inf": (lambda x: unifw.linalg.vector_norm(x, ord=float("inf")), [2.0, -2.0], [0.5, -0.5]),
    "matrix_norm": (lambda x: unifw.linalg.matrix_norm(unifw.reshape(x, (2, 2))), [0.0] * 4, [0.0] * 4),
    "std-correction": (lambda x: unifw.std(x, correction=1), [2.0, 2.0, 2.0], [0.0, 0.0, 0.0]),
    "clip-tensors": (lambda x: unifw.clip(x, unifw.zeros(3), unifw.ones(3)), [0.0, 1.0, 2.0], [1.0, 1.0, 0.0]),
    "relu6": (lambda x: unifw.clip(x, 0.0, 6.0), [-1.0, 6.0, 7.0], [0.0, 1.0, 0.0]),
    "sqrt": (unifw.sqrt, [0.0, 4.0], [float("inf"), 0.25]),
    "power-0": (lambda x: x**0, [0.0, 2.0], [0.0, 0.0]),
    "power-tensor-0": (lambda x: x ** unifw.zeros(2), [0.0, 2.0], [0.0, 0.0]),
    "power-1": (lambda x: x**1, [0.0], [1.0]),
    "power-of-0": (lambda x: 0.0**x, [0.0, 2.0], [0.0, 0.0]),
    "sort": (lambda x: unifw.sort(x) * unifw.asarray([1.0, 2.0, 3.0]), [1.0, 1.0, 0.0], [2.0, 3.0, 1.0]),
    "top_k": (lambda x: unifw.top_k(x, 1)[0], [1.0, 1.0, 0.0], [1.0, 0.0, 0.0]),
    "atan2": (lambda x: unifw.atan2(x, unifw.zeros(1)), [0.0], [0.0]),
    "copysign": (lambda x: unifw.copysign(x, unifw.asarray([-1.0])), [0.0], [0.0]),
    "remainder": (lambda x: x % 2.0, [2.0, 3.0], [1.0, 1.0]),
    "floor_divide": (lambda x: x // 2.0, [2.0, 3.0], [0.0, 0.0]),
    "round": (unifw.round, [0.5], [0.0]),
    "complex-abs": (lambda x: unifw.abs(x + 0j), [0.0], [0.0]),
    "pinv": (lambda x: unifw.linalg.pinv(unifw.reshape(x, (2, 2))), [1.0, 0.0, 0.0, 1.0], [-1.0] * 4),
    "svdvals": (lambda x: unifw.linalg.svdvals(unifw.reshape(x, (2, 2))), [1.0, 0.0, 0.0, 1.0], [1.0, 0.0, 0.0, 1.0]),
}


@pytest.mark.parametrize(("function", "x", "wanted"), KINKS.values(), ids=KINKS)
def test_kinks(backend: str, function: Any, x: list[float], wanted: list[float]) -> None:
    assert unifw.grad(lambda x: unifw.sum(function(x)))(unifw.asarray(x)).tolist() == wanted


@pytest.mark.parametrize("name", sorted(set(KINKS) - {"atan2", "sqrt"}))  # of which torch's forward mode is NaN
def test_kinks_in_forward_mode(backend: str, name: str) -> None:
    function, x, wanted = KINKS[name]
    direction = [float(i + 1) for i in range(len(x))]
    _, slope = unifw.jvp(lambda x: unifw.sum(function(x)), (unifw.asarray(x),), (unifw.asarray(direction),))
    if name != "norm-inf":  # whose forward mode takes one of the two largest elements
        assert slope.item() == pytest.approx(float(np.dot(wanted, direction)), abs=1e-6)


def test_second_order_by_nesting(backend: str) -> None:
    def slope(x: Any) -> Any:
        return unifw.sum(unifw.grad(lambda x: unifw.sum(x**4))(x))

    assert unifw.grad(slope)(double([1.0, -2.0])).tolist() == [12.0, 48.0]
    assert unifw.grad(lambda x: unifw.grad(slope)(x))(double(2.0)).item() == 48.0


def test_the_inner_gradient_sees_the_outer_variable(backend: str) -> None:
    """d/dx of d/dy (x^2 y^3) = 6 x y^2, where the inner function takes x from outside."""

    def inner(x: Any) -> Any:
        return unifw.grad(lambda y: x**2 * y**3)(double(5.0))

    value, gradient = unifw.value_and_grad(inner)(double(2.0))
    assert (value.item(), gradient.item()) == (300.0, 300.0)


def test_a_gradient_penalty_reaches_the_parameters(backend: str, rng: np.random.Generator) -> None:
    model = nn.Sequential(nn.Linear(2, 3), nn.ReLU(), nn.Linear(3, 1)).to(unifw.float64)
    x = double(rng.standard_normal((4, 2)))

    def penalty(model: Any) -> unifw.Tensor:
        return unifw.sum(unifw.grad(lambda x: unifw.sum(model(x)))(x) ** 2)

    gradients = unifw.grad(penalty)(model)
    kept = model[0].weight.numpy()
    wanted = differences(lambda w: (model[0].weight.assign(w), penalty(model).item())[1], kept)
    np.testing.assert_allclose(gradients["0.weight"].numpy(), wanted, rtol=1e-6, atol=1e-8)
    assert gradients["2.bias"].tolist() == [0.0]


def test_parameters_and_values_are_left_as_they_were(backend: str) -> None:
    model = nn.Linear(2, 1)
    value, gradients = unifw.value_and_grad(lambda model: unifw.sum(model(unifw.ones((1, 2)))))(model)
    for x in (value, *gradients.values(), model(unifw.ones((1, 2)))):
        np.asarray(x)  # a tensor with a history would refuse
    with pytest.raises(RuntimeError, match="stop"):
        unifw.grad(lambda model: (_ for _ in ()).throw(RuntimeError("stop")))(model)
    np.asarray(model(unifw.ones((1, 2))))
    assert unifw.grad(lambda x: x * x)(double(3.0)).item() == 6.0  # not taken for a nested one


ERRORS: dict[str, tuple[Callable[[], Any], type[Exception], str]] = {
    "integer": (
        lambda: unifw.grad(unifw.sum)(unifw.asarray([1, 2])),
        DTypeError,
        r"int64.*Write x.to\(unifw.float32\)",
    ),
    "boolean": (lambda: unifw.grad(unifw.sum)(unifw.asarray([True])), DTypeError, "bool.*expected a floating dtype"),
    "in-a-tree": (lambda: unifw.grad(lambda t: t[0])([unifw.ones(()), unifw.asarray(1)]), DTypeError, "int64"),
    "vector": (lambda: unifw.grad(lambda x: x)(unifw.ones(3)), GradientError, r"shape \(3,\).*Write unifw.mean"),
    "one-element": (lambda: unifw.grad(lambda x: x)(unifw.ones(1)), GradientError, r"shape \(1,\); expected a scalar"),
    "integer-value": (lambda: unifw.grad(lambda x: unifw.asarray(1))(unifw.ones(1)), GradientError, "dtype int64"),
    "number": (
        lambda: unifw.grad(lambda x: 1.0)(unifw.ones(1)),
        GradientError,
        "returned float 1.0; expected a scalar",
    ),
    "frozen": (lambda: unifw.grad(lambda m: m)(nn.Linear(1, 1).freeze()), GradientError, r"Write model.unfreeze\(\)"),
    "empty": (lambda: unifw.grad(lambda m: m)(nn.ReLU()), GradientError, "ReLU without trainable parameters"),
    "float": (lambda: unifw.grad(lambda x: x)(2.0), GradientError, r"got float 2.0.*Write unifw.asarray"),
    "nothing": (lambda: unifw.grad(lambda: unifw.ones(()))(), GradientError, "got argnums 0 for 0 positional"),
    "too-few": (
        lambda: unifw.grad(lambda x: x, (0, 2))(unifw.ones(())),
        GradientError,
        "got argnums .* for 1 positional",
    ),
    "no-leaves": (lambda: unifw.grad(lambda x: x)([]), GradientError, "got no tensors"),
}


@pytest.mark.parametrize(("call", "error", "words"), ERRORS.values(), ids=ERRORS)
def test_what_has_no_gradient_is_an_error(backend: str, call: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        call()
