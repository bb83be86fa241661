"""Layers and optimisers of each backend against torch.nn and torch.optim, with the weights of the torch module."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn, optim

Array = Any
LAYOUTS = ("channels_last", "channels_first")
TOLERANCE = {"float64": 1e-11, "float32": 2e-5}


@pytest.fixture
def torch() -> Any:
    """The oracle, imported in the run that has it."""
    module = importlib.import_module("torch")
    module.manual_seed(0)
    return module


CONVOLUTIONS: dict[str, dict[str, Any]] = {
    "plain": {},
    "stride-padding": {"stride": (2, 1), "padding": (1, 2)},
    "same": {"padding": "same"},
    "same-dilation": {"padding": "same", "dilation": 2},
    "valid": {"padding": "valid", "stride": 2},
    "dilation": {"dilation": (1, 2), "padding": 1},
    "groups": {"groups": 2, "padding": 1},
    "depthwise": {"groups": 4, "padding": 1, "stride": 2},
    "no-bias": {"bias": False},
}
SMALL, IMAGE, EVEN = (6, 5), (2, 4, 7, 6), (2, 4, 8, 8)
LAYERS: dict[str, tuple[Callable[[Any], Any], Callable[[str], nn.Module], tuple[int, ...]]] = {
    "linear": (lambda t: t.Linear(5, 3), lambda _: nn.Linear(5, 3), SMALL),
    "linear-deep": (lambda t: t.Linear(5, 3, bias=False), lambda _: nn.Linear(5, 3, bias=False), (2, 3, 5)),
    "relu": (lambda t: t.ReLU(), lambda _: nn.ReLU(), SMALL),
    "flatten": (lambda t: t.Flatten(), lambda layout: nn.Flatten(data_format=layout), IMAGE),
    "max-pool": (lambda t: t.MaxPool2d(2), lambda layout: nn.MaxPool2d(2, data_format=layout), IMAGE),
    "max-pool-padding": (
        lambda t: t.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0)),
        lambda layout: nn.MaxPool2d((3, 2), stride=(2, 1), padding=(1, 0), data_format=layout),
        IMAGE,
    ),
    "batch-norm": (
        lambda t: t.BatchNorm2d(4, momentum=0.3, eps=1e-3),
        lambda layout: nn.BatchNorm2d(4, momentum=0.3, eps=1e-3, data_format=layout),
        IMAGE,
    ),
    "batch-norm-plain": (
        lambda t: t.BatchNorm2d(4, affine=False),
        lambda layout: nn.BatchNorm2d(4, affine=False, data_format=layout),
        IMAGE,
    ),
    "network": (
        lambda t: t.Sequential(
            t.Conv2d(4, 6, 3, padding=1, bias=False), t.BatchNorm2d(6),
            t.ReLU(), t.MaxPool2d(2), t.Flatten(), t.Linear(96, 3),
        ),
        lambda layout: nn.Sequential(
            nn.Conv2d(4, 6, 3, padding=1, bias=False, data_format=layout), nn.BatchNorm2d(6, data_format=layout),
            nn.ReLU(), nn.MaxPool2d(2, data_format=layout), nn.Flatten(data_format=layout), nn.Linear(96, 3),
        ),
        EVEN,
    ),
}  # fmt: skip
for label, options in CONVOLUTIONS.items():
    LAYERS[f"conv-{label}"] = (
        lambda t, options=options: t.Conv2d(4, 8, 3, **options),
        lambda layout, options=options: nn.Conv2d(4, 8, 3, data_format=layout, **options),
        IMAGE,
    )


def given(x: Array, layout: str) -> unifw.Tensor:
    """Values in torch's axes as a tensor in the layout."""
    return unifw.asarray(np.ascontiguousarray(np.moveaxis(x, 1, -1) if x.ndim == 4 and layout == LAYOUTS[0] else x))


def shown(x: unifw.Tensor, layout: str) -> Array:
    """The values in torch's axes."""
    return np.moveaxis(x.numpy(), -1, 1) if x.ndim == 4 and layout == LAYOUTS[0] else x.numpy()


def weights(module: Any) -> dict[str, Any]:
    """The module's state dict, each tensor in memory that torch does not write to later."""
    return {name: value.clone() for name, value in module.state_dict().items()}


def close(got: Array, wanted: Any, dtype: str) -> None:
    wanted, tolerance = wanted.detach().numpy(), TOLERANCE[dtype]
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance * max(np.abs(wanted).max(), 1e-3))


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize(("theirs", "ours", "shape"), LAYERS.values(), ids=LAYERS)
def test_layer_agrees_with_torch_over_three_training_steps(
    backend: str, torch: Any, theirs: Any, ours: Any, shape: tuple[int, ...], layout: str, dtype: str
) -> None:
    """Output, gradient of the input and of each parameter at each step; then every buffer, and evaluation mode."""
    rng = np.random.default_rng(1)
    module = theirs(torch.nn).to(getattr(torch, dtype))
    layer = ours(layout).to(getattr(unifw, dtype))
    assert not layer.load_state_dict(weights(module))
    for _ in range(3):
        x = rng.standard_normal(shape).astype(dtype)
        source = torch.tensor(x, requires_grad=True)
        output = module(source)
        pull = rng.standard_normal(tuple(output.shape)).astype(dtype)
        slopes = torch.autograd.grad((output * torch.tensor(pull)).sum(), [source, *module.parameters()])
        check_step(layer, given(x, layout), given(pull, layout), layout, dtype, [output, *slopes])
    state = module.state_dict()
    assert list(layer.state_dict()) == list(state)
    for name, value in layer.state_dict().items():
        close(value.numpy(), state[name], dtype)
    x = rng.standard_normal(shape).astype(dtype)
    close(shown(layer.eval()(given(x, layout)), layout), module.eval()(torch.tensor(x)), dtype)


def check_step(
    layer: nn.Module, x: unifw.Tensor, pull: unifw.Tensor, layout: str, dtype: str, wanted: list[Any]
) -> None:
    """Compare one run forward and back with torch's output and gradients: input first, then parameters."""

    def objective(*sources: Any) -> Any:
        y = layer(sources[0])
        return unifw.sum(y * pull), y

    trained = (0, 1) if list(layer.parameters()) else (0,)
    found, y = unifw.grad(objective, trained, has_aux=True)(x, layer)
    close(shown(y, layout), wanted[0], dtype)
    close(shown(found[0], layout), wanted[1], dtype)
    gradients = list(found[1].values()) if len(found) > 1 else []
    for gradient, slope in zip(gradients, wanted[2:], strict=True):
        close(gradient.numpy(), slope, dtype)


def test_weights_that_torch_goes_on_training_are_copied(backend: str, torch: Any) -> None:
    """Neither side may see what the other does to its parameters."""
    module, model = torch.nn.Linear(16, 16), nn.Linear(16, 16)
    made, assigned = unifw.Parameter(module.weight.detach()), unifw.Buffer(unifw.zeros((16, 16)))
    model.load_state_dict(module.state_dict())
    assigned.assign(module.weight.detach())
    held, before = [model.weight, made, assigned], module.weight.detach().numpy().copy()
    optim.SGD({"made": made}, lr=1.0).step({"made": unifw.ones((16, 16))})
    np.testing.assert_array_equal(module.weight.detach().numpy(), before)
    with torch.no_grad():
        module.weight.add_(5.0)
    for ours, moved in zip(held, (0.0, 1.0, 0.0), strict=True):
        np.testing.assert_allclose(ours.numpy(), before - moved, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("shape", [(6, 5), (3, 5, 4), (2, 5, 3, 2)])
def test_cross_entropy_agrees_with_torch(backend: str, torch: Any, shape: tuple[int, ...], reduction: Any) -> None:
    """Torch has the classes on axis 1."""
    rng = np.random.default_rng(2)
    logits, targets = rng.standard_normal(shape) * 4, rng.integers(0, 5, (shape[0], *shape[2:]))
    source = torch.tensor(logits, requires_grad=True)
    losses = torch.nn.functional.cross_entropy(source, torch.tensor(targets), reduction=reduction)
    classes = unifw.asarray(targets)

    def objective(x: Any) -> Any:
        y = nn.functional.cross_entropy(x, classes, axis=1, reduction=reduction)
        return unifw.sum(y * y), y

    slope, y = unifw.grad(objective, has_aux=True)(unifw.asarray(logits))
    close(y.numpy(), losses, "float64")
    close(slope.numpy(), torch.autograd.grad((losses * losses).sum(), source)[0], "float64")
