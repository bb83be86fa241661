"""BatchNorm2d against its formulas in NumPy: output, running statistics and gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import ShapeError

Array = Any
LAYOUTS = ("channels_last", "channels_first")
TOLERANCE = {"float64": 1e-11, "float32": 2e-5}
CHANNELS = 3


def given(image: Array, layout: str) -> unifw.Tensor:
    return unifw.asarray(np.ascontiguousarray(image if layout == "channels_last" else np.moveaxis(image, -1, 1)))


def shown(x: unifw.Tensor, layout: str) -> Array:
    return x.numpy() if layout == "channels_last" else np.moveaxis(x.numpy(), 1, -1)


def images(rng: np.random.Generator, dtype: str = "float64") -> Array:
    return (rng.standard_normal((4, 3, 5, CHANNELS)) * [1, 2, 3] + [0, 1, -5]).astype(dtype)


def layer_of(rng: np.random.Generator, dtype: str = "float64", **options: Any) -> nn.BatchNorm2d:
    """A layer whose scale and offset are not the initial ones and zeros."""
    layer = nn.BatchNorm2d(CHANNELS, **options).to(getattr(unifw, dtype))
    for parameter in layer.parameters():
        parameter.assign(rng.standard_normal(CHANNELS))
    return layer


def close(got: Array, wanted: Array, dtype: str = "float64") -> None:
    tolerance = TOLERANCE[dtype]
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance * np.abs(wanted).max())


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("affine", [True, False])
def test_training_normalises_by_the_biased_variance(
    backend: str, rng: np.random.Generator, layout: str, dtype: str, affine: bool
) -> None:
    layer, x = layer_of(rng, dtype, affine=affine, data_format=layout, eps=1e-3), images(rng, dtype)
    wanted = (x - x.mean((0, 1, 2))) / np.sqrt(x.var((0, 1, 2)) + 1e-3)
    if affine:
        wanted = wanted * layer.weight.numpy() + layer.bias.numpy()
    close(shown(layer(given(x, layout)), layout), wanted, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("momentum", [0.1, 0.7])
def test_running_statistics_move_by_momentum_to_the_unbiased_variance(
    backend: str, rng: np.random.Generator, layout: str, dtype: str, momentum: float
) -> None:
    layer = layer_of(rng, dtype, momentum=momentum, data_format=layout)
    mean, var = np.zeros(CHANNELS), np.ones(CHANNELS)
    for _ in range(4):
        x = images(rng, dtype)
        layer(given(x, layout))
        mean = (1 - momentum) * mean + momentum * x.mean((0, 1, 2), dtype="float64")
        var = (1 - momentum) * var + momentum * x.var((0, 1, 2), ddof=1, dtype="float64")
    close(layer.running_mean.numpy(), mean, dtype)
    close(layer.running_var.numpy(), var, dtype)
    assert layer.num_batches_tracked.item() == 4
    assert layer.num_batches_tracked.dtype is unifw.int64


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("affine", [True, False])
def test_evaluation_uses_the_running_statistics_and_keeps_them(
    backend: str, rng: np.random.Generator, layout: str, dtype: str, affine: bool
) -> None:
    layer = layer_of(rng, dtype, affine=affine, data_format=layout).eval()
    mean, var = rng.standard_normal(CHANNELS).astype(dtype), rng.uniform(0.5, 2, CHANNELS).astype(dtype)
    layer.running_mean.assign(mean)
    layer.running_var.assign(var)
    x = images(rng, dtype)
    wanted = (x - mean) / np.sqrt(var + 1e-5)
    if affine:
        wanted = wanted * layer.weight.numpy() + layer.bias.numpy()
    close(shown(layer(given(x, layout)), layout), wanted, dtype)
    assert layer.running_mean.tolist() == mean.tolist()
    assert layer.running_var.tolist() == var.tolist()
    assert layer.num_batches_tracked.item() == 0


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_gradients_in_training(backend: str, rng: np.random.Generator, layout: str, dtype: str) -> None:
    layer, x = layer_of(rng, dtype, data_format=layout), images(rng, dtype)
    upstream = rng.standard_normal(x.shape).astype(dtype)
    pull = given(upstream, layout)
    found, dx = unifw.grad(lambda layer, x: unifw.sum(layer(x) * pull), argnums=(0, 1))(layer, given(x, layout))
    x, upstream, axes = x.astype("float64"), upstream.astype("float64"), (0, 1, 2)
    deviation = np.sqrt(x.var(axes) + 1e-5)
    normal = (x - x.mean(axes)) / deviation
    centred = upstream - upstream.mean(axes) - normal * (upstream * normal).mean(axes)
    close(shown(dx, layout), layer.weight.numpy() / deviation * centred, dtype)
    close(found["weight"].numpy(), (upstream * normal).sum(axes), dtype)
    close(found["bias"].numpy(), upstream.sum(axes), dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_gradients_in_evaluation(backend: str, rng: np.random.Generator, layout: str, dtype: str) -> None:
    layer, x = layer_of(rng, dtype, data_format=layout).eval(), images(rng, dtype)
    var = rng.uniform(0.5, 2, CHANNELS).astype(dtype)
    layer.running_var.assign(var)
    upstream = rng.standard_normal(x.shape).astype(dtype)
    pull = given(upstream, layout)
    found, dx = unifw.grad(lambda layer, x: unifw.sum(layer(x) * pull), argnums=(0, 1))(layer, given(x, layout))
    deviation = np.sqrt(var.astype("float64") + 1e-5)
    close(shown(dx, layout), upstream * layer.weight.numpy() / deviation, dtype)
    close(found["weight"].numpy(), (upstream.astype("float64") * x / deviation).sum((0, 1, 2)), dtype)
    close(found["bias"].numpy(), upstream.sum((0, 1, 2), dtype="float64"), dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("layout", LAYOUTS)
def test_one_value_per_channel_in_training_is_an_error(backend: str, layout: str, dtype: str) -> None:
    layer = nn.BatchNorm2d(CHANNELS, data_format=layout).to(getattr(unifw, dtype))
    x = given(np.ones((1, 1, 1, CHANNELS), dtype), layout)
    with pytest.raises(ShapeError, match="more than one value"):
        layer(x)
    assert layer.running_mean.tolist() == [0.0] * CHANNELS
    assert layer.running_var.tolist() == [1.0] * CHANNELS
    assert layer.num_batches_tracked.item() == 0
    assert layer.eval()(x).shape == x.shape


def test_two_values_per_channel_are_enough(backend: str) -> None:
    layer = nn.BatchNorm2d(1, momentum=1.0, eps=1e-12)
    y = layer(unifw.reshape(unifw.asarray([1.0, 3.0]), (2, 1, 1, 1)))
    assert y[:, 0, 0, 0].tolist() == [-1.0, 1.0]
    assert (layer.running_mean.item(), layer.running_var.item()) == (2.0, 2.0)


def test_freezing_keeps_parameters_but_not_statistics(backend: str, rng: np.random.Generator) -> None:
    layer = nn.BatchNorm2d(CHANNELS).freeze()
    layer(given(images(rng, "float32"), "channels_last"))
    assert layer.num_batches_tracked.item() == 1
    assert layer.running_mean.tolist() != [0.0] * CHANNELS


def test_constant_channels_give_the_offset(backend: str) -> None:
    layer = nn.BatchNorm2d(2)
    layer.bias.assign([1.5, -2.0])
    np.testing.assert_allclose(layer(unifw.full((2, 3, 3, 2), 7.0)).numpy()[0, 0, 0], [1.5, -2.0], atol=1e-4)
