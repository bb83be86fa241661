"""Conv2d against loops in NumPy: output and every gradient, for each kind of window and both layouts."""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import numpy as np
import pytest

import unifw
from unifw import nn

Array = Any
Pairs = tuple[tuple[int, int], tuple[int, int]]
LAYOUTS = ("channels_last", "channels_first")
TOLERANCE = {"float64": 1e-12, "float32": 2e-5}


class Case(NamedTuple):
    """A layer, an image size, and the zeros around the image, worked out by hand."""

    options: dict[str, Any]
    size: tuple[int, int] = (6, 5)
    zeros: Pairs = ((0, 0), (0, 0))
    kernel: tuple[int, int] = (3, 3)


CASES = {
    "plain": Case({}),
    "valid": Case({"padding": "valid", "stride": (2, 1)}, kernel=(2, 3)),
    "number": Case({"padding": 1}, zeros=((1, 1), (1, 1))),
    "tuple": Case({"padding": (2, 1), "stride": 3}, zeros=((2, 2), (1, 1))),
    "same": Case({"padding": "same"}, (5, 6), ((1, 1), (1, 1))),
    "same-even-kernel": Case({"padding": "same"}, (5, 6), ((0, 1), (1, 2)), (2, 4)),
    "same-stride2": Case({"padding": "same", "stride": 2}, (8, 7), ((0, 1), (1, 1))),
    "same-stride3": Case({"padding": "same", "stride": (3, 3)}, (7, 8), ((1, 1), (0, 1))),
    "same-stride-over-kernel": Case({"padding": "same", "stride": 2}, (5, 6), kernel=(1, 1)),
    "dilation": Case({"dilation": (1, 2)}, (5, 7)),
    "dilation-padding": Case({"dilation": 2, "padding": 2}, (5, 6), ((2, 2), (2, 2))),
    "dilation-same-stride2": Case({"dilation": 2, "padding": "same", "stride": 2}, (8, 7), ((1, 2), (2, 2))),
    "groups": Case({"groups": 2}),
    "depthwise": Case({"groups": 4}),
    "depthwise-same-stride2": Case({"groups": 4, "padding": "same", "stride": 2}, (8, 7), ((0, 1), (1, 1))),
    "groups-dilation": Case({"groups": 2, "dilation": 2, "padding": 1}, (6, 7), ((1, 1), (1, 1))),
}


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    return (value, value) if isinstance(value, int) else value


def correlate(x: Array, weight: Array, bias: Array, upstream: Array | None, case: Case) -> tuple[Array, ...]:
    """The output for channels-last images, and the gradients of sum(output * upstream) for x, weight and bias."""
    (sh, sw), (dh, dw) = (pair(case.options.get(name, 1)) for name in ("stride", "dilation"))
    groups, (out, each, kh, kw) = case.options.get("groups", 1), weight.shape
    (top, bottom), (left, right) = case.zeros
    padded = np.pad(x, ((0, 0), (top, bottom), (left, right), (0, 0)))
    rows, columns = (
        (padded.shape[i + 1] - (k - 1) * d - 1) // s + 1 for i, k, d, s in ((0, kh, dh, sh), (1, kw, dw, sw))
    )
    y = np.zeros((len(x), rows, columns, out))
    upstream = np.zeros_like(y) if upstream is None else upstream
    dx, dw_, db = np.zeros_like(padded), np.zeros_like(weight), upstream.sum((0, 1, 2))
    for i, j, o in product(range(rows), range(columns), range(out)):
        first = o // (out // groups) * each
        window = (
            slice(None),
            slice(i * sh, i * sh + (kh - 1) * dh + 1, dh),
            slice(j * sw, j * sw + (kw - 1) * dw + 1, dw),
            slice(first, first + each),
        )
        kernel, g = weight[o].transpose(1, 2, 0), upstream[:, i, j, o][:, None, None, None]
        y[:, i, j, o] = (padded[window] * kernel).sum((1, 2, 3)) + bias[o]
        dx[window] += g * kernel
        dw_[o] += (g * padded[window]).sum(0).transpose(2, 0, 1)
    return y, dx[:, top : top + x.shape[1], left : left + x.shape[2]], dw_, db


def build(case: Case, layout: str, dtype: str, rng: np.random.Generator) -> tuple[nn.Conv2d, Array, unifw.Tensor]:
    """The layer in `dtype`, a channels-last image, and the same image as a tensor in the layer's layout."""
    layer = nn.Conv2d(4, 8, case.kernel, data_format=layout, **case.options).to(getattr(unifw, dtype))
    image = rng.standard_normal((2, *case.size, 4)).astype(dtype)
    return layer, image, given(image, layout)


def given(image: Array, layout: str) -> unifw.Tensor:
    return unifw.asarray(np.ascontiguousarray(image if layout == "channels_last" else np.moveaxis(image, -1, 1)))


def shown(x: unifw.Tensor, layout: str) -> Array:
    return x.numpy() if layout == "channels_last" else np.moveaxis(x.numpy(), 1, -1)


def close(got: Array, wanted: Array, dtype: str) -> None:
    tolerance = TOLERANCE[dtype]
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance * np.abs(wanted).max())


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_output(backend: str, rng: np.random.Generator, case: Case, layout: str, dtype: str) -> None:
    layer, image, x = build(case, layout, dtype, rng)
    wanted = correlate(image.astype("float64"), layer.weight.numpy(), layer.bias.numpy(), None, case)[0]
    y = layer(x)
    assert y.dtype is x.dtype
    close(shown(y, layout), wanted, dtype)


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_gradients(backend: str, rng: np.random.Generator, case: Case, layout: str, dtype: str) -> None:
    layer, image, x = build(case, layout, dtype, rng)
    upstream = rng.standard_normal(shown(layer(x), layout).shape).astype(dtype)
    pull = given(upstream, layout)
    found, dx = unifw.grad(lambda layer, x: unifw.sum(layer(x) * pull), argnums=(0, 1))(layer, x)
    weight, bias = layer.weight.numpy().astype("float64"), layer.bias.numpy()
    _, wanted_dx, dw, db = correlate(image.astype("float64"), weight, bias, upstream, case)
    assert list(found) == ["weight", "bias"]
    close(shown(dx, layout), wanted_dx, dtype)
    close(found["weight"].numpy(), dw, dtype)
    close(found["bias"].numpy(), db, dtype)


def test_output_by_hand(backend: str) -> None:
    """A box of ones over 1..9 with a stride of two and "same" counts what lies in each window."""
    layer = nn.Conv2d(1, 1, 2, stride=2, padding="same", bias=False)
    layer.load_state_dict({"weight": np.ones((1, 1, 2, 2), "float32")})
    image = unifw.reshape(unifw.arange(1.0, 10.0), (1, 3, 3, 1))
    assert layer(image)[0, :, :, 0].tolist() == [[12.0, 9.0], [15.0, 9.0]]


@pytest.mark.parametrize("size", range(1, 10))
@pytest.mark.parametrize("stride", [1, 2, 3, 4])
@pytest.mark.parametrize("kernel", [1, 2, 3, 5])
def test_same_gives_ceil_of_size_over_stride(backend: str, size: int, stride: int, kernel: int) -> None:
    layer = nn.Conv2d(1, 2, kernel, stride=stride, padding="same")
    assert layer(unifw.zeros((1, size, size + 1, 1))).shape == (1, -(-size // stride), -(-(size + 1) // stride), 2)


def test_no_images_give_no_outputs(backend: str) -> None:
    assert nn.Conv2d(2, 3, 2)(unifw.ones((0, 5, 5, 2))).shape == (0, 4, 4, 3)


@pytest.mark.parametrize(("groups", "bound"), [(1, 1 / 6), (4, 1 / 3)])
def test_initial_values_are_uniform_within_the_bound_of_fan_in(backend: str, groups: int, bound: float) -> None:
    layer = nn.Conv2d(4, 256, 3, groups=groups)
    for values in (layer.weight.numpy(), layer.bias.numpy()):
        assert np.abs(values).max() <= bound
        assert np.abs(values).max() > 0.95 * bound
        assert abs(values.mean()) < 0.15 * bound


def test_weight_has_the_layout_of_pytorch(backend: str) -> None:
    layer = nn.Conv2d(4, 6, (3, 2), groups=2)
    assert (layer.weight.shape, layer.bias.shape) == ((6, 2, 3, 2), (6,))
    assert nn.Conv2d(4, 6, 3, bias=False).bias is None
    assert "kernel_size=(3, 2)" in repr(layer)
