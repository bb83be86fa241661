"""Transformer layers of each backend against torch.nn, with its weights: output and gradients."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn

Array = Any
N, T, S, E = 2, 3, 4, 8
LATER = ~np.tri(T, dtype=bool)
PADDING = np.asarray([[False] * S, [False, False, True, True]])
FORMS: dict[str, dict[str, Any]] = {
    "plain": {},
    "norm-first": {"norm_first": True, "activation": "gelu"},
    "no-bias": {"bias": False},
    "time-first": {"batch_first": False},
}


@pytest.fixture
def torch() -> Any:
    """The oracle, imported in the run that has it."""
    module = importlib.import_module("torch")
    module.manual_seed(0)
    return module


def built(library: Any, name: str, form: dict[str, Any]) -> Any:
    """The same module of torch.nn or of unifw.nn, without dropout."""
    options = {"dim_feedforward": 16, "dropout": 0.0, "batch_first": True, **form}
    if name == "Transformer":
        return library.Transformer(E, 2, num_encoder_layers=2, num_decoder_layers=1, **options)
    kind = name.removesuffix("Layer").removeprefix("Transformer")
    layer = getattr(library, f"Transformer{kind}Layer")(E, 2, **options)
    return layer if name.endswith("Layer") else getattr(library, name)(layer, 2, norm=library.LayerNorm(E))


CALLS: dict[str, tuple[str, tuple[int, ...], dict[str, Array]]] = {
    "encoder-layer": ("TransformerEncoderLayer", (S,), {"src_key_padding_mask": PADDING}),
    "decoder-layer": (
        "TransformerDecoderLayer",
        (T, S),
        {"tgt_mask": LATER, "memory_key_padding_mask": PADDING},
    ),
    "encoder": ("TransformerEncoder", (S,), {"src_key_padding_mask": PADDING, "mask": ~np.tri(S, dtype=bool)}),
    "decoder": ("TransformerDecoder", (T, S), {"tgt_mask": LATER, "memory_key_padding_mask": PADDING}),
    "whole": (
        "Transformer",
        (S, T),
        {"src_key_padding_mask": PADDING, "tgt_mask": LATER, "memory_key_padding_mask": PADDING},
    ),
}


@pytest.mark.filterwarnings("ignore:enable_nested_tensor is True")  # torch.nn itself
@pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
@pytest.mark.parametrize(("name", "lengths", "masks"), CALLS.values(), ids=CALLS)
def test_agrees_with_torch(
    backend: str, torch: Any, name: str, lengths: tuple[int, ...], masks: dict[str, Array], form: dict[str, Any]
) -> None:
    rng = np.random.default_rng(3)
    module, layer = built(torch.nn, name, form).double(), built(nn, name, form).to(unifw.float64)
    for parameter in module.parameters():  # the initial biases are zero
        parameter.data += torch.tensor(rng.standard_normal(tuple(parameter.shape)) * 0.1)
    layer.load_state_dict({key: value.clone() for key, value in module.state_dict().items()})
    assert list(layer.state_dict()) == list(module.state_dict())
    values = [
        rng.standard_normal((N, length, E) if form.get("batch_first", True) else (length, N, E)) for length in lengths
    ]
    sources = [torch.tensor(value, requires_grad=True) for value in values]
    y = module(*sources, **{key: torch.tensor(mask) for key, mask in masks.items()})
    pull = rng.standard_normal(tuple(y.shape))
    slopes = torch.autograd.grad((y * torch.tensor(pull)).sum(), [*sources, *module.parameters()])

    def objective(layer: Any, *sources: Any) -> Any:
        y = layer(*sources, **{key: unifw.asarray(mask) for key, mask in masks.items()})
        return unifw.sum(y * unifw.asarray(pull)), y

    argnums = tuple(range(len(values) + 1))
    (dlayer, *dinputs), got = unifw.grad(objective, argnums, has_aux=True)(layer, *map(unifw.asarray, values))
    np.testing.assert_allclose(got.numpy(), y.detach().numpy(), rtol=1e-11, atol=1e-12)
    for slope, wanted in zip([*dinputs, *dlayer.values()], slopes, strict=True):
        np.testing.assert_allclose(slope.numpy(), wanted.numpy(), rtol=1e-9, atol=1e-11)


def test_initial_values_and_mask_are_torchs(backend: str, torch: Any) -> None:
    """Copies of a layer start equal, the whole transformer from Glorot's bounds."""
    encoder = built(nn, "TransformerEncoder", {})
    first, second = (layer.state_dict() for layer in encoder.layers)
    assert all((first[key].numpy() == second[key].numpy()).all() for key in first)
    model = nn.Transformer(64, 2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=32)
    for parameter in model.parameters():
        if parameter.ndim > 1:
            bound = (6 / sum(parameter.shape)) ** 0.5
            assert abs(parameter.numpy()).max() == pytest.approx(bound, rel=1e-2)
    mask = nn.Transformer.generate_square_subsequent_mask(3)
    assert mask.tolist() == torch.nn.Transformer.generate_square_subsequent_mask(3).tolist()


def test_causal_needs_no_mask(backend: str) -> None:
    """And dropout acts in training only."""
    model = nn.Transformer(E, 2, num_encoder_layers=1, num_decoder_layers=1, dim_feedforward=16, dropout=0.5)
    rng = np.random.default_rng(4)
    src, tgt = (unifw.asarray(rng.standard_normal((N, length, E)).astype("float32")) for length in (S, T))
    assert (model(src, tgt).numpy() != model(src, tgt).numpy()).any()
    model.eval()
    mask = nn.Transformer.generate_square_subsequent_mask(T)
    np.testing.assert_allclose(
        model(src, tgt, tgt_is_causal=True).numpy(), model(src, tgt, tgt_mask=mask).numpy(), rtol=1e-5, atol=1e-6
    )


def test_activation_is_a_name_or_a_function(backend: str) -> None:
    x = unifw.ones((1, 2, E))
    for activation in ("gelu", unifw.tanh):
        assert nn.TransformerEncoderLayer(E, 2, 16, activation=activation)(x).shape == (1, 2, E)
    with pytest.raises(unifw.errors.ArgumentError, match="activation: got 'swish'"):
        nn.TransformerEncoderLayer(E, 2, 16, activation="swish")
