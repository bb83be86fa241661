"""Attention of each backend against torch.nn, with its weights: output, weights, gradients."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn

Array = Any
TOLERANCE = {"float64": 1e-12, "float32": 1e-5}
N, HEADS, L, S, E = 2, 3, 4, 5, 12
rng = np.random.default_rng(7)
SOME = rng.random((L, S)) < 0.6
SOME[:, 0] = True
NOWHERE = SOME.copy()
NOWHERE[1] = False
ADDED = rng.standard_normal((N, HEADS, L, S))
CUT = np.where(NOWHERE, ADDED, -np.inf)


@pytest.fixture
def torch() -> Any:
    """The oracle, imported in the run that has it."""
    module = importlib.import_module("torch")
    module.manual_seed(0)
    return module


def close(got: Array, wanted: Any, dtype: str = "float64") -> None:
    wanted, tolerance = wanted.detach().numpy(), TOLERANCE[dtype]
    np.testing.assert_allclose(got, wanted, rtol=tolerance, atol=tolerance * max(np.abs(wanted).max(), 1e-2))


def cast(mask: Any, dtype: str) -> Any:
    return mask if mask is None or mask.dtype == bool else mask.astype(dtype)


PRODUCTS: dict[str, dict[str, Any]] = {
    "plain": {},
    "scale": {"scale": 0.3},
    "causal": {"is_causal": True},
    "bool": {"attn_mask": SOME},
    "nowhere": {"attn_mask": NOWHERE},
    "added": {"attn_mask": ADDED},
    "cut": {"attn_mask": CUT},
    "grouped": {"enable_gqa": True},
    "grouped-bool": {"enable_gqa": True, "attn_mask": NOWHERE},
}


@pytest.mark.parametrize("dtype", TOLERANCE)
@pytest.mark.parametrize("options", PRODUCTS.values(), ids=PRODUCTS)
def test_scaled_dot_product_attention(backend: str, torch: Any, options: dict[str, Any], dtype: str) -> None:
    """Queries that may look nowhere give zeros, and no NaN to any gradient."""
    options, rng = dict(options), np.random.default_rng(1)
    mask, heads = cast(options.pop("attn_mask", None), dtype), HEADS if not options.get("enable_gqa") else 1
    shapes = [(N, HEADS, L, 6), (N, heads, S, 6), (N, heads, S, 7)]
    values = [rng.standard_normal(shape).astype(dtype) for shape in shapes]
    sources = [torch.tensor(value, requires_grad=True) for value in values]
    function = torch.nn.functional.scaled_dot_product_attention
    y = function(*sources, None if mask is None else torch.tensor(mask), **options)
    pull = rng.standard_normal(tuple(y.shape)).astype(dtype)
    slopes = torch.autograd.grad((y * torch.tensor(pull)).sum(), sources)

    def objective(*sources: Any) -> Any:
        hidden = None if mask is None else unifw.asarray(mask)
        y = nn.functional.scaled_dot_product_attention(*sources, hidden, **options)
        return unifw.sum(y * unifw.asarray(pull)), y

    found, got = unifw.grad(objective, (0, 1, 2), has_aux=True)(*map(unifw.asarray, values))
    close(got.numpy(), y, dtype)
    for slope, wanted in zip(found, slopes, strict=True):
        close(slope.numpy(), wanted, dtype)


PADDING = np.asarray([[False] * S, [False, False, False, True, True]])
LATER = ~np.tri(L, S, dtype=bool)
LAYERS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "self": ({}, {}),
    "cross": ({"kdim": 5, "vdim": 7}, {}),
    "no-bias": ({"bias": False}, {}),
    "padding": ({}, {"key_padding_mask": PADDING}),
    "mask": ({}, {"attn_mask": ~SOME}),
    "both": ({}, {"attn_mask": LATER, "key_padding_mask": PADDING}),
    "added": ({}, {"attn_mask": ADDED.reshape(N * HEADS, L, S)}),
    "added-padding": ({}, {"attn_mask": ADDED.reshape(N * HEADS, L, S), "key_padding_mask": PADDING}),
    "bias-kv": ({"add_bias_kv": True, "add_zero_attn": True}, {"key_padding_mask": PADDING}),
    "zero": ({"add_zero_attn": True}, {"attn_mask": ADDED[0, 0]}),
    "time-first": ({"batch_first": False}, {"attn_mask": LATER}),
    "heads": ({}, {"average_attn_weights": False}),
}


@pytest.mark.filterwarnings("ignore:Support for mismatched key_padding_mask and attn_mask")  # torch.nn itself
@pytest.mark.parametrize("need_weights", [True, False], ids=["weights", "fused"])
@pytest.mark.parametrize(("options", "call"), LAYERS.values(), ids=LAYERS)
def test_multihead_attention(
    backend: str, torch: Any, options: dict[str, Any], call: dict[str, Any], need_weights: bool
) -> None:
    rng = np.random.default_rng(2)
    module = torch.nn.MultiheadAttention(E, HEADS, **{"batch_first": True, **options}).double()
    for parameter in module.parameters():  # the initial biases are zero
        parameter.data = torch.tensor(rng.standard_normal(tuple(parameter.shape)) * 0.3)
    layer = nn.MultiheadAttention(E, HEADS, **options).to(unifw.float64)
    layer.load_state_dict({key: value.clone() for key, value in module.state_dict().items()})
    assert list(layer.state_dict()) == list(module.state_dict())
    alone = options == {} and call == {}
    lengths, sizes = (L, L if alone else S), (E, options.get("kdim", E), options.get("vdim", E))
    shapes = [(N, lengths[0], sizes[0]), (N, lengths[1], sizes[1]), (N, lengths[1], sizes[2])]
    if "batch_first" in options:
        shapes = [(shape[1], shape[0], shape[2]) for shape in shapes]
    values = [rng.standard_normal(shape) for shape in shapes[: 1 if alone else 3]]
    masks = {key: value for key, value in call.items() if key.endswith("mask")}
    others = {key: value for key, value in call.items() if key not in masks} | {"need_weights": need_weights}

    sources = [torch.tensor(value, requires_grad=True) for value in values]
    theirs = {key: torch.tensor(value) for key, value in masks.items()}
    y, weights = module(*(sources * 3 if alone else sources), **theirs, **others)
    slopes = torch.autograd.grad(
        (y * y).sum() + (0 if weights is None else (weights**2).sum()), [*sources, *module.parameters()]
    )

    def objective(layer: Any, *sources: Any) -> Any:
        given = {key: unifw.asarray(value) for key, value in masks.items()}
        y, weights = layer(*(sources * 3 if alone else sources), **given, **others)
        loss = unifw.sum(y * y)
        return (loss if weights is None else loss + unifw.sum(weights * weights)), (y, weights)

    inputs = [unifw.asarray(value) for value in values]
    argnums = tuple(range(len(inputs) + 1))
    (dlayer, *dinputs), (got, shown) = unifw.grad(objective, argnums, has_aux=True)(layer, *inputs)
    close(got.numpy(), y)
    assert (shown is None) == (weights is None)
    if shown is not None:
        close(shown.numpy(), weights)
    for slope, wanted in zip([*dinputs, *dlayer.values()], slopes, strict=True):
        close(slope.numpy(), wanted)
