"""The gradient of a kernel may keep the order of its storage until somebody reads it, and nobody sees that either."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn

RULES = ["SGD", "AdamW", "LAMB"]
LAYERS = [lambda: nn.Linear(4, 6, bias=False), lambda: nn.Conv2d(4, 6, (2, 3), bias=False)]


def loss(layer: Any) -> unifw.Tensor:
    x = np.random.default_rng(1).normal(size=(2, 3, 5, 4)).astype("float32")
    return unifw.sum(unifw.sin(layer(unifw.asarray(x))))


@pytest.fixture(params=LAYERS, ids=["Linear", "Conv2d"])
def layer(request: Any, backend: str) -> Any:
    made = request.param()
    made.load_state_dict({"weight": np.random.default_rng(0).normal(size=made.weight.shape).astype("float32")})
    return made


def fresh(layer: Any) -> unifw.Tensor:
    """A gradient that nobody has read."""
    return unifw.grad(loss)(layer)["weight"]


def raised(x: unifw.Tensor) -> unifw.Tensor:
    x += 1.0
    return x


def replaced(x: unifw.Tensor) -> unifw.Tensor:
    x[1] = 0.0
    return x


READS: dict[str, Callable[[Any], Any]] = {
    "shape": lambda x: (x.shape, x.ndim, x.size, x.dtype, x.device, x.backend.name, x.kind),
    "repr": repr,
    "numpy": lambda x: x.numpy(),
    "array": np.asarray,
    "list": lambda x: x.tolist(),
    "dlpack": lambda x: np.from_dlpack(x),
    "sum with itself": lambda x: x + x,
    "after a number": lambda x: 1.0 - x,
    "after a tensor": lambda x: unifw.ones(x.shape) * x,
    "negative": lambda x: -x,
    "in place": raised,
    "at an index": replaced,
    "row": lambda x: x[1],
    "last axis": lambda x: unifw.sum(x, axis=-1),
    "product": lambda x: unifw.reshape(x, (6, -1)) @ unifw.reshape(x, (6, -1)).T,
    "weight": lambda x: nn.functional.linear(unifw.ones(x.shape[-1]), unifw.reshape(x, (-1, x.shape[-1]))),
    "as a weight": lambda x: loss(lambda y: (nn.functional.linear if x.ndim == 2 else nn.functional.conv2d)(y, x)),
    "stacked": lambda x: unifw.stack([x, x]),
    "dtype": lambda x: x.to(unifw.float64),
    "itself": lambda x: (x.to(x.dtype) is x, x.native is x.native),
    "native shape": lambda x: tuple(x.native.shape),
    "pickle": lambda x: pickle.loads(pickle.dumps(x)),
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "tree": lambda x: unifw.tree.map_leaves(lambda leaf: leaf * 2.0, {"a": [x]})["a"][0],
    "derivative": lambda x: unifw.grad(lambda y: unifw.sum(y**3))(x),
    "vmap": lambda x: unifw.vmap(unifw.sum)(x),
    "argument": lambda x: unifw.compile(lambda y: y * 2.0)(x),
    "constant": lambda x: unifw.compile(lambda y: y * x)(unifw.ones(x.shape)),
    "value": lambda x: nn.Linear(1, 1).weight.alike(x),
    "parameter": lambda x: unifw.Parameter(x, dense=True),
}


@pytest.mark.parametrize("read", READS.values(), ids=list(READS))
def test_a_gradient_is_a_tensor_like_others(layer: Any, read: Callable[[Any], Any]) -> None:
    gradient, other = fresh(layer), unifw.asarray(fresh(layer).numpy())
    for _ in range(2):  # also when it has been read
        found, expected = read(gradient), read(other)
        if isinstance(expected, (unifw.Tensor, np.ndarray)):
            np.testing.assert_allclose(np.asarray(found), np.asarray(expected), rtol=1e-6, atol=1e-6)
        else:
            assert found == expected


def test_it_is_saved_as_it_is_seen(layer: Any, tmp_path: Path) -> None:
    gradients = {"weight": fresh(layer)}
    unifw.save(gradients, tmp_path / "gradients.safetensors")
    found = unifw.load(tmp_path / "gradients.safetensors")
    np.testing.assert_array_equal(found["weight"].numpy(), fresh(layer).numpy())


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("what", ["as it is", "read", "clipped", "limited", "summed", "scaled", "changed"])
def test_an_optimiser_takes_it_like_others(layer: Any, rule: str, what: str) -> None:
    optim, twin = unifw.optim, copy.deepcopy(layer)
    change: dict[str, Callable[[Any], Any]] = {
        "as it is": lambda x: x,
        "read": lambda x: [x, x["weight"].numpy()][0],
        "clipped": lambda x: optim.clip_grad_norm(x, 0.5)[0],
        "limited": lambda x: optim.clip_grad_value(x, 0.1),
        "summed": lambda x: (lambda sums: [sums.add(x), sums.add(x)])(optim.Accumulator(2))[1],
        "scaled": lambda x: optim.LossScaler(4.0).unscale(x)[0],
        "changed": lambda x: {"weight": raised(x["weight"])},
    }
    steps = [(model, getattr(optim, rule)(model, lr=0.1, weight_decay=0.1)) for model in (layer, twin)]
    for _ in range(2):
        for model, optimizer in steps:
            gradient = fresh(model)
            if model is twin:
                gradient = unifw.asarray(gradient.numpy())
            optimizer.step(change[what]({"weight": gradient}))
    np.testing.assert_allclose(layer.weight.numpy(), twin.weight.numpy(), rtol=1e-6, atol=1e-7)


def test_clipping_leaves_the_order(layer: Any) -> None:
    gradient = fresh(layer).numpy()
    clipped, norm = unifw.optim.clip_grad_norm({"weight": fresh(layer)}, 0.5)
    np.testing.assert_allclose(norm.item(), np.linalg.norm(gradient), rtol=1e-6)
    np.testing.assert_allclose(clipped["weight"].numpy(), gradient * (0.5 / (norm.item() + 1e-6)), rtol=1e-5, atol=1e-7)
    limited = unifw.optim.clip_grad_value({"weight": fresh(layer)}, 0.1)
    np.testing.assert_allclose(limited["weight"].numpy(), gradient.clip(-0.1, 0.1), rtol=1e-6)


def test_a_step_refuses_one_of_another_shape(layer: Any) -> None:
    optimizer, before = unifw.optim.SGD(layer), layer.weight.numpy()
    other = nn.Linear(6, 4, bias=False) if layer.weight.ndim == 2 else nn.Conv2d(6, 4, (3, 2), bias=False)
    wrong = unifw.grad(lambda m: unifw.sum(m(unifw.ones((2, 3, 5, 6)))))(other)
    with pytest.raises(unifw.errors.ShapeError, match="got a gradient of shape"):
        optimizer.step(wrong)
    with pytest.raises(unifw.errors.DTypeError, match="got a gradient of dtype"):
        optimizer.step({"weight": fresh(layer).to(unifw.float64)})
    np.testing.assert_array_equal(layer.weight.numpy(), before)


def test_a_second_derivative_where_the_first_is_first_read_as_a_constant(layer: Any) -> None:
    def penalty(layer: Any, read: bool) -> unifw.Tensor:
        slope = unifw.grad(loss)(layer)["weight"]
        if read:
            with unifw.no_grad():
                unifw.sum(slope)
        return unifw.sum(slope**2)

    expected, found = (unifw.grad(penalty)(layer, read)["weight"].numpy() for read in (False, True))
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)
    assert np.abs(expected).max() > 1.0


@pytest.mark.parametrize("step", [unifw.compile, lambda f: f], ids=["compiled", "eager"])
def test_a_gradient_from_outside_in_a_compiled_step(layer: Any, step: Any) -> None:
    gradient, optimizer, start = fresh(layer), unifw.optim.SGD(layer, lr=0.1), layer.weight.numpy()

    def change(share: unifw.Tensor) -> unifw.Tensor:
        optimizer.step({"weight": gradient})
        return unifw.sum(gradient) * share

    run = step(change)
    for _ in range(2):
        np.testing.assert_allclose(run(unifw.asarray(2.0)).item(), 2.0 * fresh_sum(gradient), rtol=1e-5)
    np.testing.assert_allclose(layer.weight.numpy(), start - 0.2 * gradient.numpy(), rtol=1e-5, atol=1e-6)


def fresh_sum(gradient: unifw.Tensor) -> float:
    return float(gradient.numpy().sum())
