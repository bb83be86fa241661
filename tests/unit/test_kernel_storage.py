"""Kernels may be stored with their axes in another order than PyTorch's, and nobody sees it."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.nn.functional.linear import linear_by_shares

SHAPES = [(4, 6), (4, 2, 3), (4, 2, 3, 2), (4, 2, 3, 2, 5)]
RULES = ["SGD", "Adam", "AdamW", "NAdam", "RAdam", "Adamax", "Adagrad", "Adadelta", "RMSprop", "Lion", "LAMB"]
LAYERS = [
    ("Linear", (2, 7, 4), {}),
    ("Linear", (1, 4), {}),
    ("Conv1d", (2, 7, 4), {}),
    ("Conv2d", (2, 7, 6, 4), {}),
    ("Conv2d", (2, 7, 6, 4), {"groups": 2}),
    ("Conv2d", (2, 7, 6, 4), {"groups": 4}),
    ("Conv3d", (2, 5, 4, 6, 4), {}),
    ("Conv3d", (2, 5, 4, 6, 4), {"groups": 4}),
    ("ConvTranspose1d", (2, 7, 4), {"stride": 2}),
    ("ConvTranspose2d", (2, 7, 6, 4), {"stride": 2}),
    ("ConvTranspose2d", (2, 7, 6, 4), {"groups": 4}),
    ("ConvTranspose3d", (2, 3, 4, 3, 4), {}),
]


def values(shape: tuple[int, ...], seed: int = 0) -> np.ndarray[Any, Any]:
    """Numbers that are all different, so that no two orders of axes look alike."""
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def build(name: str, options: dict[str, Any]) -> Any:
    return getattr(nn, name)(4, 8, *([3] if "Conv" in name else []), **options)


def function_of(name: str) -> Any:
    return getattr(nn.functional, name.lower().replace("transpose", "_transpose"))


@pytest.mark.parametrize("shape", SHAPES)
def test_a_parameter_is_what_it_was_made_of(backend: str, shape: tuple[int, ...]) -> None:
    x, y = values(shape), values(shape, 1)
    parameter = unifw.Parameter(x, dense=True)
    assert (parameter.shape, parameter.ndim, parameter.dtype, parameter.size) == (
        shape,
        len(shape),
        unifw.float32,
        x.size,
    )
    others = copy.deepcopy(parameter), pickle.loads(pickle.dumps(parameter)), parameter.alike(x), parameter + 0
    for made in (parameter, *others):
        np.testing.assert_array_equal(made.numpy(), x)
    np.testing.assert_array_equal(np.asarray(parameter[1, ..., 1].numpy()), x[1, ..., 1])
    np.testing.assert_array_equal(parameter.assign(y).numpy(), y)
    np.testing.assert_array_equal(parameter.to(unifw.float64).numpy(), y.astype("float64"))
    parameter += 1.0
    np.testing.assert_allclose(parameter.numpy(), y + 1.0, rtol=1e-6)
    with pytest.raises(unifw.errors.ShapeError, match="assign: got shape"):
        parameter.assign(np.swapaxes(x, 0, 1))


@pytest.mark.parametrize(("name", "shape", "options"), LAYERS)
def test_a_layer_is_its_function_of_a_plain_tensor(
    backend: str, name: str, shape: tuple[int, ...], options: dict[str, Any]
) -> None:
    layer, x = build(name, options), unifw.asarray(values(shape))
    function, weight = function_of(name), unifw.asarray(layer.weight.numpy())

    def of_layer(layer: Any, x: unifw.Tensor) -> unifw.Tensor:
        return unifw.sum(unifw.sin(layer(x)))

    def of_tensor(weight: unifw.Tensor, x: unifw.Tensor) -> unifw.Tensor:
        return unifw.sum(unifw.sin(function(x, weight, layer.bias, **options)))

    expected, found = unifw.value_and_grad(of_tensor)(weight, x), unifw.value_and_grad(of_layer)(layer, x)
    compiled = unifw.compile(lambda x: unifw.value_and_grad(of_layer)(layer, x))(x)
    for value, gradients in (found, compiled):
        np.testing.assert_allclose(value.numpy(), expected[0].numpy(), rtol=1e-5, atol=1e-5)
        assert gradients["weight"].shape == layer.weight.shape
        np.testing.assert_allclose(gradients["weight"].numpy(), expected[1].numpy(), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["Linear", "Conv2d"])
def test_products_with_the_jacobian_of_a_kernel(backend: str, name: str) -> None:
    layer, x = build(name, {"bias": False}), unifw.asarray(values((2, 5, 6, 4)))
    weight, direction = unifw.asarray(layer.weight.numpy()), unifw.asarray(values(layer.weight.shape, 3))

    def plain(weight: unifw.Tensor) -> unifw.Tensor:
        return unifw.sum(unifw.sin(function_of(name)(x, weight)))

    def ours(layer: Any) -> unifw.Tensor:
        return unifw.sum(unifw.sin(layer(x)))

    _, expected = unifw.jvp(plain, (weight,), (direction,))
    _, found = unifw.jvp(ours, (layer,), ({"weight": direction},))
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-4)
    _, (expected,) = unifw.hvp(plain, (weight,), (direction,))
    _, (products,) = unifw.hvp(ours, (layer,), ({"weight": direction},))
    np.testing.assert_allclose(products["weight"].numpy(), expected.numpy(), rtol=1e-4, atol=1e-4)
    again = unifw.grad(lambda layer: unifw.sum(unifw.sin(unifw.checkpoint(layer)(x))))(layer)
    np.testing.assert_allclose(again["weight"].numpy(), unifw.grad(ours)(layer)["weight"].numpy(), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("shape", [(4, 6), (4, 2, 3, 5)])
@pytest.mark.parametrize("rule", RULES)
def test_a_rule_does_the_same_to_a_kernel_and_to_its_numbers_in_a_row(
    backend: str, rule: str, shape: tuple[int, ...]
) -> None:
    start, rate = values(shape), 0.01
    pair = {"kernel": unifw.Parameter(start, dense=True), "row": unifw.Parameter(start.reshape(-1))}
    made = {name: getattr(unifw.optim, rule)({name: p}, lr=rate, weight_decay=0.1) for name, p in pair.items()}
    for seed in range(3):
        slope = values(shape, seed + 1)
        made["kernel"].step({"kernel": unifw.asarray(slope)})
        made["row"].step({"row": unifw.asarray(slope.reshape(-1))})
    np.testing.assert_allclose(pair["kernel"].numpy().reshape(-1), pair["row"].numpy(), rtol=1e-6, atol=1e-7)
    assert not np.allclose(pair["kernel"].numpy(), start, rtol=1e-4)
    states = [made[name].state_dict()["state"][name] for name in ("kernel", "row")]
    for key, state in states[0].items():
        assert state.shape == shape
        np.testing.assert_allclose(state.numpy().reshape(-1), states[1][key].numpy(), rtol=1e-6, atol=1e-9)
    twin = getattr(unifw.optim, rule)({"kernel": pair["kernel"]}, lr=rate, weight_decay=0.1)
    twin.load_state_dict(made["kernel"].state_dict())
    for key, state in states[0].items():
        np.testing.assert_allclose(twin.state_dict()["state"]["kernel"][key].numpy(), state.numpy(), rtol=1e-6)


@pytest.mark.parametrize("shape", [(4, 6), (4, 2, 3, 5)])
def test_a_rule_of_ones_own_sees_the_axes_of_pytorch(backend: str, shape: tuple[int, ...]) -> None:
    within = tuple(range(1, len(shape)))

    class Rows(unifw.optim.Optimizer):
        rule = "rows"

        def update(self, gradient: Any, parameter: Any, state: Any, hyper: Any) -> Any:
            assert gradient.shape == parameter.shape == shape
            return parameter - unifw.mean(gradient, axis=within, keepdims=True), state

    start, slope = values(shape), values(shape, 1)
    parameter = unifw.Parameter(start, dense=True)
    Rows({"p": parameter}, lr=1.0).step({"p": unifw.asarray(slope)})
    np.testing.assert_allclose(parameter.numpy(), start - slope.mean(within, keepdims=True), rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(("name", "shape"), [("Linear", (8, 4)), ("Conv2d", (8, 4, 3, 3))])
def test_averages_sums_and_clipping(backend: str, name: str, shape: tuple[int, ...]) -> None:
    function, target = function_of(name), unifw.ones((2, 5, 6, 8) if name == "Linear" else (2, 3, 4, 8))

    def trained(layer: Any, **options: Any) -> Any:
        layer.load_state_dict({"weight": values(shape)})
        ema = unifw.optim.EMA(layer, decay=0.5)
        loss = lambda y, target: unifw.mean((y - target) ** 2)  # noqa: E731
        trainer = unifw.Trainer(layer, unifw.optim.SGD(layer, lr=0.1), loss, ema=ema, progress=False, **options)
        trainer.fit([(unifw.asarray(values((2, 5, 6, 4), i)), target) for i in range(4)])
        return layer.weight.numpy(), ema.averages["weight"].numpy()

    def by_hand(accumulate: int) -> Any:
        weight = average = unifw.asarray(values(shape))
        for i in range(0, 4, accumulate):
            batch = [unifw.asarray(values((2, 5, 6, 4), i + j)) for j in range(accumulate)]
            slopes = [unifw.grad(lambda w, x=x: unifw.mean((function(x, w) - 1.0) ** 2))(weight) for x in batch]
            slope = sum(slopes[1:], slopes[0]) / accumulate
            clipped, _ = unifw.optim.clip_grad_norm({"w": slope}, 0.1)
            weight = weight - clipped["w"] * 0.1
            average = (average + weight) * 0.5
        return weight.numpy(), average.numpy()

    for accumulate in (1, 2):
        layer = build(name, {"bias": False})
        found = trained(layer, accumulate=accumulate, clip_norm=0.1)
        for x, y in zip(found, by_hand(accumulate), strict=True):
            np.testing.assert_allclose(x, y, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("rows", [1, 2])
def test_a_large_dense_layer_of_few_rows(backend: str, rows: int) -> None:
    layer, x = nn.Linear(640, 512), values((rows, 640))
    weight, bias = layer.weight.numpy().astype("float64"), layer.bias.numpy().astype("float64")
    expected = x.astype("float64") @ weight.T + bias
    for apply in (layer, unifw.compile(layer)):
        np.testing.assert_allclose(apply(unifw.asarray(x)).numpy(), expected, rtol=1e-4, atol=1e-5)

    def loss(layer: Any, x: unifw.Tensor) -> unifw.Tensor:
        return unifw.sum(layer(x) ** 2)

    slopes = unifw.grad(loss)(layer, unifw.asarray(x))
    np.testing.assert_allclose(slopes["weight"].numpy(), 2 * expected.T @ x, rtol=1e-4, atol=1e-3)


def test_inputs_by_shares_of_one_weight(backend: str) -> None:
    layer = nn.MultiheadAttention(8, 2)
    layer.in_proj_bias.assign(values((24,)))
    inputs = [values((2, 5, 8), seed) for seed in range(3)]
    found = linear_by_shares([unifw.asarray(x) for x in inputs], layer.in_proj_weight, layer.in_proj_bias)
    shares = zip(layer.in_proj_weight.numpy().reshape(3, 8, 8), layer.in_proj_bias.numpy().reshape(3, 8), strict=True)
    for y, x, (weight, bias) in zip(found, inputs, shares, strict=True):
        np.testing.assert_allclose(y.numpy(), x @ weight.T + bias, rtol=1e-5, atol=1e-6)
    with pytest.raises(unifw.errors.DTypeError, match="linear: got"):
        linear_by_shares([unifw.asarray(inputs[0].astype("float64"))], layer.in_proj_weight, None)


@pytest.mark.parametrize("max_norm", [None, 0.5])
def test_a_table_may_be_the_weight_of_a_dense_layer(backend: str, max_norm: float | None) -> None:
    table, head = nn.Embedding(6, 4, max_norm=max_norm), nn.Linear(4, 6, bias=False)
    table.weight, own = head.weight, nn.Embedding(6, 4, max_norm=max_norm)
    own.load_state_dict({"weight": values((6, 4))})
    head.load_state_dict({"weight": values((6, 4))})
    x = unifw.asarray([[1, 3, 1], [5, 0, 3]])

    def loss(table: Any) -> unifw.Tensor:
        return unifw.sum(unifw.sin(table(x)))

    expected, found = unifw.value_and_grad(loss)(own), unifw.value_and_grad(loss)(table)
    np.testing.assert_allclose(found[0].numpy(), expected[0].numpy(), rtol=1e-6)
    np.testing.assert_allclose(found[1]["weight"].numpy(), expected[1]["weight"].numpy(), rtol=1e-6)
    np.testing.assert_array_equal(head.weight.numpy(), own.weight.numpy())
