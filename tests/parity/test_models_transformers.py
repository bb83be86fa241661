"""GPT-2 and BERT against Hugging Face's own, with its weights under its names: outputs, gradients, generated tokens."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import models

from .test_models_torchvision import torchvision

Array = Any
VOCABULARY, POSITIONS = 37, 24
rng = np.random.default_rng(5)
IDS = rng.integers(1, VOCABULARY, (3, 7))
LEFT = np.asarray([[1] * 7, [0, 0] + [1] * 5, [0] * 6 + [1]])


@pytest.fixture(scope="module")
def library() -> Any:
    """The oracle, imported in the run that has it."""
    torchvision()  # which it looks for
    found = importlib.import_module("transformers")
    found.logging.set_verbosity_error()
    return found


@pytest.fixture(scope="module")
def torch() -> Any:
    """What the oracle computes with."""
    return importlib.import_module("torch")


@pytest.fixture(scope="module")
def theirs(library: Any, torch: Any) -> Any:
    """A small GPT-2 whose biases are not zero."""
    torch.manual_seed(0)
    config = library.GPT2Config(
        vocab_size=VOCABULARY, n_positions=POSITIONS, n_embd=16, n_layer=2, n_head=4, bos_token_id=0, eos_token_id=0
    )
    return disturbed(library.GPT2LMHeadModel(config).double().eval(), torch)


def disturbed(module: Any, torch: Any) -> Any:
    """The module with weights that make its outputs differ clearly."""
    for parameter in module.parameters():
        parameter.data += torch.randn_like(parameter) * 0.2
    return module


def ours(theirs: Any) -> models.GPT2:
    """The same model on the active backend."""
    config = models.GPT2Config(vocab_size=VOCABULARY, n_positions=POSITIONS, n_embd=16, n_layer=2, n_head=4)
    model = models.GPT2(config).to(unifw.float64).eval()
    report = model.load_state_dict({name: value.clone() for name, value in theirs.state_dict().items()})
    assert not report
    assert model.lm_head.weight is model.transformer.wte.weight
    return model


def test_gpt2_logits_and_gradients(backend: str, theirs: Any, torch: Any) -> None:
    model = ours(theirs)
    wanted = theirs(torch.tensor(IDS)).logits
    slopes = torch.autograd.grad(wanted.square().mean(), list(theirs.parameters()))

    def objective(model: Any) -> Any:
        logits = model(unifw.asarray(IDS))
        return unifw.mean(logits * logits), logits

    gradients, logits = unifw.grad(objective, has_aux=True)(model)
    np.testing.assert_allclose(logits.numpy(), wanted.detach().numpy(), rtol=1e-9, atol=1e-10)
    for (name, _), slope in zip(theirs.named_parameters(), slopes, strict=True):
        np.testing.assert_allclose(gradients[name].numpy(), slope.numpy(), rtol=1e-8, atol=1e-11, err_msg=name)


def test_gpt2_float32(backend: str, theirs: Any, torch: Any) -> None:
    """Both in float32: within 1e-4."""
    model, other = ours(theirs).to(unifw.float32), theirs.float()
    try:
        wanted = other(torch.tensor(IDS)).logits.detach().numpy()
    finally:
        theirs.double()
    np.testing.assert_allclose(model(unifw.asarray(IDS)).numpy(), wanted, rtol=1e-4, atol=1e-4 * np.abs(wanted).max())


def test_gpt2_padded_on_the_left(backend: str, theirs: Any, torch: Any) -> None:
    model, positions = ours(theirs), np.maximum(LEFT.cumsum(1) - 1, 0)
    wanted = theirs(torch.tensor(IDS), attention_mask=torch.tensor(LEFT), position_ids=torch.tensor(positions)).logits
    got = model(*map(unifw.asarray, (IDS, LEFT, positions))).numpy()
    np.testing.assert_allclose(got[LEFT > 0], wanted.detach().numpy()[LEFT > 0], rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize(("prefix", "twice"), [("", False), ("transformer.", False), ("transformer.", True)])
def test_gpt2_from_files_of_all_ages(
    backend: str, theirs: Any, torch: Any, tmp_path: Path, prefix: str, twice: bool
) -> None:
    """With the causal masks that older files hold; the tied weight once or twice."""
    state = {prefix + name: x for name, x in theirs.transformer.state_dict().items()}
    for i in range(2):
        state[f"{prefix}h.{i}.attn.bias"] = torch.ones(1, 1, POSITIONS, POSITIONS).tril()
        state[f"{prefix}h.{i}.attn.masked_bias"] = torch.tensor(-1e4)
    if twice:
        state["lm_head.weight"] = theirs.lm_head.weight.detach()
    torch.save(state, tmp_path / "pytorch_model.bin")
    whole = models.GPT2(models.GPT2Config(VOCABULARY, POSITIONS, 16, 2, 4)).to(unifw.float64).eval()
    report = unifw.load_checkpoint(whole, tmp_path)
    assert not report
    assert not report.skipped
    assert whole.lm_head.weight is whole.transformer.wte.weight
    wanted = theirs(torch.tensor(IDS)).logits.detach().numpy()
    np.testing.assert_allclose(whole(unifw.asarray(IDS)).numpy(), wanted, rtol=1e-9, atol=1e-10)
    part = models.GPT2Model(whole.config).to(unifw.float64)
    report = unifw.load_checkpoint(part, tmp_path)
    assert not report
    assert report.skipped == ("lm_head.weight",) * twice
    np.testing.assert_array_equal(part.wte.weight.numpy(), whole.transformer.wte.weight.numpy())


@pytest.mark.parametrize("mask", [None, LEFT], ids=["even", "padded"])
def test_gpt2_generates_the_same_tokens(backend: str, theirs: Any, torch: Any, mask: Any) -> None:
    """Greedily, until the end token, with padding after it."""
    model, prompts = ours(theirs), torch.tensor(IDS)
    shown = torch.ones_like(prompts) if mask is None else torch.tensor(mask)
    options = {"attention_mask": shown, "max_new_tokens": 9, "do_sample": False}
    free = theirs.generate(prompts, **options, eos_token_id=-1, pad_token_id=0)
    given = None if mask is None else unifw.asarray(mask)
    assert model.generate(unifw.asarray(IDS), 9, attention_mask=given).tolist() == free.tolist()
    end = int(free[0, 9])
    wanted = theirs.generate(prompts, **options, eos_token_id=end, pad_token_id=1)
    got = model.generate(unifw.asarray(IDS), 9, attention_mask=given, eos_token_id=end, pad_token_id=1)
    assert got.tolist() == wanted.tolist()


@pytest.mark.parametrize("options", [{"top_k": 5}, {"top_p": 0.7}, {"temperature": 0.5, "top_k": 9, "top_p": 0.4}])
def test_filters_keep_the_same_tokens(backend: str, library: Any, torch: Any, options: dict[str, Any]) -> None:
    logits = np.random.default_rng(6).standard_normal((20, VOCABULARY)) * 3
    scores = torch.tensor(logits) / options.get("temperature", 1.0)
    if "top_k" in options:
        scores = library.TopKLogitsWarper(options["top_k"])(None, scores)
    if "top_p" in options:
        scores = library.TopPLogitsWarper(options["top_p"])(None, scores)
    got = models.generation.filter_logits(unifw.asarray(logits), **options)
    np.testing.assert_allclose(got.numpy(), scores.numpy(), rtol=1e-12)


@pytest.mark.parametrize("pooler", [True, False])
def test_bert(backend: str, library: Any, torch: Any, pooler: bool) -> None:
    torch.manual_seed(0)
    sizes = {"vocab_size": VOCABULARY, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4}
    sizes |= {"intermediate_size": 24, "max_position_embeddings": POSITIONS}
    other = library.BertModel(library.BertConfig(**sizes), add_pooling_layer=pooler).double().eval()
    disturbed(other, torch)
    model = models.Bert(models.BertConfig(**sizes), pooler).to(unifw.float64).eval()
    assert not model.load_state_dict({name: value.clone() for name, value in other.state_dict().items()})
    right, segments = LEFT[:, ::-1].copy(), rng.integers(0, 2, IDS.shape)
    wanted = other(*map(torch.tensor, (IDS, right, segments)))
    got = model(*map(unifw.asarray, (IDS, right, segments)))
    assert list(got) == ["last_hidden_state", "pooler_output"][: 1 + pooler]
    for name, value in got.items():
        np.testing.assert_allclose(value.numpy(), wanted[name].detach().numpy(), rtol=1e-9, atol=1e-10)
    plain = other(torch.tensor(IDS))["last_hidden_state"].detach().numpy()
    np.testing.assert_allclose(model(unifw.asarray(IDS))["last_hidden_state"].numpy(), plain, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("old", [False, True], ids=["new names", "old names"])
def test_bert_from_files_of_all_ages(backend: str, library: Any, torch: Any, tmp_path: Path, old: bool) -> None:
    """Public files are of BERT before its heads, and the oldest have other names of norms, and the positions."""
    sizes = {"vocab_size": VOCABULARY, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4}
    sizes |= {"intermediate_size": 24, "max_position_embeddings": POSITIONS}
    other = disturbed(library.BertForPreTraining(library.BertConfig(**sizes)).double().eval(), torch)
    state = dict(other.state_dict())
    if old:
        state = {re.sub(r"LayerNorm\.(weight|bias)$", older, name): x for name, x in state.items()}
        state["bert.embeddings.position_ids"] = torch.arange(POSITIONS)[None]
        assert "cls.predictions.transform.LayerNorm.gamma" in state
    torch.save(state, tmp_path / "pytorch_model.bin")
    model = models.Bert(models.BertConfig(**sizes)).to(unifw.float64).eval()
    report = unifw.load_checkpoint(model, tmp_path)
    assert not report
    assert sorted(report.skipped) == sorted(name for name in state if name.startswith("cls."))
    wanted = other.bert(torch.tensor(IDS))
    for name, value in model(unifw.asarray(IDS)).items():
        np.testing.assert_allclose(value.numpy(), wanted[name].detach().numpy(), rtol=1e-9, atol=1e-10)


def older(match: re.Match[str]) -> str:
    return {"LayerNorm.weight": "LayerNorm.gamma", "LayerNorm.bias": "LayerNorm.beta"}[match[0]]


def test_bert_trains_alike_on_both_backends() -> None:
    """Twenty steps from the same weights: losses stay together within 1e-3, and fall."""
    sizes = {"vocab_size": VOCABULARY, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 4}
    config = models.BertConfig(**sizes, intermediate_size=24, max_position_embeddings=POSITIONS, dropout=0.0)
    unifw.seed(0)
    with unifw.using_backend("torch"):
        first = unifw.nn.ModuleDict({"bert": models.Bert(config), "head": unifw.nn.Linear(16, 3)})
    courses = [course(model) for model in (first, first.to_backend("tensorflow"))]
    np.testing.assert_allclose(courses[0], courses[1], rtol=1e-3)
    assert courses[0][-1] < 0.5 * courses[0][0]


def course(model: Any) -> list[float]:
    """The loss at each step."""
    with unifw.using_backend(model.backend):
        ids, mask, labels = (unifw.asarray(x) for x in (IDS, LEFT[:, ::-1].copy(), np.arange(3)))
        optimizer = unifw.optim.AdamW(model, lr=0.01)

        def loss(model: Any) -> Any:
            logits = model["head"](model["bert"](ids, mask)["pooler_output"])
            return unifw.nn.functional.cross_entropy(logits, labels)

        losses = []
        for _ in range(20):
            value, gradients = unifw.value_and_grad(loss)(model)
            optimizer.step(gradients)
            losses.append(value.item())
        return losses
