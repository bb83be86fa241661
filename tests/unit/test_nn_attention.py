"""Attention against its formula in NumPy; masks, dropout, graphs, and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import ArgumentError, DTypeError, OperandError, ShapeError

Array = Any
F: Any = nn.functional
ones = unifw.ones


def by_hand(q: Array, k: Array, v: Array, mask: Array) -> Array:
    """One query after the other; `mask` is True where it may look."""
    y = np.zeros((*q.shape[:-1], v.shape[-1]))
    for index in np.ndindex(*q.shape[:-1]):
        scores = np.exp(k[index[:-1]] @ q[index] / np.sqrt(q.shape[-1])) * mask[index]
        y[index] = scores / max(scores.sum(), 1e-300) @ v[index[:-1]]
    return y


@pytest.mark.parametrize("causal", [True, False])
def test_formula(backend: str, rng: np.random.Generator, causal: bool) -> None:
    q, k, v = rng.standard_normal((2, 3, 4, 5)), rng.standard_normal((2, 3, 6, 5)), rng.standard_normal((2, 3, 6, 7))
    mask = np.broadcast_to(np.tri(4, 6, dtype=bool), (2, 3, 4, 6)) if causal else rng.random((2, 3, 4, 6)) < 0.5
    options = {"is_causal": True} if causal else {"attn_mask": unifw.asarray(mask)}
    got = F.scaled_dot_product_attention(*map(unifw.asarray, (q, k, v)), **options)
    np.testing.assert_allclose(got.numpy(), by_hand(q, k, v, mask), rtol=1e-12, atol=1e-14)


def test_a_query_that_may_look_nowhere_gets_zeros(backend: str) -> None:
    """In every path: bool and floating masks, with weights and without, and so do the gradients."""
    q, nowhere = ones((1, 2, 4)), unifw.asarray([[True, True], [False, False]])
    for mask in (nowhere, unifw.where(nowhere, unifw.zeros((2, 2)), -float("inf"))):
        y, slope = unifw.value_and_grad(
            lambda q, mask=mask: unifw.sum(F.scaled_dot_product_attention(q, q, q, mask)[0, 1])
        )(q)
        assert y.item() == 0
        assert slope.tolist() == np.zeros((1, 2, 4)).tolist()
    layer = nn.MultiheadAttention(4, 2)
    layer.out_proj.bias.assign([1.0, 2.0, 3.0, 4.0])
    for need_weights in (True, False):
        y, _ = layer(q, q, q, attn_mask=~nowhere, need_weights=need_weights)
        assert y.numpy()[0, 1].tolist() == [1.0, 2.0, 3.0, 4.0]
    assert layer(q, q, q, attn_mask=~nowhere)[1].numpy()[0, 1].tolist() == [0.0, 0.0]


def test_causal_alone_equals_the_mask(backend: str, rng: np.random.Generator) -> None:
    """Also beside a padding mask, and with keys that every query may see."""
    x = unifw.asarray(rng.standard_normal((2, 4, 8)).astype("float32"))
    later, padding = unifw.asarray(~np.tri(4, dtype=bool)), unifw.asarray([[False] * 4, [False] * 3 + [True]])
    for layer in (nn.MultiheadAttention(8, 2), nn.MultiheadAttention(8, 2, add_zero_attn=True, add_bias_kv=True)):
        for mask in (None, padding):
            for got, wanted in zip(
                layer(x, x, x, mask, is_causal=True), layer(x, x, x, mask, attn_mask=later), strict=True
            ):
                np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=1e-5, atol=1e-6)


def test_without_a_batch(backend: str, rng: np.random.Generator) -> None:
    layer, x = nn.MultiheadAttention(8, 2), unifw.asarray(rng.standard_normal((4, 8)).astype("float32"))
    padding = unifw.asarray([False, False, True, False])
    y, weights = layer(x, x, x, padding)
    batch = unifw.expand_dims(x, axis=0)
    wanted, shown = layer(batch, batch, batch, unifw.expand_dims(padding, axis=0))
    np.testing.assert_allclose(y.numpy(), wanted.numpy()[0], rtol=1e-6, atol=1e-7)
    np.testing.assert_allclose(weights.numpy(), shown.numpy()[0], rtol=1e-6, atol=1e-7)
    assert weights.numpy()[:, 2].tolist() == [0.0] * 4


def test_dropout_acts_in_training_only(backend: str, rng: np.random.Generator) -> None:
    layer, x = nn.MultiheadAttention(8, 2, dropout=0.5), unifw.asarray(rng.standard_normal((2, 6, 8)).astype("float32"))
    for need_weights in (True, False):
        for training in (True, False):
            layer.train(training)
            first, second = (layer(x, x, x, need_weights=need_weights)[0].numpy() for _ in range(2))
            assert (first != second).any() == training
    v = ones((1, 64, 1))
    q = unifw.zeros((1, 2000, 4))
    mean = unifw.mean(F.scaled_dot_product_attention(q, unifw.zeros((1, 64, 4)), v, dropout_p=0.5)).item()
    assert mean == pytest.approx(1.0, abs=0.02)


def test_initial_values(backend: str) -> None:
    layer = nn.MultiheadAttention(64, 2, add_bias_kv=True)
    assert abs(layer.in_proj_weight.numpy()).max() == pytest.approx((6 / 256) ** 0.5, rel=1e-2)
    assert abs(layer.out_proj.weight.numpy()).max() == pytest.approx(1 / 8, rel=1e-2)
    assert not layer.in_proj_bias.numpy().any()
    assert not layer.out_proj.bias.numpy().any()
    assert layer.bias_k.numpy().std() == pytest.approx(1 / 8, rel=0.3)


class Reader(nn.Module):
    """Attention with a padding mask made of lengths."""

    def __init__(self) -> None:
        self.attention = nn.MultiheadAttention(8, 2)

    def forward(self, x: unifw.Tensor, lengths: unifw.Tensor) -> unifw.Tensor:
        """(N, T, 8) and (N,)."""
        padding = unifw.arange(x.shape[1]) >= unifw.expand_dims(lengths, axis=1)
        y, _ = self.attention(x, x, x, padding, need_weights=False, is_causal=True)
        z, weights = self.attention(x, x, x, padding)
        return y + z + unifw.sum(weights)


def test_exported_with_a_free_batch(backend: str, rng: np.random.Generator, tmp_path: Path) -> None:
    format, ending = next(iter(unifw.get_backend().info.formats.items()))
    model, path = Reader(), tmp_path / f"model{ending}"
    unifw.export(model, path, format=format, inputs=(rng.standard_normal((3, 5, 8)).astype("float32"), np.arange(3)))
    x, lengths = unifw.asarray(rng.standard_normal((6, 5, 8)).astype("float32")), unifw.asarray([1, 5, 0, 2, 3, 4])
    got = unifw.load_artifact(path)(x, lengths)
    np.testing.assert_allclose(got.numpy(), model(x, lengths).numpy(), rtol=1e-5, atol=1e-5)


def attend(*shapes: tuple[int, ...], **options: Any) -> Any:
    return F.scaled_dot_product_attention(*(ones(shape) for shape in shapes), **options)


def layer_on(*shapes: tuple[int, ...], **options: Any) -> Any:
    return nn.MultiheadAttention(8, 2)(*(ones(shape) for shape in shapes), **options)


BAD: dict[str, tuple[Any, Any, str]] = {
    "features": (
        lambda: attend((1, 2, 4), (1, 3, 5), (1, 3, 4)),
        ShapeError,
        r"\(1, 2, 4\), \(1, 3, 5\).*expected query",
    ),
    "keys": (
        lambda: attend((1, 2, 4), (1, 3, 4), (1, 2, 4)),
        ShapeError,
        r"got shapes \(1, 2, 4\), \(1, 3, 4\), \(1, 2, 4\)",
    ),
    "heads": (lambda: attend((1, 4, 2, 4), (1, 2, 3, 4), (1, 2, 3, 4)), ShapeError, "Write enable_gqa=True"),
    "groups": (
        lambda: attend((1, 3, 2, 4), (1, 2, 3, 4), (1, 2, 3, 4), enable_gqa=True),
        ShapeError,
        "which must divide the query's",
    ),
    "mask": (
        lambda: attend((1, 2, 4), (1, 3, 4), (1, 3, 4), attn_mask=ones((2, 2))),
        ShapeError,
        r"and a mask \(2, 2\)",
    ),
    "mask-dtype": (
        lambda: attend((1, 2, 4), (1, 3, 4), (1, 3, 4), attn_mask=ones((2, 3), dtype=unifw.int64)),
        DTypeError,
        "mask of dtype int64",
    ),
    "two": (
        lambda: attend((1, 2, 4), (1, 2, 4), (1, 2, 4), attn_mask=ones((2, 2)), is_causal=True),
        ArgumentError,
        "attn_mask and is_causal=True",
    ),
    "dtypes": (
        lambda: F.scaled_dot_product_attention(ones((1, 2, 4)), ones((1, 2, 4), dtype=unifw.float64), ones((1, 2, 4))),
        DTypeError,
        "query of dtype float32 and .*float64",
    ),
    "array": (
        lambda: F.scaled_dot_product_attention(np.ones((1, 2, 4)), ones((1, 2, 4)), ones((1, 2, 4))),
        OperandError,
        "got ndarray",
    ),
    "layer-features": (
        lambda: layer_on((1, 2, 8), (1, 3, 7), (1, 3, 8)),
        ShapeError,
        r"\(1, 3, 7\).* as key; expected \(N, length, 8\)",
    ),
    "layer-mask": (
        lambda: layer_on((1, 2, 8), (1, 3, 8), (1, 3, 8), attn_mask=ones((3,))),
        ShapeError,
        r"\(3,\).* as attn_mask; expected \(2, 3\) or \(2, 2, 3\), \(L, S\) or \(N \* heads, L, S\)",
    ),
    "layer-mask-turned": (
        lambda: layer_on((1, 2, 8), (1, 3, 8), (1, 3, 8), attn_mask=ones((2, 3, 2))),
        ShapeError,
        r"\(2, 3, 2\).* as attn_mask; expected \(2, 3\) or \(2, 2, 3\), \(L, S\) or",
    ),
    "layer-mask-padding": (
        lambda: layer_on((1, 2, 8), (1, 3, 8), (1, 3, 8), key_padding_mask=ones((1, 2))),
        ShapeError,
        r"\(1, 2\).* as key_padding_mask; expected \(1, 3\), \(N, S\)",
    ),
    "layer-mask-array": (
        lambda: layer_on((1, 2, 8), (1, 3, 8), (1, 3, 8), attn_mask=np.zeros((2, 3), bool)),
        OperandError,
        "attn_mask: got ndarray.*expected a unifw Tensor",
    ),
    "layer-heads": (lambda: nn.MultiheadAttention(8, 3), ArgumentError, "embed_dim=8 for 3 heads"),
    "layer-dropout": (lambda: nn.MultiheadAttention(8, 2, dropout=2.0), ArgumentError, "dropout=2.0"),
}


@pytest.mark.parametrize(("call", "error", "words"), BAD.values(), ids=BAD)
def test_bad_input(backend: str, call: Any, error: Any, words: str) -> None:
    with pytest.raises(error, match=words):
        call()
