"""Recurrent layers of each backend against torch.nn, with its weights: output, states, gradients."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn

pytestmark = pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")  # torch.nn itself
Array = Any
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
N, T, F, H = 3, 6, 4, 5
LENGTHS = [4, 6, 1]


@pytest.fixture
def torch() -> Any:
    """The oracle, imported in the run that has it."""
    module = importlib.import_module("torch")
    module.manual_seed(0)
    return module


BOTH_WAYS = {"bidirectional": True, "num_layers": 2}
FORMS: dict[str, tuple[dict[str, Any], Any, str]] = {
    "plain": ({}, None, "float64"),
    "plain-single": ({}, None, "float32"),
    "no-bias": ({"bias": False}, LENGTHS, "float64"),
    "deep": ({"num_layers": 2}, LENGTHS, "float64"),
    "both-ways": (BOTH_WAYS, None, "float64"),
    "both-ways-lengths": (BOTH_WAYS, LENGTHS, "float64"),
    "both-ways-single": (BOTH_WAYS, LENGTHS, "float32"),
    "time-first": ({**BOTH_WAYS, "batch_first": False}, LENGTHS, "float64"),
}
KINDS: dict[str, tuple[str, dict[str, Any]]] = {
    "tanh": ("RNN", {}),
    "relu": ("RNN", {"nonlinearity": "relu"}),
    "gru": ("GRU", {}),
    "lstm": ("LSTM", {}),
    "lstm-projected": ("LSTM", {"proj_size": 3}),
}


def close(got: Array, wanted: Any, dtype: str) -> None:
    wanted, tolerance = wanted.detach().numpy(), TOLERANCE[dtype]
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance * max(np.abs(wanted).max(), 1e-2))


def leaves(made: Any) -> list[Any]:
    """The output and the final states."""
    return [made[0], *(made[1] if isinstance(made[1], tuple) else (made[1],))]


def packed(torch: Any, module: Any, x: Any, state: Any, lengths: list[int]) -> Any:
    """What torch gives for sequences of these lengths, by packing."""
    rnn, first = torch.nn.utils.rnn, module.batch_first
    y, last = module(rnn.pack_padded_sequence(x, torch.tensor(lengths), first, enforce_sorted=False), state)
    return rnn.pad_packed_sequence(y, first, total_length=T)[0], last


@pytest.mark.parametrize(("form", "lengths", "dtype"), FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(("name", "options"), KINDS.values(), ids=KINDS)
def test_layer_agrees_with_torch(
    backend: str, torch: Any, name: str, options: dict[str, Any], form: dict[str, Any], lengths: Any, dtype: str
) -> None:
    """Gradients of the input, the initial states and every weight."""
    rng = np.random.default_rng(1)
    module = getattr(torch.nn, name)(F, H, **{"batch_first": True, **options, **form}).to(getattr(torch, dtype))
    layer = getattr(nn, name)(F, H, **options, **form).to(getattr(unifw, dtype))
    assert not layer.load_state_dict({key: value.clone() for key, value in module.state_dict().items()})
    assert list(layer.state_dict()) == list(module.state_dict())
    rows = form.get("num_layers", 1) * (2 if form.get("bidirectional") else 1)
    sizes = [options.get("proj_size", H)] + ([H] if name == "LSTM" else [])
    x = rng.standard_normal((N, T, F) if module.batch_first else (T, N, F)).astype(dtype)
    first = [rng.standard_normal((rows, N, size)).astype(dtype) for size in sizes]

    sources = [torch.tensor(value, requires_grad=True) for value in (x, *first)]
    state = tuple(sources[1:]) if name == "LSTM" else sources[1]
    made = leaves(packed(torch, module, sources[0], state, lengths) if lengths else module(sources[0], state))
    pulls = [rng.standard_normal(tuple(value.shape)).astype(dtype) for value in made]
    loss = sum((value * torch.tensor(pull)).sum() for value, pull in zip(made, pulls, strict=True))
    slopes = torch.autograd.grad(loss, [*sources, *module.parameters()])

    def objective(x: Any, first: Any, layer: Any) -> Any:
        found = leaves(layer(x, first if name == "LSTM" else first[0], lengths))
        parts = [unifw.sum(value * unifw.asarray(pull)) for value, pull in zip(found, pulls, strict=True)]
        return sum(parts[1:], parts[0]), found

    given = unifw.asarray(x), tuple(unifw.asarray(value) for value in first)
    (dx, dfirst, dweights), found = unifw.grad(objective, (0, 1, 2), has_aux=True)(*given, layer)
    for got, wanted in zip(found, made, strict=True):
        close(got.numpy(), wanted, dtype)
    for got, wanted in zip([dx, *dfirst, *dweights.values()], slopes, strict=True):
        close(got.numpy(), wanted, dtype)


@pytest.mark.parametrize("bias", [True, False])
@pytest.mark.parametrize(
    ("name", "options"), [("RNNCell", {}), ("RNNCell", {"nonlinearity": "relu"}), ("GRUCell", {}), ("LSTMCell", {})]
)
def test_cell_agrees_with_torch(backend: str, torch: Any, name: str, options: dict[str, Any], bias: bool) -> None:
    rng = np.random.default_rng(2)
    module = getattr(torch.nn, name)(F, H, bias=bias, **options).double()
    layer = getattr(nn, name)(F, H, bias=bias, **options).to(unifw.float64)
    layer.load_state_dict({key: value.clone() for key, value in module.state_dict().items()})
    x, first = rng.standard_normal((N, F)), [rng.standard_normal((N, H)) for _ in range(2)]
    sources = [torch.tensor(value, requires_grad=True) for value in (x, *first)]

    def of(made: Any) -> list[Any]:
        return list(made) if isinstance(made, tuple) else [made]

    lstm = name == "LSTMCell"
    made = of(module(sources[0], tuple(sources[1:]) if lstm else sources[1]))
    wanted = torch.autograd.grad(
        sum((value * value).sum() for value in made), [*sources[: len(made) + 1], *module.parameters()]
    )

    def objective(x: Any, first: Any, layer: Any) -> Any:
        found = of(layer(x, first if lstm else first[0]))
        return unifw.sum(unifw.stack([unifw.sum(value * value) for value in found])), found

    given = unifw.asarray(x), tuple(unifw.asarray(value) for value in first[: len(made)])
    (dx, dfirst, dweights), found = unifw.grad(objective, (0, 1, 2), has_aux=True)(*given, layer)
    for got, value in zip([*found, dx, *dfirst, *dweights.values()], [*made, *wanted], strict=True):
        close(got.numpy(), value, "float64")
    for got, value in zip(of(layer(given[0][0])), of(module(torch.tensor(x[0]))), strict=True):
        close(got.numpy(), value, "float64")


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")  # torch's compiler, when imported
def test_a_compiled_gradient_is_the_eager_one(backend: str) -> None:
    """Torch cannot trace the gradient of its fused LSTM."""
    layer, x = nn.LSTM(F, H), unifw.asarray(np.random.default_rng(3).standard_normal((N, 2, F)).astype("float32"))
    gradient = unifw.grad(lambda layer: unifw.sum(layer(x)[0] ** 2))
    wanted, got = gradient(layer), unifw.compile(gradient)(layer)
    for name, value in wanted.items():
        np.testing.assert_allclose(got[name].numpy(), value.numpy(), rtol=1e-4, atol=1e-6)
