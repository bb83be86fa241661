"""MaxPool2d against loops in NumPy: output and gradient."""

from __future__ import annotations

from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn

Array = Any
LAYOUTS = ("channels_last", "channels_first")
CASES = [  # window, stride, padding, size
    ((2, 2), None, (0, 0), (6, 4)),
    ((2, 2), None, (0, 0), (5, 7)),
    ((3, 2), (1, 2), (0, 0), (5, 6)),
    ((3, 3), (2, 2), (1, 1), (5, 6)),
    ((2, 3), (1, 1), (1, 0), (4, 4)),
    ((1, 1), (2, 3), (0, 0), (5, 5)),
]


def largest(x: Array, upstream: Array | None, window: Any, stride: Any, padding: Any) -> tuple[Array, Array]:
    """The maxima of channels-last images, and the gradient of sum(maxima * upstream); the first of equals gets it."""
    (kh, kw), (sh, sw), (ph, pw) = window, stride or window, padding
    padded = np.pad(x, ((0, 0), (ph, ph), (pw, pw), (0, 0)), constant_values=-np.inf)
    rows, columns = (padded.shape[1] - kh) // sh + 1, (padded.shape[2] - kw) // sw + 1
    y, dx = np.zeros((len(x), rows, columns, x.shape[3]), x.dtype), np.zeros_like(padded)
    for n, i, j, c in product(*map(range, y.shape)):
        view = padded[n, i * sh : i * sh + kh, j * sw : j * sw + kw, c]
        row, column = np.unravel_index(view.argmax(), view.shape)
        y[n, i, j, c] = view[row, column]
        dx[n, i * sh + row, j * sw + column, c] += 0 if upstream is None else upstream[n, i, j, c]
    return y, dx[:, ph : ph + x.shape[1], pw : pw + x.shape[2]]


def given(image: Array, layout: str) -> unifw.Tensor:
    return unifw.asarray(np.ascontiguousarray(image if layout == "channels_last" else np.moveaxis(image, -1, 1)))


def shown(x: unifw.Tensor, layout: str) -> Array:
    return x.numpy() if layout == "channels_last" else np.moveaxis(x.numpy(), 1, -1)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("case", CASES, ids=str)
def test_output_and_gradient(backend: str, rng: np.random.Generator, case: Any, layout: str, dtype: str) -> None:
    window, stride, padding, size = case
    layer = nn.MaxPool2d(window, stride, padding, data_format=layout)
    image = (rng.standard_normal((2, *size, 3)) - 3).astype(dtype)  # below zero: zeros at the edge would show
    wanted, _ = largest(image, None, window, stride, padding)
    y = layer(given(image, layout))
    np.testing.assert_array_equal(shown(y, layout), wanted)
    upstream = rng.standard_normal(wanted.shape).astype(dtype)
    pull = given(upstream, layout)
    dx = unifw.grad(lambda x: unifw.sum(layer(x) * pull))(given(image, layout))
    np.testing.assert_allclose(
        shown(dx, layout), largest(image, upstream, window, stride, padding)[1], rtol=1e-6, atol=1e-6
    )


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_first_of_equal_values_gets_the_gradient(backend: str, layout: str) -> None:
    dx = unifw.grad(lambda x: unifw.sum(nn.MaxPool2d(2, data_format=layout)(x)))(
        given(np.zeros((1, 2, 2, 2), "float32"), layout)
    )
    assert shown(dx, layout)[0].tolist() == [[[1.0, 1.0], [0.0, 0.0]], [[0.0, 0.0], [0.0, 0.0]]]


def test_padding_is_minus_infinity(backend: str) -> None:
    low = unifw.full((1, 2, 2, 1), -1e30)
    assert nn.MaxPool2d(2, padding=1)(low)[0, :, :, 0].tolist() == low[0, :, :, 0].tolist()


def test_not_a_number_wins_but_for_a_listed_deviation(backend: str) -> None:
    x = unifw.reshape(unifw.asarray([1.0, float("nan"), 0.0, 2.0]), (1, 2, 2, 1))
    listed = "max_pool2d" in (Path(unifw.__file__).parent / "backends" / backend / "deviations.txt").read_text()
    wanted = 2.0 if listed else np.nan
    np.testing.assert_array_equal(nn.MaxPool2d(2)(x).numpy(), [[[[wanted]]]])


def test_integers_are_pooled_too(backend: str) -> None:
    x = unifw.reshape(unifw.arange(16), (1, 4, 4, 1))
    y = nn.MaxPool2d(2)(x)
    assert (y.dtype, y[0, :, :, 0].tolist()) == (unifw.int64, [[5, 7], [13, 15]])
