"""Kernels with a rule for their gradient, or others where it is asked for: first and second derivatives."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifw
from unifw.nn import functional as F

CASES: dict[str, tuple[tuple[int, ...], str, dict[str, Any]]] = {
    "larger": ((2, 3, 5, 4), "interpolate", {"size": (9, 8), "mode": "bilinear"}),
    "smaller": ((2, 3, 5, 7), "interpolate", {"size": (2, 1), "mode": "bilinear", "align_corners": True}),
    "by a factor": ((2, 3, 5, 4), "interpolate", {"scale_factor": (2.0, 1.7), "mode": "bilinear"}),
    "dilated line": ((2, 3, 9), "conv1d", {"dilation": 2, "padding": 1}),
    "dilated image": ((2, 3, 8, 9), "conv2d", {"dilation": (2, 3), "padding": 2}),
    "dilated volume": ((2, 3, 5, 6, 7), "conv3d", {"dilation": (2, 1, 3), "padding": 1}),
    "volume": ((2, 3, 4, 5, 6), "max_pool3d", {"kernel_size": 2}),
    "padded line": ((2, 3, 8), "max_pool1d", {"kernel_size": 3, "stride": 2, "padding": 1}),
    "padded image": ((2, 3, 7, 9), "max_pool2d", {"kernel_size": (3, 2), "stride": 2, "padding": (1, 0)}),
    "one more window": ((2, 3, 6, 8), "max_pool2d", {"kernel_size": 3, "stride": 2, "ceil_mode": True}),
    "padded volume": ((2, 3, 4, 5, 6), "max_pool3d", {"kernel_size": 3, "stride": 2, "padding": 1}),
}
ALLOWED = {"float64": 1e-12, "float32": 3e-6}


@pytest.mark.parametrize("dtype", ALLOWED)
@pytest.mark.parametrize("name", CASES)
def test_images(backend: str, name: str, dtype: str) -> None:
    """Values, with and without gradients asked for; then first and second derivatives, also in a graph."""
    torch = importlib.import_module("torch")
    shape, function, options = CASES[name]
    rng = np.random.default_rng(4)
    x = rng.standard_normal(shape).astype(dtype)
    weights = [rng.standard_normal((4, 3, *(2,) * (len(shape) - 2))).astype(dtype)] if "conv" in function else []

    def objective(x: Any, *weights: Any) -> Any:
        return unifw.sum(getattr(F, function)(x, *weights, **options, data_format="channels_first") ** 3)

    sources = [torch.tensor(value, requires_grad=True) for value in (x, *weights)]
    value = (getattr(torch.nn.functional, function)(*sources, **options) ** 3).sum()
    slopes = torch.autograd.grad(value, sources, create_graph=True)
    again = torch.autograd.grad(sum((slope**2).sum() for slope in slopes), sources)

    inputs = [unifw.asarray(value) for value in (x, *weights)]
    slope = unifw.grad(objective, tuple(range(len(inputs))))
    twice = unifw.grad(lambda *xs: sum(unifw.sum(y**2) for y in slope(*xs)), tuple(range(len(inputs))))
    agree([objective(*inputs)], [value], dtype)
    for found, wanted in ((slope, slopes), (twice, again)):
        agree(found(*inputs), wanted, dtype)
        agree(graphed(found, backend)(*inputs), wanted, dtype)


def graphed(function: Callable[..., Any], backend: str) -> Callable[..., Any]:
    """In a graph, where unifw has rules of its own; PyTorch's kernels have PyTorch's."""
    return unifw.compile(function) if backend == "tensorflow" else function


def agree(found: Any, wanted: Any, dtype: str) -> None:
    """Assert agreement relative to the largest number."""
    for ours, theirs in zip(found, wanted, strict=True):
        reference = theirs.detach().numpy()
        assert np.abs(ours.numpy() - reference).max() <= ALLOWED[dtype] * np.abs(reference).max()


@pytest.mark.parametrize("dtype", ["float16", "bfloat16", "float32", "float64"])
def test_selu_at_its_corner(backend: str, dtype: str) -> None:
    """At 0 the slope is that of the left side, and on both sides it is right however near."""
    x = unifw.asarray([-0.0, 0.0, 1e-4, 3.0], dtype=getattr(unifw, dtype))
    slope: Callable[..., Any] = unifw.grad(lambda x: unifw.sum(F.selu(x)))
    twice = unifw.grad(lambda x: unifw.sum(slope(x)))
    for function in (slope, graphed(slope, backend)):
        found = unifw.astype(function(x), unifw.float64).numpy()
        np.testing.assert_allclose(found, [1.758099] * 2 + [1.050701] * 2, rtol=4e-3)
    np.testing.assert_array_equal(unifw.astype(twice(x), unifw.float64).numpy(), [0, 0, 0, 0])
