"""Linear, ReLU, Flatten and Sequential against values worked out in NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn

F = nn.functional


def double(x: Any) -> unifw.Tensor:
    return unifw.asarray(np.asarray(x, "float64"))


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize("lead", [(), (1,), (4,), (2, 3), (2, 1, 3), (0,), (2, 0)])
def test_linear_output_and_gradients(backend: str, rng: np.random.Generator, lead: tuple[int, ...], bias: bool) -> None:
    layer = nn.Linear(5, 3, bias=bias).to(unifw.float64)
    x, upstream = rng.standard_normal((*lead, 5)), rng.standard_normal((*lead, 3))
    weight, offset = layer.weight.numpy(), layer.bias.numpy() if bias else np.zeros(3)
    y = layer(double(x))
    assert y.shape == (*lead, 3)
    np.testing.assert_allclose(y.numpy(), x @ weight.T + offset, rtol=1e-13, atol=1e-13)
    pull = double(upstream)
    found, dx = unifw.grad(lambda layer, x: unifw.sum(layer(x) * pull), argnums=(0, 1))(layer, double(x))
    rows, pulls = x.reshape(-1, 5), upstream.reshape(-1, 3)
    np.testing.assert_allclose(dx.numpy(), upstream @ weight, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(found["weight"].numpy(), pulls.T @ rows, rtol=1e-13, atol=1e-13)
    assert list(found) == (["weight", "bias"] if bias else ["weight"])
    if bias:
        np.testing.assert_allclose(found["bias"].numpy(), pulls.sum(0), rtol=1e-13, atol=1e-13)


def test_linear_by_hand(backend: str) -> None:
    layer = nn.Linear(2, 3)
    layer.load_state_dict({"weight": np.array([[1, 2], [3, 4], [5, 6]], "float32"), "bias": np.array([0.5, 0, -1])})
    assert layer(unifw.asarray([[1.0, -1.0], [2.0, 0.5]])).tolist() == [[-0.5, -1.0, -2.0], [3.5, 8.0, 12.0]]


def test_linear_initial_values_are_uniform_within_the_bound_of_fan_in(backend: str) -> None:
    layer = nn.Linear(16, 200)
    assert layer.weight.shape == (200, 16)
    for values in (layer.weight.numpy(), layer.bias.numpy()):
        assert values.dtype == np.float32
        assert 0.95 * 0.25 < np.abs(values).max() <= 0.25
        assert abs(values.mean()) < 0.02
        assert abs(values.std() - 0.25 / 3**0.5) < 0.02


def test_relu(backend: str) -> None:
    x = unifw.asarray([-2.0, -0.0, 0.0, 3.0, float("inf"), -float("inf")])
    assert nn.ReLU()(x).tolist() == [0.0, 0.0, 0.0, 3.0, float("inf"), 0.0]
    assert unifw.grad(lambda x: unifw.sum(F.relu(x)))(unifw.asarray([-2.0, 0.0, 3.0])).tolist() == [0.0, 0.0, 1.0]
    assert np.isnan(nn.ReLU()(unifw.asarray([float("nan")])).item())
    assert nn.ReLU()(unifw.asarray([-2, 3])).tolist() == [0, 3]


def test_flatten_has_the_order_of_pytorch(backend: str, rng: np.random.Generator) -> None:
    """Both layouts of one image give one row: channels, then rows, then columns."""
    image = rng.standard_normal((2, 3, 4, 5)).astype("float32")  # N, C, H, W
    wanted = image.reshape(2, 60)
    last = np.ascontiguousarray(np.moveaxis(image, 1, -1))
    np.testing.assert_array_equal(nn.Flatten()(unifw.asarray(last)).numpy(), wanted)
    np.testing.assert_array_equal(nn.Flatten(data_format="channels_first")(unifw.asarray(image)).numpy(), wanted)


@pytest.mark.parametrize("shape", [(2, 3), (2, 3, 4)])
def test_flatten_keeps_the_order_of_what_is_no_image(backend: str, shape: tuple[int, ...]) -> None:
    x = unifw.reshape(unifw.arange(int(np.prod(shape))), shape)
    assert nn.Flatten()(x).tolist() == x.numpy().reshape(2, -1).tolist()


@pytest.mark.parametrize(
    ("start", "end", "shape"), [(0, -1, (24,)), (0, 1, (6, 4)), (1, 2, (2, 12)), (-2, -1, (2, 12))]
)
def test_flatten_function_joins_the_named_axes(backend: str, start: int, end: int, shape: tuple[int, ...]) -> None:
    x = unifw.reshape(unifw.arange(24), (2, 3, 4))
    y = F.flatten(x, start, end)
    assert y.shape == shape
    assert unifw.reshape(y, (-1,)).tolist() == list(range(24))


@pytest.mark.parametrize("layout", ["channels_last", "channels_first"])
def test_flatten_passes_the_gradient_back_in_place(backend: str, rng: np.random.Generator, layout: str) -> None:
    x, pull = rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((2, 60))
    layer = nn.Flatten(data_format=layout)
    dx = unifw.grad(lambda x: unifw.sum(layer(x) * double(pull)))(double(x)).numpy()
    wanted = pull.reshape(2, 3, 4, 5) if layout == "channels_first" else np.moveaxis(pull.reshape(2, 5, 3, 4), 1, -1)
    np.testing.assert_array_equal(dx, wanted)


def test_both_layouts_of_a_network_agree(backend: str, rng: np.random.Generator) -> None:
    """One state dict, one image, two layouts: the same numbers out of convolution, norm, pooling and Flatten."""

    def network(layout: str) -> nn.Sequential:
        return nn.Sequential(
            nn.Conv2d(3, 4, 3, stride=2, padding="same", data_format=layout),
            nn.BatchNorm2d(4, data_format=layout),
            nn.ReLU(),
            nn.MaxPool2d(2, data_format=layout),
            nn.Flatten(data_format=layout),
            nn.Linear(16, 5),
        ).to(unifw.float64)

    last, first = network("channels_last"), network("channels_first")
    assert not first.load_state_dict(last.state_dict())
    image = rng.standard_normal((3, 9, 8, 3))
    flipped = double(np.moveaxis(image, -1, 1))
    one, other = last(double(image)).numpy(), first(flipped).numpy()
    np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-13)
    np.testing.assert_allclose(last.eval()(double(image)).numpy(), first.eval()(flipped).numpy(), rtol=1e-12)
    assert np.ptp(one) > 0.1


def test_sequential_is_the_composition_of_its_layers(backend: str) -> None:
    layers = [nn.Linear(3, 4), nn.ReLU(), nn.Linear(4, 2)]
    model, x = nn.Sequential(*layers), unifw.asarray([[1.0, -2.0, 3.0]])
    assert model(x).tolist() == layers[2](layers[1](layers[0](x))).tolist()
    assert (len(model), list(model), model[1], model[-1]) == (3, layers, layers[1], layers[2])
    assert list(model[1:]) == layers[1:]
    assert list(model[:2].state_dict()) == ["0.weight", "0.bias"]
    assert nn.Sequential()(x) is x


def test_a_sequential_with_parts_of_its_own_shows_all_of_them(backend: str) -> None:
    """A subclass may add a parameter; to lose it from training and from files without a word would be worse."""

    class Scaled(nn.Sequential):
        def __init__(self) -> None:
            super().__init__(nn.Linear(2, 2))
            self.scale = unifw.Parameter([2.0])

        def forward(self, x: unifw.Tensor) -> unifw.Tensor:
            return super().forward(x) * self.scale

    assert list(Scaled().state_dict()) == ["0.weight", "0.bias", "scale"]
