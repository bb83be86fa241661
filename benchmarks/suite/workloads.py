"""What is timed: the sizes, the data and the initial weights of each workload, in NumPy and by PyTorch's names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np

Array = np.ndarray
Weights = dict[str, Array]

LEARNING_RATE = 1e-3
BETAS = (0.9, 0.999)
EPSILON = 1e-8
WEIGHT_DECAY = 1e-2
"""AdamW's numbers, the same for every contestant."""

BATCHES = 8
"""How many different batches an epoch has."""


@dataclass(frozen=True)
class Workload:
    """One model and its data: `inputs` are (batches, batch, ...) and `targets` integer classes (batches, batch)."""

    name: str
    what: str
    inputs: Array
    targets: Array
    weights: Weights
    steps: int
    calls: int
    measures: tuple[str, ...] = ("train", "infer")

    def times(self, what: str) -> int:
        """How many steps or calls one round of a measure has."""
        return self.steps if what == "train" else self.calls

    @property
    def parameters(self) -> int:
        """The number of trainable numbers."""
        return sum(value.size for value in self.weights.values())


_MAKERS: dict[str, Callable[[np.random.Generator], Workload]] = {}


def _workload(maker: Callable[[np.random.Generator], Workload]) -> Callable[[np.random.Generator], Workload]:
    _MAKERS[maker.__name__.strip("_").replace("_", "-")] = maker
    return maker


def names() -> list[str]:
    """The names of the workloads."""
    return list(_MAKERS)


def make(name: str, batch: int | None = None) -> Workload:
    """The workload called `name`, the same at every call; `batch` rows are taken of each batch, if given."""
    work = _MAKERS[name](np.random.default_rng(0))
    if batch is None:
        return work
    repeats = -(-batch // work.inputs.shape[1])
    inputs = np.concatenate([work.inputs] * repeats, axis=1)[:, :batch]
    targets = np.concatenate([work.targets] * repeats, axis=1)[:, :batch]
    return replace(work, inputs=inputs, targets=targets)


def _uniform(rng: np.random.Generator, shape: tuple[int, ...], fan_in: int) -> Array:
    return rng.uniform(-1, 1, shape).astype(np.float32) / np.float32(fan_in) ** np.float32(0.5)


def _linear(rng: np.random.Generator, name: str, inputs: int, outputs: int) -> Weights:
    return {
        f"{name}.weight": _uniform(rng, (outputs, inputs), inputs),
        f"{name}.bias": _uniform(rng, (outputs,), inputs),
    }


def _norm(name: str, features: int) -> Weights:
    return {f"{name}.weight": np.ones(features, np.float32), f"{name}.bias": np.zeros(features, np.float32)}


def _conv(rng: np.random.Generator, name: str, inputs: int, outputs: int, kernel: int) -> Weights:
    return {f"{name}.weight": _uniform(rng, (outputs, inputs, kernel, kernel), inputs * kernel**2)}


def _classes(rng: np.random.Generator, classes: int, batch: int) -> Array:
    return rng.integers(0, classes, (BATCHES, batch))


def dense(rng: np.random.Generator, sizes: list[int]) -> Weights:
    """The weights of Linear layers of these sizes, named by their positions with a ReLU after each."""
    weights: Weights = {}
    for i, (inputs, outputs) in enumerate(pairwise(sizes)):
        weights |= _linear(rng, f"layers.{2 * i}", inputs, outputs)
    return weights


@_workload
def _tiny(rng: np.random.Generator) -> Workload:
    inputs = rng.normal(size=(BATCHES, 8, 16)).astype(np.float32)
    targets = _classes(rng, 16, 8)
    return Workload("tiny", "20 x (Linear(16) + ReLU), batch 8", inputs, targets, dense(rng, [16] * 21), 200, 400)


@_workload
def _mlp(rng: np.random.Generator) -> Workload:
    inputs = rng.normal(size=(BATCHES, 128, 784)).astype(np.float32)
    targets = _classes(rng, 10, 128)
    return Workload("mlp", "784-512-512-10, batch 128", inputs, targets, dense(rng, [784, 512, 512, 10]), 80, 400)


CNN_BLOCKS = ((32, 32, 1), (32, 64, 2), (64, 128, 2), (128, 256, 2))
"""Input channels, output channels and stride of each residual block."""


@_workload
def _cnn(rng: np.random.Generator) -> Workload:
    weights = _conv(rng, "stem", 3, 32, 3) | _norm("stem_norm", 32)
    for i, (inputs, outputs, _) in enumerate(CNN_BLOCKS):
        block = f"blocks.{i}"
        weights |= _conv(rng, f"{block}.conv1", inputs, outputs, 3) | _norm(f"{block}.norm1", outputs)
        weights |= _conv(rng, f"{block}.conv2", outputs, outputs, 3) | _norm(f"{block}.norm2", outputs)
        if inputs != outputs:
            weights |= _conv(rng, f"{block}.skip", inputs, outputs, 1) | _norm(f"{block}.skip_norm", outputs)
    weights |= _linear(rng, "head", 256, 10)
    images = rng.normal(size=(BATCHES, 32, 32, 32, 3)).astype(np.float32)
    return Workload("cnn", "4-block ResNet, 32x32x3, batch 32", images, _classes(rng, 10, 32), weights, 8, 60)


VOCABULARY = 1000
LSTM_SIZE = 128


@_workload
def _lstm(rng: np.random.Generator) -> Workload:
    size = LSTM_SIZE
    weights: Weights = {"embedding.weight": rng.normal(size=(VOCABULARY, size)).astype(np.float32)}
    for kind in ("ih", "hh"):
        weights[f"lstm.weight_{kind}_l0"] = _uniform(rng, (4 * size, size), size)
    for kind in ("ih", "hh"):
        weights[f"lstm.bias_{kind}_l0"] = _uniform(rng, (4 * size,), size)
    weights |= _linear(rng, "head", size, 10)
    tokens = rng.integers(0, VOCABULARY, (BATCHES, 32, 64))
    what = "Embedding 1000x128, LSTM 128, length 64, batch 32"
    return Workload("lstm", what, tokens, _classes(rng, 10, 32), weights, 16, 80)


TRANSFORMER_LAYERS, TRANSFORMER_SIZE, TRANSFORMER_HEADS, TRANSFORMER_HIDDEN = 4, 256, 8, 1024


@_workload
def _transformer(rng: np.random.Generator) -> Workload:
    size, hidden = TRANSFORMER_SIZE, TRANSFORMER_HIDDEN
    weights: Weights = {"embedding.weight": rng.normal(size=(VOCABULARY, size)).astype(np.float32)}
    for i in range(TRANSFORMER_LAYERS):
        layer = f"layers.{i}"
        weights[f"{layer}.self_attn.in_proj_weight"] = _uniform(rng, (3 * size, size), size)
        weights[f"{layer}.self_attn.in_proj_bias"] = np.zeros(3 * size, np.float32)
        weights |= _linear(rng, f"{layer}.self_attn.out_proj", size, size)
        weights |= _linear(rng, f"{layer}.linear1", size, hidden) | _linear(rng, f"{layer}.linear2", hidden, size)
        weights |= _norm(f"{layer}.norm1", size) | _norm(f"{layer}.norm2", size)
    weights |= _norm("norm", size) | _linear(rng, "head", size, 10)
    tokens = rng.integers(0, VOCABULARY, (BATCHES, 16, 128))
    what = "4 pre-norm layers, d=256, 8 heads, ffn 1024, length 128, batch 16"
    return Workload("transformer", what, tokens, _classes(rng, 10, 16), weights, 4, 40)


GPT_LAYERS, GPT_SIZE, GPT_HEADS, GPT_POSITIONS = 4, 256, 8, 128
PROMPT, NEW_TOKENS = 8, 64


@_workload
def _gpt_decode(rng: np.random.Generator) -> Workload:
    size = GPT_SIZE

    def dense(name: str, inputs: int, outputs: int) -> Weights:
        """A kernel as GPT-2's checkpoints have it, (in, out)."""
        return {f"{name}.weight": _uniform(rng, (inputs, outputs), inputs), f"{name}.bias": np.zeros(outputs, "f4")}

    weights: Weights = {
        "transformer.wte.weight": rng.normal(0, 0.1, (VOCABULARY, size)).astype(np.float32),
        "transformer.wpe.weight": rng.normal(0, 0.5, (GPT_POSITIONS, size)).astype(np.float32),
    }
    for i in range(GPT_LAYERS):
        block = f"transformer.h.{i}"
        weights |= _norm(f"{block}.ln_1", size) | _norm(f"{block}.ln_2", size)
        weights |= dense(f"{block}.attn.c_attn", size, 3 * size) | dense(f"{block}.attn.c_proj", size, size)
        weights |= dense(f"{block}.mlp.c_fc", size, 4 * size) | dense(f"{block}.mlp.c_proj", 4 * size, size)
    weights |= _norm("transformer.ln_f", size)
    prompt = rng.integers(0, VOCABULARY, (1, 1, PROMPT))
    what = "GPT-2 with 4 layers, d=256, 8 heads, vocabulary 1000: 64 tokens after a prompt of 8, batch 1, with a cache"
    return Workload("gpt-decode", what, prompt, prompt[:, :, 0], weights, 0, 4, ("decode",))
