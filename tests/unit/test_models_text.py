"""GPT-2, BERT and the LSTM classifier: caches, sampling, graphs, training, and what they refuse."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import models, nn
from unifw.errors import ArgumentError, DTypeError, ShapeError

Array = Any
CONFIG = models.GPT2Config(vocab_size=19, n_positions=12, n_embd=8, n_layer=2, n_head=2)
IDS = np.asarray([[1, 5, 3, 7, 2], [4, 4, 9, 1, 18]])


def gpt2() -> models.GPT2:
    """A small model whose logits differ clearly."""
    model = models.GPT2(CONFIG).eval()
    for parameter in model.parameters():
        parameter.assign(parameter + unifw.asarray(np.random.default_rng(1).standard_normal(parameter.shape) * 0.3))
    return model


@pytest.mark.parametrize("traced", [False, True], ids=["number", "tensor"])
def test_a_cache_changes_nothing(backend: str, traced: bool) -> None:
    """Step by step, and several tokens at once; with a Tensor as length every step has the same shapes."""
    model = gpt2()
    wanted = model(unifw.asarray(IDS)).numpy()
    cache = model.new_cache(2)
    if traced:
        cache.length = unifw.asarray(0)
    for start, end in ((0, 2), (2, 3), (3, 5)):
        got = model(unifw.asarray(IDS[:, start:end]), cache=cache).numpy()
        np.testing.assert_allclose(got, wanted[:, start:end], rtol=1e-4, atol=1e-5)
    assert cache.keys[0].shape == (4, 12, 4)
    assert int(cache.length) == 5


@pytest.mark.filterwarnings("ignore:.*torch.jit.script_method:DeprecationWarning")  # torch's compiler, when imported
def test_a_compiled_step_is_traced_once(backend: str) -> None:
    """The position is an input, and no shape depends on it."""
    model = gpt2()
    wanted, cache = model(unifw.asarray(IDS)).numpy(), model.new_cache(2)

    def step(ids: Any, length: Any) -> Any:
        cache.length = length
        return model(ids, cache=cache)

    compiled = unifw.compile(step)
    for t in range(5):
        got = compiled(unifw.asarray(IDS[:, t : t + 1]), unifw.asarray(t)).numpy()
        np.testing.assert_allclose(got[:, 0], wanted[:, t], rtol=1e-4, atol=1e-5)
    assert compiled.trace_count == 1


def test_padding_on_the_left_changes_nothing(backend: str) -> None:
    """Each prompt writes on as it does alone."""
    model = gpt2()
    alone = model.generate(unifw.asarray(IDS[1:, 2:]), 5).numpy()[0, 3:]
    ids, mask = IDS.copy(), np.ones_like(IDS)
    mask[1, :2] = 0
    both = model.generate(unifw.asarray(ids), 5, attention_mask=unifw.asarray(mask)).numpy()
    assert both[1, 5:].tolist() == alone.tolist()
    assert both[0].tolist() == model.generate(unifw.asarray(IDS[:1]), 5).numpy()[0].tolist()


def test_greedy_is_the_argmax_of_the_whole(backend: str) -> None:
    model, ids = gpt2(), IDS
    for _ in range(4):
        following = model(unifw.asarray(ids)).numpy()[:, -1].argmax(-1)
        ids = np.concatenate([ids, following[:, None]], 1)
    assert model.generate(unifw.asarray(IDS), 4).tolist() == ids.tolist()
    assert model.generate(unifw.asarray(IDS), 0).tolist() == IDS.tolist()


def test_sampling_follows_the_probabilities(backend: str) -> None:
    """Temperature sharpens, top_k and top_p cut off; a host generator gives the same tokens on every backend."""
    logits = np.log(np.asarray([0.5, 0.25, 0.15, 0.1]))
    rows = unifw.asarray(np.tile(logits, (4000, 1)))

    def step(ids: Any, mask: Any, positions: Any) -> Any:
        return rows

    prompts = unifw.zeros((4000, 1), dtype=unifw.int64)
    for options, wanted in (
        ({}, [0.5, 0.25, 0.15, 0.1]),
        ({"temperature": 0.5}, np.asarray([0.25, 0.0625, 0.0225, 0.01]) / 0.345),
        ({"top_k": 2}, [2 / 3, 1 / 3, 0, 0]),
        ({"top_p": 0.8}, [5 / 9, 2.5 / 9, 1.5 / 9, 0]),
    ):
        generator = unifw.random.Generator(3, host=True)
        made = models.generation.generate(step, prompts, 1, do_sample=True, generator=generator, **options).numpy()
        shares = np.bincount(made[:, 1], minlength=4) / 4000
        np.testing.assert_allclose(shares, wanted, atol=0.03)
        assert (shares[np.asarray(wanted) == 0] == 0).all()


def test_generation_ends_with_the_end_token(backend: str) -> None:
    script = iter([[3, 2], [7, 3], [5, 7], [7, 7]])

    def step(ids: Any, mask: Any, positions: Any) -> Any:
        return unifw.one_hot(unifw.asarray(next(script)), 9) * 5.0

    made = models.generation.generate(step, unifw.asarray([[1], [1]]), 10, eos_token_id=7, pad_token_id=0)
    assert made.tolist() == [[1, 3, 7, 0], [1, 2, 3, 7]]


def test_public_sizes() -> None:
    """The number of parameters that the papers say."""
    sizes = {"": 124, "MEDIUM": 355, "LARGE": 774, "XL": 1558}
    for name, millions in sizes.items():
        config = getattr(importlib.import_module("unifw.models.gpt2"), name) if name else models.GPT2Config()
        assert counted(config) == pytest.approx(millions, abs=0.6)


def counted(config: models.GPT2Config) -> float:
    """Millions of parameters."""
    size = config.n_embd
    layer = 12 * size * size + 13 * size
    return (config.vocab_size * size + config.n_positions * size + config.n_layer * layer + 2 * size) / 1e6


def test_initial_values_are_small_normal_ones(backend: str) -> None:
    model = models.GPT2(models.GPT2Config(vocab_size=300, n_positions=40, n_embd=64, n_layer=2, n_head=2))
    block = model.transformer.h[0]
    assert model.transformer.wte.weight.numpy().std() == pytest.approx(0.02, rel=0.05)
    assert block.attn.c_attn.weight.numpy().std() == pytest.approx(0.02, rel=0.05)
    assert block.mlp.c_proj.weight.numpy().std() == pytest.approx(0.01, rel=0.05)
    bert = models.Bert(models.BertConfig(60, 64, 1, 2, 128))
    for name, parameter in bert.named_parameters():
        if parameter.ndim > 1:
            assert parameter.numpy().std() == pytest.approx(0.02, rel=0.15), name
        elif name.endswith("bias"):
            assert not parameter.numpy().any(), name
    assert not bert.embeddings.word_embeddings.weight.numpy()[0].any()


def test_every_initial_value_of_bert_is_drawn_once(backend: str) -> None:
    unifw.seed(3)
    bert = models.Bert(models.BertConfig(19, 8, 1, 2, 16, max_position_embeddings=12))
    after = unifw.nn.init.uniform((3,), 1.0)
    unifw.seed(3)
    drawn = [unifw.nn.init.normal(p.shape, std=0.02) for p in bert.parameters() if p.ndim > 1]
    np.testing.assert_array_equal(bert.embeddings.word_embeddings.weight.numpy()[1:], drawn[0][1:])
    np.testing.assert_array_equal(after, unifw.nn.init.uniform((3,), 1.0))


def test_exported_with_a_free_batch(backend: str, tmp_path: Path) -> None:
    format, ending = next(iter(unifw.get_backend().info.formats.items()))
    bert = models.Bert(models.BertConfig(19, 8, 1, 2, 16, max_position_embeddings=12))
    for name, model, inputs in (
        ("gpt2", gpt2(), (IDS,)),
        ("bert", bert, (IDS, np.asarray([[1, 1, 1, 0, 0], [1] * 5]))),
        ("lstm", models.LSTMClassifier(19, 3, 4, 5), (IDS, np.asarray([3, 5]))),
    ):
        path = tmp_path / f"{name}{ending}"
        report = unifw.export(model, path, format=format, inputs=inputs)
        assert report.max_difference < 1e-5


def test_a_classifier_learns(backend: str) -> None:
    """Whether a 7 is in the sequence, which padding does not change."""
    rng = np.random.default_rng(2)
    tokens, lengths = rng.integers(1, 9, (32, 6)), rng.integers(1, 7, 32)
    tokens[np.arange(6) >= lengths[:, None]] = 0
    labels = unifw.asarray((tokens == 7).any(1).astype(np.int64))
    model = models.LSTMClassifier(9, 2, embedding_dim=8, hidden_size=12, num_layers=1)
    optimizer = unifw.optim.AdamW(model, lr=0.05)

    def loss(model: Any) -> Any:
        return nn.functional.cross_entropy(model(unifw.asarray(tokens), lengths), labels)

    first = loss(model).item()
    for _ in range(20):
        value, gradients = unifw.value_and_grad(loss)(model)
        optimizer.step(gradients)
    assert value.item() < 0.5 * first
    longer = np.concatenate([tokens, np.full((32, 3), 7)], 1)
    got, wanted = model(unifw.asarray(longer), lengths), model(unifw.asarray(tokens), lengths)
    np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=1e-5, atol=1e-6)


def test_bad_input(backend: str) -> None:
    model = gpt2()
    with pytest.raises(ShapeError, match="got 13 positions; expected at most 12"):
        model(unifw.zeros((1, 13), dtype=unifw.int64))
    with pytest.raises(ShapeError, match="got 17 positions to write; expected at most 12"):
        model.generate(unifw.asarray(IDS), 12)
    with pytest.raises(ShapeError, match=r"expected integer tokens \(N, T\)"):
        model(unifw.zeros((3,), dtype=unifw.int64))
    with pytest.raises(DTypeError, match="integer tokens"):
        model.generate(unifw.zeros((1, 3)))
    with pytest.raises(ArgumentError, match="temperature=0"):
        model.generate(unifw.asarray(IDS), 1, do_sample=True, temperature=0)
    with pytest.raises(ArgumentError, match="expected padding at the start"):
        model.generate(unifw.asarray(IDS), 1, attention_mask=unifw.asarray([[1] * 5, [1] * 4 + [0]]))
    with pytest.raises(ArgumentError, match=r"MLP: got hidden_channels=8 and .*Write MLP\(4, \[64, 10\]\)"):
        models.MLP(4, 8, 3)  # type: ignore[arg-type]
    with pytest.raises(ArgumentError, match="n_embd=8 for 3 heads"):
        models.GPT2Config(n_embd=8, n_head=3)
    with pytest.raises(ShapeError, match="Bert: got 13 positions"):
        models.Bert(models.BertConfig(19, 8, 1, 2, 16, max_position_embeddings=12))(
            unifw.zeros((1, 13), dtype=unifw.int64)
        )
