"""The same function eager, compiled and exported gives the same numbers: every array function, layer and loss.

Many functions at a time, in one graph, each with one number as its result; their gradients are in compiled graphs too.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import unifw
from unifw import nn

from . import gradients, layers

FORMATS = {"torch": ("pt2", "model.pt2"), "tensorflow": ("saved_model", "model")}
GROUPS = {
    "elementwise": lambda name: name.partition("-")[0] in {*gradients.UNARY, *gradients.BINARY, *gradients.REDUCTIONS},
    "linalg": lambda name: name.startswith("linalg."),
    "fft": lambda name: name.startswith(("fft.", "complex-")),
}
GROUPS["others"] = lambda name: not any(holds(name) for key, holds in GROUPS.items() if key != "others")


class Functions(nn.Module):
    """Functions of constants, which a factor of 1 that is computed from the input keeps in the graph."""

    def __init__(self, group: str) -> None:
        self.cases = {name: case for name, case in gradients.CASES.items() if GROUPS[group](name)}
        self.with_gradients = True

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 1) to (N, results): the value of each function and the sum of its gradients."""
        factor = unifw.prod(x[:1, 0] * 0 + 1)
        found = [part for case in self.cases.values() for part in self._of(case, factor)]
        return x * 0 + unifw.stack(found)

    def _of(self, case: gradients.Case, factor: unifw.Tensor) -> list[unifw.Tensor]:
        xs = [unifw.asarray(array) * factor for array in case.arrays]
        value = lambda *xs: gradients.scalar(case.function, *xs)  # noqa: E731
        if not self.with_gradients:
            return [value(*xs)]
        result, slopes = unifw.value_and_grad(value, tuple(range(len(xs))))(*xs)
        return [result, gradients.scalar(lambda *xs: list(xs), *slopes)]


class Layers(nn.Module):
    """Layers at constants, as above."""

    def __init__(self) -> None:
        left_out = layers.variants() | layers.RANDOM | {"CTCLoss"}
        self.cases = {name: case for name, case in layers.CASES.items() if name not in left_out}
        self.layers = nn.ModuleList([case.built() for case in self.cases.values()])

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 1) to (N, results)."""
        factor = unifw.prod(x[:1, 0] * 0 + 1)
        rows = zip(self.layers, self.cases.values(), strict=True)
        return x * 0 + unifw.stack([self._of(layer, case, factor) for layer, case in rows])

    def _of(self, layer: nn.Module, case: layers.Case, factor: unifw.Tensor) -> unifw.Tensor:
        xs = [unifw.asarray(array) for array in case.inputs]
        given = [x * factor if x.dtype.kind == "real floating" else x for x in xs]
        return gradients.scalar(lambda *xs: case.call(layer, *xs), *given)


@pytest.mark.parametrize("group", GROUPS)
def test_array_functions(backend: str, group: str, tmp_path: Path) -> None:
    model, x = Functions(group), unifw.ones((2, 1), dtype=unifw.float64)
    close(unifw.compile(model)(x), model(x))
    model.with_gradients = False
    exported(model, x, backend, tmp_path)


@pytest.mark.slow
def test_layers(backend: str, tmp_path: Path) -> None:
    """Each compiled by itself, with its gradients, in `test_layer_gradients`."""
    exported(Layers().eval(), unifw.ones((2, 1), dtype=unifw.float64), backend, tmp_path)


def exported(model: nn.Module, x: unifw.Tensor, backend: str, folder: Path) -> None:
    format, file = FORMATS[backend]
    report = unifw.export(model, folder / file, format=format, inputs=x)
    assert report.max_difference < 1e-9
    close(unifw.load_artifact(folder / file)(x), model(x))


def close(found: unifw.Tensor, wanted: unifw.Tensor) -> None:
    np.testing.assert_allclose(found.numpy(), wanted.numpy(), rtol=1e-10, atol=1e-11)


def test_normalisation_leaves_the_batch_open(backend: str, tmp_path: Path) -> None:
    model = nn.Sequential(nn.InstanceNorm2d(4), nn.BatchNorm2d(4), nn.GroupNorm(2, 4)).eval()
    x = np.random.default_rng(0).normal(size=(5, 3, 6, 4)).astype("float32")
    for format, name in (FORMATS[backend], *([("torchscript", "model.pt")] if backend == "torch" else [])):
        unifw.export(model, tmp_path / name, format=format, inputs=x[:3])
        artifact = unifw.load_artifact(tmp_path / name)
        for rows in (1, 2, 5):
            found = artifact(unifw.asarray(x[:rows])).numpy()
            np.testing.assert_allclose(found, model(unifw.asarray(x[:rows])).numpy(), rtol=1e-5, atol=1e-6)
