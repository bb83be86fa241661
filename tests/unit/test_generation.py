"""Writing on with a model: compiled where the backend's way is compiled, with the results of plain Python."""

from __future__ import annotations

import copy
import gc
import pickle
import subprocess
import sys
import weakref
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import models

CONFIG = models.GPT2Config(vocab_size=19, n_positions=24, n_embd=8, n_layer=2, n_head=2)
IDS = np.asarray([[1, 5, 3, 7, 2], [4, 4, 9, 1, 18]])


def gpt2(seed: int = 1) -> models.GPT2:
    """A small model whose logits differ clearly."""
    model, rng = models.GPT2(CONFIG).eval(), np.random.default_rng(seed)
    for parameter in model.parameters():
        parameter.assign(parameter + unifw.asarray(rng.standard_normal(parameter.shape) * 0.3))
    return model


def written(model: models.GPT2, ids: Any = IDS, count: int = 6, **options: Any) -> list[list[int]]:
    if "seed" in options:
        options["generator"] = unifw.random.Generator(options.pop("seed"), host=True)
    found: list[list[int]] = model.generate(unifw.asarray(ids), count, **options).tolist()
    return found


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"do_sample": True, "temperature": 0.7, "top_k": 9, "top_p": 0.9, "seed": 4},
        {"eos_token_id": 7, "pad_token_id": 0},
        {"attention_mask": [[1] * 5, [0, 0, 1, 1, 1]]},
    ],
    ids=["greedy", "sampled", "ending", "padded"],
)
def test_the_tokens_are_those_of_plain_python(backend: str, options: dict[str, Any]) -> None:
    model = gpt2()
    if "attention_mask" in options:
        options = {"attention_mask": unifw.asarray(options["attention_mask"])}
    with unifw.eager():
        wanted = written(model, **options)
    assert written(model, **options) == wanted
    assert written(model, **options) == wanted, "the second time"


def test_prompts_of_any_length_share_their_programs(backend: str) -> None:
    """Python runs while a program is made: for a prompt and for a token, once each; and not at all again."""
    model, runs = gpt2(), []
    model.transformer.drop.register_forward_hook(lambda module, args, output: runs.append(1))
    written(model)
    made = len(runs)
    for length in (1, 2, 4, 5):
        written(model, IDS[:, :length], 8)
    compiled = unifw.get_backend().info.step != "eager"
    assert len(runs) == made == 2 if compiled else len(runs) == made + 4 * 8


def test_new_weights_are_used(backend: str) -> None:
    model, other = gpt2(), gpt2(2)
    before, wanted = written(model), written(other)
    model.load_state_dict(other.state_dict())
    assert written(model) == wanted != before


def test_what_a_call_leaves_behind_does_not_matter(backend: str) -> None:
    """A call that computed NaN, and one that failed on the way."""
    model = gpt2()
    good = model.state_dict()
    wanted = written(model)
    model.transformer.ln_f.weight.assign(np.full(8, np.nan))
    model.transformer.h[0].ln_1.weight.assign(np.full(8, np.nan))
    written(model, count=12)
    model.load_state_dict(good)
    assert written(model) == wanted
    with pytest.raises(unifw.errors.ArgumentError):
        written(model, do_sample=True, temperature=0)
    assert written(model) == wanted


def test_programs_go_with_the_model(backend: str) -> None:
    model = gpt2()
    written(model)
    kept = list(model._decoders._idle.values())
    gone = [weakref.ref(x) for x in (model, *kept, *(decoder.cache for decoder in kept))]
    del model, kept
    gc.collect()
    assert [reference() for reference in gone] == [None] * len(gone)


def test_copies_start_without_programs(backend: str) -> None:
    model = gpt2()
    wanted = written(model)
    for other in (copy.deepcopy(model), pickle.loads(pickle.dumps(model))):
        assert not other._decoders._idle
        assert written(other) == wanted


def test_only_so_many_programs_are_kept(backend: str) -> None:
    model = gpt2()
    for batch in range(1, 10):
        written(model, np.ones((batch, 2), int), 1)
    assert len(model._decoders._idle) <= 6


def test_a_backend_comes_without_a_compiler() -> None:
    """What compiling needs is imported when something is compiled: 70 MiB and half a second."""
    code = "import sys, unifw; unifw.zeros(1) + 1; sys.exit('sympy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_model_learns_from_what_it_wrote(backend: str) -> None:
    model = gpt2()
    ids = model.generate(unifw.asarray(IDS), 3)
    gradients = unifw.grad(lambda model: unifw.mean(model(ids) ** 2))(model)
    assert all(np.abs(gradient.numpy()).max() > 0 for gradient in gradients.values())
