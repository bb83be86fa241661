"""Every layer of the table, on each backend, against `torch.nn` with the same weights; and the same inside graphs."""

from __future__ import annotations

import importlib
from collections import Counter
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn

from .layer_table import LAYOUTS, ROWS, Row

Array = Any
SINGLE = 1e-5


def names(rows: list[Row]) -> list[str]:
    """Labels, numbered where two rows would share one."""
    seen: Counter[str] = Counter()
    found = []
    for row in rows:
        seen[row.label] += 1
        found.append(row.label if seen[row.label] == 1 else f"{row.label}-{seen[row.label]}")
    return found


def runs() -> list[Any]:
    """Each row in both precisions, and images of two axes also with channels first."""
    found = []
    for name, row, marks in marked():
        found.append(pytest.param(row, LAYOUTS[0], "float64", id=f"{name}-float64"))
        found.append(pytest.param(row, LAYOUTS[0], "float32", id=f"{name}-float32", marks=marks))
        if row.images and len(row.shapes[0]) == 4:
            found.append(pytest.param(row, LAYOUTS[1], "float64", id=f"{name}-channels_first", marks=marks))
    return found


def graphed() -> list[Any]:
    """Each row, for graphs."""
    return [pytest.param(row, id=name, marks=marks) for name, row, marks in marked()]


def marked() -> Iterator[tuple[str, Row, list[Any]]]:
    """Each row with its name, and the mark of those after the first of a layer, whose every run would take long."""
    seen = set()
    for name, row in zip(names(ROWS), ROWS, strict=True):
        yield name, row, [pytest.mark.variants] if row.name in seen else []
        seen.add(row.name)


@pytest.fixture
def torch() -> Any:
    """The oracle, imported in the run that has it."""
    module = importlib.import_module("torch")
    module.manual_seed(0)
    return module


def given(x: Array, row: Row, layout: str) -> unifw.Tensor:
    """Values in torch's axes as a tensor in the layout."""
    return unifw.asarray(np.ascontiguousarray(np.moveaxis(x, 1, -1) if moves(x, row, layout) else x))


def shown(x: unifw.Tensor, row: Row, layout: str) -> Array:
    """The values in torch's axes."""
    values = x.numpy()
    return np.moveaxis(values, -1, 1) if moves(values, row, layout) else values


def moves(x: Array, row: Row, layout: str) -> bool:
    return row.images and layout == LAYOUTS[0] and x.ndim > 2


def close(got: Array, wanted: Any, tolerance: float) -> float:
    """Assert agreement within the tolerance, relative to the largest number; the error that there is."""
    wanted = wanted.detach().numpy()
    assert got.shape == wanted.shape
    scale = max(np.abs(wanted).max(initial=0.0), 1e-3)
    error = float(np.abs(got - wanted).max(initial=0.0) / scale)
    assert error <= tolerance, error
    return error


def randomised(module: Any, torch: Any) -> Any:
    """Parameters away from ones and zeros, which would hide their exchange."""
    with torch.no_grad():
        for parameter in module.parameters():
            if parameter.ndim == 1:
                parameter.add_(torch.randn(parameter.shape, dtype=parameter.dtype) * 0.3)
    return module


def twin(row: Row, torch: Any, layout: str, dtype: str) -> tuple[Any, nn.Module]:
    """Torch's module and ours with its weights."""
    module = randomised(row.theirs(torch.nn).to(getattr(torch, dtype)), torch)
    layer = row.build(layout).to(getattr(unifw, dtype))
    state = {name: value.clone() for name, value in module.state_dict().items()}
    assert not layer.load_state_dict(state)
    return module, layer


def train_step(module: Any, layer: nn.Module, row: Row, layout: str, dtype: str, rng: Any, torch: Any) -> list[float]:
    """Compare outputs and the gradients of every floating input and parameter; returns the errors."""
    values = row.inputs(rng, dtype)
    floating = [i for i, x in enumerate(values) if x.dtype.kind == "f"]
    sources = [torch.tensor(x, requires_grad=i in floating) for i, x in enumerate(values)]
    output = module(*sources)
    pull = rng.standard_normal(tuple(output.shape)).astype(dtype)
    asked = [*(sources[i] for i in floating), *module.parameters()]
    slopes = torch.autograd.grad((output * torch.tensor(pull)).sum(), asked) if asked else []
    inputs, weight = [given(x, row, layout) for x in values], given(pull, row, layout)

    def objective(layer: nn.Module, *inputs: Any) -> Any:
        y = layer(*inputs)
        return unifw.sum(y * weight), y

    trained = [0] if list(layer.parameters()) else []
    found, y = unifw.grad(objective, tuple(trained + [i + 1 for i in floating]), has_aux=True)(layer, *inputs)
    by_name = list(found[0].values()) if trained else []
    allowed = row.double if dtype == "float64" else SINGLE
    errors = [close(shown(y, row, layout), output, allowed)]
    for gradient, slope in zip(found[len(trained) :], slopes, strict=False):
        errors.append(close(shown(gradient, row, layout), slope, allowed))
    for gradient, slope in zip(by_name, slopes[len(floating) :], strict=True):
        errors.append(close(gradient.numpy(), slope, allowed))
    return errors


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize(("row", "layout", "dtype"), runs())
def test_layer_agrees_with_torch_in_training_and_evaluation(
    backend: str, torch: Any, row: Row, layout: str, dtype: str
) -> None:
    """Output and gradients at each step; then every buffer, and evaluation mode."""
    rng, allowed = np.random.default_rng(1), row.double if dtype == "float64" else SINGLE
    module, layer = twin(row, torch, layout, dtype)
    for _ in range(2 if list(layer.buffers()) else 1):
        train_step(module, layer, row, layout, dtype, rng, torch)
    state = module.state_dict()
    assert list(layer.state_dict()) == list(state)
    for name, value in layer.state_dict().items():
        close(value.numpy(), state[name], allowed)
    values = row.inputs(rng, dtype)
    y = layer.eval()(*(given(x, row, layout) for x in values))
    close(shown(y, row, layout), module.eval()(*(torch.tensor(x) for x in values)), allowed)


@pytest.mark.parametrize("row", graphed())
def test_layer_gives_the_same_in_a_graph_of_unknown_batch_size(backend: str, row: Row) -> None:
    """Built for two examples and run for three."""
    rng = np.random.default_rng(1)
    layer = row.build().eval()
    short, long = ([given(x, row, LAYOUTS[0]) for x in batch] for batch in batches(row, rng))
    run = {"torch": torch_graph, "tensorflow": tensorflow_graph}[backend](layer, short)
    np.testing.assert_allclose(run(long), layer(*long).numpy(), rtol=1e-5, atol=1e-5)


def batches(row: Row, rng: Any) -> tuple[list[Array], list[Array]]:
    """Inputs for two and for three examples."""
    values = row.inputs(rng, "float32")
    if any(x.ndim == 1 for x in values):
        return values, values
    return [np.concatenate([x, x])[:2] for x in values], [np.concatenate([x, x])[:3] for x in values]


def torch_graph(layer: nn.Module, inputs: list[unifw.Tensor]) -> Any:
    """A traced graph whose sizes are symbols."""
    proxy = importlib.import_module("torch.fx.experimental.proxy_tensor")
    wrap = inputs[0].wrap
    graph = proxy.make_fx(
        lambda *xs: layer(*map(wrap, xs)).native, tracing_mode="symbolic", _allow_non_fake_inputs=True
    )(*(x.native for x in inputs))
    return lambda values: graph(*(x.native for x in values)).detach().numpy()


def tensorflow_graph(layer: nn.Module, inputs: list[unifw.Tensor]) -> Any:
    """A function of tensors whose first axis is open."""
    tf, wrap = importlib.import_module("tensorflow"), inputs[0].wrap
    free = 0 if inputs[0].ndim == 1 else 1
    signature = [tf.TensorSpec([None] * free + list(x.shape[free:]), x.native.dtype) for x in inputs]
    graph = tf.function(lambda *xs: layer(*map(wrap, xs)).native, input_signature=signature)
    return lambda values: graph(*(x.native for x in values)).numpy()
