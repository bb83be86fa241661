"""unifw: a Module and its Trainer, on the backend that UNIFW_BACKEND names."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

import unifw
from suite import workloads as w
from suite.contestant import Contestant
from unifw import nn


class _Dense(nn.Module):
    def __init__(self, work: w.Workload) -> None:
        shapes = [value.shape for name, value in work.weights.items() if name.endswith("weight")]
        layers: list[nn.Module] = []
        for out, inputs in shapes:
            layers += [nn.Linear(inputs, out), nn.ReLU()]
        self.layers = nn.Sequential(*layers[: len(layers) - (work.name == "mlp")])

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        return self.layers(x)


class _Block(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.skip = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if inputs != outputs else None
        self.skip_norm = nn.BatchNorm2d(outputs) if inputs != outputs else None

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        relu = nn.functional.relu
        y = self.norm2(self.conv2(relu(self.norm1(self.conv1(x)))))
        return relu(y + (x if self.skip is None else self.skip_norm(self.skip(x))))  # type: ignore[misc]


class _ResNet(nn.Module):
    def __init__(self, work: w.Workload) -> None:
        self.stem = nn.Conv2d(3, 32, 3, 1, 1, bias=False)
        self.stem_norm = nn.BatchNorm2d(32)
        self.blocks = nn.Sequential(*(_Block(*sizes) for sizes in w.CNN_BLOCKS))
        self.head = nn.Linear(256, 10)

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        x = nn.functional.relu(self.stem_norm(self.stem(x)))
        return self.head(unifw.mean(self.blocks(x), axis=(1, 2)))


class _Lstm(nn.Module):
    def __init__(self, work: w.Workload) -> None:
        self.embedding = nn.Embedding(w.VOCABULARY, w.LSTM_SIZE)
        self.lstm = nn.LSTM(w.LSTM_SIZE, w.LSTM_SIZE)
        self.head = nn.Linear(w.LSTM_SIZE, 10)

    def forward(self, tokens: unifw.Tensor) -> unifw.Tensor:
        outputs, _ = self.lstm(self.embedding(tokens))
        return self.head(outputs[:, -1])


class _Transformer(nn.Module):
    def __init__(self, work: w.Workload) -> None:
        size = w.TRANSFORMER_SIZE
        self.embedding = nn.Embedding(w.VOCABULARY, size)
        self.layers = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(
                    size, w.TRANSFORMER_HEADS, w.TRANSFORMER_HIDDEN, dropout=0.0, activation="gelu", norm_first=True
                )
                for _ in range(w.TRANSFORMER_LAYERS)
            )
        )
        self.norm = nn.LayerNorm(size)
        self.head = nn.Linear(size, 10)

    def forward(self, tokens: unifw.Tensor) -> unifw.Tensor:
        x = self.norm(self.layers(self.embedding(tokens)))
        return self.head(unifw.mean(x, axis=1))


_MODELS: dict[str, Any] = {
    "tiny": _Dense,
    "mlp": _Dense,
    "cnn": _ResNet,
    "lstm": _Lstm,
    "transformer": _Transformer,
}


class Unifw(Contestant):
    """The Trainer's `fit` on batches of Tensors; inference by calls of the compiled model."""

    options: ClassVar[dict[str, Any]] = {}

    def __init__(self, work: w.Workload, device: str) -> None:
        super().__init__(work, device)
        self.model = _MODELS[work.name](work)
        self.model.load_state_dict(work.weights, strict=False)
        self.model.to(device)
        optimizer = unifw.optim.AdamW(self.model, w.LEARNING_RATE, w.BETAS, w.EPSILON, w.WEIGHT_DECAY)
        self.trainer = unifw.Trainer(self.model, optimizer, nn.functional.cross_entropy, progress=False, **self.options)
        pairs = zip(work.inputs, work.targets, strict=True)
        self.batches = [(unifw.asarray(x).to(device), unifw.asarray(y).to(device)) for x, y in pairs]
        self.row = work.inputs[0][:1]
        self.apply = unifw.compile(self.model)

    def parameters(self) -> int:
        return sum(p.size for p in self.model.parameters())

    def loss(self) -> float:
        x, y = self.batches[0]
        return nn.functional.cross_entropy(self.model.train()(x), y).item()

    def train(self, steps: int) -> None:
        order = [(self.done + i) % w.BATCHES for i in range(steps)]
        self.done += steps
        self.trainer.fit([self.batches[i] for i in order])

    def infer_seconds(self, calls: int) -> float:
        self.model.eval()
        return super().infer_seconds(calls)

    def infer(self) -> np.ndarray:
        x = unifw.asarray(self.row)
        return self.apply(x if self.device == "cpu" else x.to(self.device)).numpy()


class Compiled(Unifw):
    """A step as one native program."""

    options: ClassVar[dict[str, Any]] = {"compile": True}


class Graphs(Unifw):
    """A step as one native program, replayed as a CUDA graph."""

    options: ClassVar[dict[str, Any]] = {"compile": "reduce-overhead"}


class Xla(Unifw):
    """A step as one program of XLA's."""

    options: ClassVar[dict[str, Any]] = {"compile": "xla"}


class Eager(Unifw):
    """Inference by calls of the model itself: nothing to compile."""

    def __init__(self, work: w.Workload, device: str) -> None:
        super().__init__(work, device)
        self.apply = self.model


class Mixed(Unifw):
    """Products in bfloat16."""

    options: ClassVar[dict[str, Any]] = {"precision": "mixed_bfloat16"}
