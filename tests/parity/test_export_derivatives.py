"""Exported models whose forward takes derivatives, and those that assign to their buffers."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import ExportError

FORMATS = {"torchscript": "model.pt", "pt2": "model.pt2", "saved_model": "model"}
EVERY_FORMAT = pytest.mark.parametrize("format", FORMATS)


class Field(nn.Module):
    """u = W2 tanh(W1 x + b1) + b2, of one number, and what is said of it."""

    def __init__(self, of: Callable[[Any, Any], Any]) -> None:
        self.hidden, self.out, self.of = nn.Linear(1, 6), nn.Linear(6, 1), of

    def u(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 1) to (N, 1)."""
        return self.out(unifw.tanh(self.hidden(x)))

    def total(self, x: unifw.Tensor) -> unifw.Tensor:
        """The sum over the batch."""
        return unifw.sum(self.u(x))

    def forward(self, x: unifw.Tensor) -> Any:
        return self.of(self, x)


def second(m: Any, x: Any) -> Any:
    return unifw.grad(lambda x: unifw.sum(unifw.grad(m.total)(x)))(x)


DERIVATIVES: dict[str, Callable[[Any, Any], Any]] = {
    "grad": lambda m, x: {"u": m.u(x), "du": unifw.grad(m.total)(x), "d2u": second(m, x)},
    "value_and_grad": lambda m, x: unifw.value_and_grad(lambda m: unifw.mean(m.u(x)))(m),
    "checkpoint": lambda m, x: unifw.grad(lambda x: unifw.sum(unifw.checkpoint(m.u)(x)))(x),
    "vjp": lambda m, x: unifw.vjp(m.u, x)[1](x),
    "jvp": lambda m, x: unifw.jvp(m.u, (x,), (x * 2,)),
    "vmap": lambda m, x: unifw.vmap(lambda row: unifw.sum(m.u(row)))(x),
    "rows": lambda m, x: unifw.vmap(unifw.jacobian(m.u))(x),
    "rows-forward": lambda m, x: unifw.vmap(unifw.jacobian(m.u, mode="forward"))(x),
    "hessians": lambda m, x: unifw.vmap(unifw.hessian(m.total))(x),
}


def example(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


def leaves(x: Any) -> dict[str, np.ndarray]:
    """The arrays of a tree by their paths; a SavedModel sorts the keys of dicts."""
    if isinstance(x, unifw.Tensor):
        return {"": x.numpy()}
    items = x.items() if isinstance(x, dict) else enumerate(x)
    return {f"{key}/{path}": array for key, value in items for path, array in leaves(value).items()}


@EVERY_FORMAT
@pytest.mark.parametrize("name", DERIVATIVES)
def test_derivatives_in_a_forward(backend: str, format: str, name: str, tmp_path: Path) -> None:
    model = Field(DERIVATIVES[name])
    unifw.export(model, tmp_path / FORMATS[format], format=format, inputs=example(4, 1))
    x = example(9, 1)
    got, expected = leaves(unifw.load_artifact(tmp_path / FORMATS[format])(x)), leaves(model(unifw.asarray(x)))
    assert got.keys() == expected.keys()
    for path, array in expected.items():
        np.testing.assert_allclose(got[path], array, rtol=1e-5, atol=1e-6, err_msg=path)


ALONE = """
import sys, numpy, torch, warnings
warnings.simplefilter("ignore")
path, x = sys.argv[1], torch.from_numpy(numpy.load(sys.argv[2]))
model = torch.jit.load(path) if path.endswith(".pt") else torch.export.load(path).module()
numpy.savez(sys.argv[3], **{name: value.detach().numpy() for name, value in model(x).items()})
assert "unifw" not in sys.modules
print(sorted(name for name, _ in model.named_parameters()))
"""


@pytest.mark.parametrize("format", ["torchscript", "pt2"])
def test_pytorch_alone_gives_known_derivatives(backend: str, format: str, tmp_path: Path) -> None:
    model, path = Field(DERIVATIVES["grad"]), tmp_path / FORMATS[format]
    unifw.export(model, path, format=format, inputs=example(2, 1))
    np.save(tmp_path / "x.npy", example(7, 1))
    command = [sys.executable, "-c", ALONE, str(path), str(tmp_path / "x.npy"), str(tmp_path / "found.npz")]
    done = subprocess.run(command, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == "['hidden.bias', 'hidden.weight', 'out.bias', 'out.weight']"
    w1, b1, w2 = (x.numpy().astype(float) for x in (model.hidden.weight, model.hidden.bias, model.out.weight))
    t = np.tanh(example(7, 1) @ w1.T + b1)
    with np.load(tmp_path / "found.npz") as archive:
        found = dict(archive)
    np.testing.assert_allclose(found["du"], ((1 - t**2) * w2) @ w1, rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(found["d2u"], (-2 * t * (1 - t**2) * w2) @ w1**2, rtol=1e-4, atol=1e-6)


class Branching(nn.Module):
    """A derivative in a branch, and a branch that assigns."""

    def __init__(self) -> None:
        self.count = unifw.Buffer([0.0])

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        def cubed() -> unifw.Tensor:
            self.count.assign(self.count + 1.0)
            return unifw.grad(lambda x: unifw.sum(x**3))(x) + self.count

        return unifw.cond(unifw.sum(x) > 0, cubed, lambda: -x)


@EVERY_FORMAT
def test_derivatives_in_a_branch(backend: str, format: str, tmp_path: Path) -> None:
    model, path, x = Branching(), tmp_path / FORMATS[format], np.asarray([[1.0], [2.0]], np.float32)
    if format == "torchscript":
        with pytest.raises(ExportError, match="TorchScript's tracer cannot hold a branch"):
            unifw.export(model, path, format=format, inputs=x)
        return
    unifw.export(model, path, format=format, inputs=x)
    assert model.count.tolist() == [0.0]
    artifact = unifw.load_artifact(path)
    assert [artifact(x).tolist(), artifact(-x).tolist(), artifact(x).tolist()] == [
        [[4.0], [13.0]],
        [[1.0], [2.0]],
        [[5.0], [14.0]],
    ]


class Assigning(nn.Module):
    """Assigns to a buffer, to a parameter and, in training mode even now, to running statistics."""

    def __init__(self, derives: bool) -> None:
        self.total, self.scale = unifw.Buffer([0.0]), unifw.Parameter([1.0])
        self.norm, self.derives = nn.BatchNorm1d(3), derives

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        self.norm.train()
        self.total.assign(self.total + unifw.sum(x))
        self.scale.assign(self.scale * 2.0)
        y = self.norm(x * self.scale) + self.total
        return y + unifw.grad(lambda x: unifw.sum(unifw.sin(x)))(x) if self.derives else y


@EVERY_FORMAT
@pytest.mark.parametrize("derives", [False, True])
def test_export_leaves_the_state_as_it_was(backend: str, format: str, derives: bool, tmp_path: Path) -> None:
    model, x = Assigning(derives), example(5, 3)
    model(unifw.asarray(x))
    before = {name: value.numpy() for name, value in model.state_dict().items()}
    unifw.export(model, tmp_path / FORMATS[format], format=format, inputs=x)
    assert model.state_dict().keys() == before.keys()
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(value.numpy(), before[name], err_msg=name)
    artifact = unifw.load_artifact(tmp_path / FORMATS[format])
    for rows in (x, x[:2] * 2, x):  # it starts where the model was, and assigns as the model does
        np.testing.assert_allclose(artifact(rows).numpy(), model(unifw.asarray(rows)).numpy(), rtol=1e-4, atol=1e-5)


@EVERY_FORMAT
def test_a_failed_export_leaves_the_state_as_it_was(backend: str, format: str, tmp_path: Path) -> None:
    class Failing(Assigning):
        def forward(self, x: unifw.Tensor) -> unifw.Tensor:
            super().forward(x)
            return x.no_such_method()  # type: ignore[attr-defined,no-any-return]

    model = Failing(derives=False)
    with pytest.raises(ExportError, match="no_such_method"):
        unifw.export(model, tmp_path / FORMATS[format], format=format, inputs=example(5, 3))
    assert (model.total.tolist(), model.scale.tolist(), model.norm.running_mean.tolist()) == ([0], [1], [0, 0, 0])
