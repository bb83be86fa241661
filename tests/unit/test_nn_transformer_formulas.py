"""Transformer layers against their formulas (Vaswani et al., 2017) in NumPy, written from the names of the weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import special

import unifw
from unifw import nn

Array = Any
WIDTH, HEADS = 6, 2


class Weights(dict[str, Array]):
    """A state dict, of which `below` gives a part."""

    def below(self, prefix: str) -> Weights:
        return Weights({name.removeprefix(prefix): x for name, x in self.items() if name.startswith(prefix)})

    def linear(self, x: Array, name: str) -> Array:
        return x @ self[f"{name}.weight"].T + self[f"{name}.bias"]

    def norm(self, x: Array, name: str) -> Array:
        x = (x - x.mean(-1, keepdims=True)) / np.sqrt(x.var(-1, keepdims=True) + 1e-5)
        return x * self[f"{name}.weight"] + self[f"{name}.bias"]


def attend(own: Weights, x: Array, memory: Array) -> Array:
    """softmax(Q K^T / sqrt(d)) V in each head."""
    parts = zip(np.split(own["in_proj_weight"], 3), np.split(own["in_proj_bias"], 3), (x, memory, memory), strict=True)
    q, k, v = ((y @ w.T + b).reshape(y.shape[0], y.shape[1], HEADS, WIDTH // HEADS).swapaxes(1, 2) for w, b, y in parts)
    shares = special.softmax(q @ k.swapaxes(-1, -2) / np.sqrt(WIDTH // HEADS), -1)
    return own.linear((shares @ v).swapaxes(1, 2).reshape(x.shape), "out_proj")


def feed_forward(own: Weights, x: Array) -> Array:
    return own.linear(np.maximum(own.linear(x, "linear1"), 0), "linear2")


def encoder_layer(own: Weights, x: Array) -> Array:
    x = own.norm(x + attend(own.below("self_attn."), x, x), "norm1")
    return own.norm(x + feed_forward(own, x), "norm2")


def encoder_layer_first(own: Weights, x: Array) -> Array:
    """With the normalisation first."""
    y = own.norm(x, "norm1")
    x = x + attend(own.below("self_attn."), y, y)
    return x + feed_forward(own, own.norm(x, "norm2"))


def decoder_layer(own: Weights, x: Array, memory: Array) -> Array:
    x = own.norm(x + attend(own.below("self_attn."), x, x), "norm1")
    x = own.norm(x + attend(own.below("multihead_attn."), x, memory), "norm2")
    return own.norm(x + feed_forward(own, x), "norm3")


def encoder(own: Weights, x: Array) -> Array:
    for i in range(2):
        x = encoder_layer(own.below(f"layers.{i}."), x)
    return own.norm(x, "norm") if "norm.weight" in own else x


def decoder(own: Weights, x: Array, memory: Array) -> Array:
    for i in range(2):
        x = decoder_layer(own.below(f"layers.{i}."), x, memory)
    return own.norm(x, "norm") if "norm.weight" in own else x


def transformer(own: Weights, x: Array, y: Array) -> Array:
    return decoder(own.below("decoder."), y, encoder(own.below("encoder."), x))


PLAIN: dict[str, Any] = {"dim_feedforward": 8, "dropout": 0.0}
LAYER = (WIDTH, HEADS)
CASES: dict[str, tuple[Any, Any, int]] = {
    "TransformerEncoderLayer": (lambda: nn.TransformerEncoderLayer(*LAYER, **PLAIN), encoder_layer, 1),
    "norm-first": (lambda: nn.TransformerEncoderLayer(*LAYER, **PLAIN, norm_first=True), encoder_layer_first, 1),
    "TransformerEncoder": (
        lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(*LAYER, **PLAIN), 2, nn.LayerNorm(WIDTH)), encoder, 1,
    ),
    "TransformerDecoderLayer": (lambda: nn.TransformerDecoderLayer(*LAYER, **PLAIN), decoder_layer, 2),
    "TransformerDecoder": (
        lambda: nn.TransformerDecoder(nn.TransformerDecoderLayer(*LAYER, **PLAIN), 2), decoder, 2,
    ),
    "Transformer": (
        lambda: nn.Transformer(*LAYER, num_encoder_layers=2, num_decoder_layers=2, **PLAIN), transformer, 2,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("make", "formula", "inputs"), CASES.values(), ids=CASES)
def test_by_its_formula(backend: str, rng: np.random.Generator, make: Any, formula: Any, inputs: int) -> None:
    model = make().to(unifw.float64)
    for parameter in model.parameters():  # away from ones and zeros
        parameter.assign(parameter + unifw.asarray(rng.standard_normal(parameter.shape) * 0.2))
    own = Weights({name: value.numpy() for name, value in model.state_dict().items()})
    given = [rng.standard_normal((2, length, WIDTH)) for length in (5, 4)[:inputs]]
    y = model(*map(unifw.asarray, given))
    np.testing.assert_allclose(y.numpy(), formula(own, *given), rtol=1e-9, atol=1e-11)
