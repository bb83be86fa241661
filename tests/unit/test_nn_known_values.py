"""Layers against values worked out by hand, NumPy or SciPy."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import signal, special

import unifw
from unifw import nn

F = nn.functional
X = np.linspace(-4, 4, 33)
LOW, HIGH = np.minimum(X, 0), np.maximum(X, 0)

# By the formulas of the papers, in float64.
ACTIVATIONS: dict[str, tuple[nn.Module, Any]] = {
    "elu": (nn.ELU(0.5), HIGH + 0.5 * np.expm1(LOW)),
    "selu": (nn.SELU(), 1.0507009873554805 * (HIGH + 1.6732632423543772 * np.expm1(LOW))),
    "celu": (nn.CELU(2.0), HIGH + 2 * np.expm1(LOW / 2)),
    "gelu": (nn.GELU(), X * special.ndtr(X)),
    "gelu-tanh": (nn.GELU("tanh"), X / 2 * (1 + np.tanh(np.sqrt(2 / np.pi) * (X + 0.044715 * X**3)))),
    "silu": (nn.SiLU(), X * special.expit(X)),
    "mish": (nn.Mish(), X * np.tanh(np.log1p(np.exp(X)))),
    "logsigmoid": (nn.LogSigmoid(), special.log_expit(X)),
    "softplus": (nn.Softplus(2.0), np.log1p(np.exp(2 * X)) / 2),
    "softsign": (nn.Softsign(), X / (1 + np.abs(X))),
    "tanhshrink": (nn.Tanhshrink(), X - np.tanh(X)),
    "hardswish": (nn.Hardswish(), X * np.clip(X + 3, 0, 6) / 6),
    "softshrink": (nn.Softshrink(1.0), np.sign(X) * np.maximum(np.abs(X) - 1, 0)),
    "hardshrink": (nn.Hardshrink(1.0), np.where(np.abs(X) > 1, X, 0)),
    "softmin": (nn.Softmin(), special.softmax(-X)),
    "log-softmax": (nn.LogSoftmax(), special.log_softmax(X)),
}


@pytest.mark.parametrize(("layer", "wanted"), ACTIVATIONS.values(), ids=ACTIVATIONS)
def test_activations_by_their_formulas(backend: str, layer: nn.Module, wanted: Any) -> None:
    np.testing.assert_allclose(layer(unifw.asarray(X)).numpy(), wanted, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("dims", [1, 2, 3])
def test_convolution_is_scipys_correlation(backend: str, rng: np.random.Generator, dims: int) -> None:
    x, kernel = rng.standard_normal((7, 6, 5)[:dims]), rng.standard_normal((3, 2, 3)[:dims])
    given, weight = unifw.asarray(x[None, ..., None]), unifw.asarray(kernel[None, None])
    y = getattr(F, f"conv{dims}d")(given, weight).numpy()[0, ..., 0]
    np.testing.assert_allclose(y, signal.correlate(x, kernel, "valid"), rtol=1e-10, atol=1e-12)
    z = getattr(F, f"conv_transpose{dims}d")(given, weight).numpy()[0, ..., 0]
    np.testing.assert_allclose(z, signal.convolve(x, kernel, "full"), rtol=1e-10, atol=1e-12)


def test_norms_by_their_formulas(backend: str, rng: np.random.Generator) -> None:
    x = rng.standard_normal((2, 5, 6)) * 3 + 1
    given = unifw.asarray(x)
    mean, var = x.mean(-1, keepdims=True), x.var(-1, keepdims=True)
    np.testing.assert_allclose(F.layer_norm(given, (6,)).numpy(), (x - mean) / np.sqrt(var + 1e-5), rtol=1e-10)
    root = np.sqrt((x**2).mean(-1, keepdims=True) + 1e-3)
    np.testing.assert_allclose(F.rms_norm(given, (6,), eps=1e-3).numpy(), x / root, rtol=1e-10)
    groups = x.reshape(2, 5, 3, 2)
    mean, var = groups.mean((1, 3), keepdims=True), groups.var((1, 3), keepdims=True)
    wanted = ((groups - mean) / np.sqrt(var + 1e-5)).reshape(x.shape)
    np.testing.assert_allclose(F.group_norm(given, 3).numpy(), wanted, rtol=1e-10, atol=1e-12)


def test_average_pooling_counts_as_it_is_told(backend: str) -> None:
    x = unifw.ones((1, 3, 1))
    assert F.avg_pool1d(x, 2, 1, 1)[0, :, 0].tolist() == [0.5, 1.0, 1.0, 0.5]
    assert F.avg_pool1d(x, 2, 1, 1, count_include_pad=False)[0, :, 0].tolist() == [1.0, 1.0, 1.0, 1.0]


@pytest.mark.parametrize(
    ("mode", "wanted"),
    [("nearest", [0, 0, 1, 2, 2]), ("nearest-exact", [0, 0, 1, 2, 2]), ("linear", [0.0, 0.4, 1.0, 1.6, 2.0])],
)
def test_resizing_by_hand(backend: str, mode: str, wanted: list[float]) -> None:
    """Place i of five shows 0.6 i, or 0.6 (i + 1/2) - 1/2, of three."""
    wanted = [0, 0, 1, 1, 2] if mode == "nearest" else wanted
    x = unifw.reshape(unifw.arange(3.0), (1, 3, 1))
    np.testing.assert_allclose(F.interpolate(x, 5, mode=mode)[0, :, 0].numpy(), wanted, rtol=1e-6)


def test_padding_row_and_longest_row_of_a_table(backend: str) -> None:
    layer = nn.Embedding(4, 2, padding_idx=-1, max_norm=1.0)
    assert layer.weight[3].tolist() == [0.0, 0.0]
    layer.weight.assign([[3.0, 4.0], [0.3, 0.4], [6.0, 8.0], [0.0, 0.0]])
    layer(unifw.asarray([0, 1]))
    np.testing.assert_allclose(layer.weight.numpy(), [[0.6, 0.8], [0.3, 0.4], [6.0, 8.0], [0.0, 0.0]], rtol=1e-6)


@pytest.mark.parametrize("name", ["Dropout1d", "Dropout2d", "Dropout3d"])
def test_dropout_of_channels(backend: str, name: str) -> None:
    space = (2, 3, 4)[: int(name[-2])]
    y = getattr(nn, name)(0.4)(unifw.ones((20, *space, 30))).numpy().reshape(20, -1, 30)
    assert (y == y[:, :1]).all()
    assert set(np.unique(y)) == {np.float32(0), np.float32(1 / 0.6)}
    assert abs((y[:, 0] == 0).mean() - 0.4) < 0.1


@pytest.mark.parametrize("layer", [nn.AlphaDropout(0.3), nn.FeatureAlphaDropout(0.3)])
def test_alpha_dropout_keeps_mean_and_variance(backend: str, rng: np.random.Generator, layer: nn.Module) -> None:
    y = layer(unifw.asarray(rng.standard_normal((300, 2, 200)))).numpy()
    assert abs(y.mean()) < 0.02
    assert abs(y.var() - 1) < 0.05


@pytest.mark.parametrize(
    ("make", "shape", "name"),
    [
        (lambda: nn.Conv1d(None, 4, 3), (2, 5, 3), "in_channels"),
        (lambda: nn.Conv3d(None, 6, 1, groups=3), (2, 2, 2, 2, 3), "in_channels"),
        (lambda: nn.ConvTranspose2d(None, 4, 2), (2, 5, 5, 3), "in_channels"),
        (lambda: nn.BatchNorm1d(None), (4, 3), "num_features"),
        (lambda: nn.InstanceNorm2d(None, affine=True), (2, 4, 4, 3), "num_features"),
        (lambda: nn.LayerNorm(None), (4, 3), "normalized_shape"),
    ],
)
def test_sizes_are_found_at_the_first_call(backend: str, make: Any, shape: tuple[int, ...], name: str) -> None:
    layer = make()
    layer(unifw.ones(shape))
    assert getattr(layer, name) in (3, (3,))
