"""PyTorch, bare and idiomatic."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch.nn import functional as F

from suite import workloads as w
from suite.contestant import Contestant

Tensors = dict[str, torch.Tensor]


# ---- idiomatic: torch.nn and torch.optim's fused AdamW


def _dense(work: w.Workload) -> torch.nn.Module:
    layers: list[torch.nn.Module] = []
    shapes = [value.shape for name, value in work.weights.items() if name.endswith("weight")]
    for out, inputs in shapes:
        layers += [torch.nn.Linear(inputs, out), torch.nn.ReLU()]
    if work.name == "mlp":
        layers.pop()
    model = torch.nn.Module()
    model.layers = torch.nn.Sequential(*layers)
    model.forward = model.layers.forward
    return model


class _Block(torch.nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = torch.nn.BatchNorm2d(outputs)
        self.conv2 = torch.nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = torch.nn.BatchNorm2d(outputs)
        self.skip = torch.nn.Conv2d(inputs, outputs, 1, stride, bias=False) if inputs != outputs else None
        self.skip_norm = torch.nn.BatchNorm2d(outputs) if inputs != outputs else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x)))))
        return torch.relu(y + (x if self.skip is None else self.skip_norm(self.skip(x))))  # type: ignore[misc]


class _ResNet(torch.nn.Module):
    def __init__(self, work: w.Workload) -> None:
        super().__init__()
        self.stem = torch.nn.Conv2d(3, 32, 3, 1, 1, bias=False)
        self.stem_norm = torch.nn.BatchNorm2d(32)
        self.blocks = torch.nn.Sequential(*(_Block(*sizes) for sizes in w.CNN_BLOCKS))
        self.head = torch.nn.Linear(256, 10)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.stem_norm(self.stem(x)))
        return self.head(self.blocks(x).mean((2, 3)))


class _Lstm(torch.nn.Module):
    def __init__(self, work: w.Workload) -> None:
        super().__init__()
        self.embedding = torch.nn.Embedding(w.VOCABULARY, w.LSTM_SIZE)
        self.lstm = torch.nn.LSTM(w.LSTM_SIZE, w.LSTM_SIZE, batch_first=True)
        self.head = torch.nn.Linear(w.LSTM_SIZE, 10)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        outputs, _ = self.lstm(self.embedding(tokens))
        return self.head(outputs[:, -1])


class _Transformer(torch.nn.Module):
    def __init__(self, work: w.Workload) -> None:
        super().__init__()
        size = w.TRANSFORMER_SIZE
        self.embedding = torch.nn.Embedding(w.VOCABULARY, size)
        self.layers = torch.nn.Sequential(
            *(
                torch.nn.TransformerEncoderLayer(
                    size, w.TRANSFORMER_HEADS, w.TRANSFORMER_HIDDEN, 0.0, "gelu", batch_first=True, norm_first=True
                )
                for _ in range(w.TRANSFORMER_LAYERS)
            )
        )
        self.norm = torch.nn.LayerNorm(size)
        self.head = torch.nn.Linear(size, 10)

    def forward(self, tokens: torch.Tensor) -> torch.Tensor:
        return self.head(self.norm(self.layers(self.embedding(tokens))).mean(1))


_MODELS: dict[str, Any] = {
    "tiny": _dense,
    "mlp": _dense,
    "cnn": _ResNet,
    "lstm": _Lstm,
    "transformer": _Transformer,
}


def _native_device(device: str) -> torch.device:
    return torch.device(device.replace("gpu", "cuda"))


class _Torch(Contestant):
    """What both ways share: the data on the device, images as channels-last memory."""

    def __init__(self, work: w.Workload, device: str) -> None:
        super().__init__(work, device)
        self.place = _native_device(device)
        self.inputs = [self._placed(x) for x in work.inputs]
        self.targets = [torch.from_numpy(y).to(self.place) for y in work.targets]
        self.row = np.ascontiguousarray(work.inputs[0][:1])

    def _placed(self, x: np.ndarray) -> torch.Tensor:
        tensor = torch.from_numpy(x)
        return (tensor.permute(0, 3, 1, 2) if tensor.ndim == 4 else tensor).to(self.place)

    def train(self, steps: int) -> None:
        for _ in range(steps):
            i = self.done % w.BATCHES
            last = self.step(self.inputs[i], self.targets[i])
            self.done += 1
        last.item()

    def step(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        raise NotImplementedError


class Native(_Torch):
    """`torch.nn` modules and `torch.optim.AdamW(fused=True)`."""

    def __init__(self, work: w.Workload, device: str) -> None:
        super().__init__(work, device)
        self.model = _MODELS[work.name](work)
        self.model.load_state_dict({k: torch.from_numpy(v) for k, v in work.weights.items()}, strict=False)
        self.model.to(self.place)
        if work.inputs.ndim == 5:
            self.model.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), w.LEARNING_RATE, w.BETAS, w.EPSILON, w.WEIGHT_DECAY, fused=True
        )

    def parameters(self) -> int:
        return sum(p.numel() for p in self.model.parameters())

    def loss(self) -> float:
        return F.cross_entropy(self.model(self.inputs[0]), self.targets[0]).item()

    def step(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        self.optimizer.zero_grad()
        loss = F.cross_entropy(self.model(x), y)
        loss.backward()
        self.optimizer.step()
        return loss.detach()

    def train(self, steps: int) -> None:
        self.model.train()
        super().train(steps)

    def infer_seconds(self, calls: int) -> float:
        self.model.eval()
        with torch.inference_mode():
            return super().infer_seconds(calls)

    def infer(self) -> np.ndarray:
        return self.model(self._placed(self.row)).cpu().numpy()


# ---- bare: functions of tensors, and the kernels that torch.optim calls


def _dense_function(p: Tensors, s: Tensors, x: torch.Tensor, training: bool) -> torch.Tensor:
    names = list(p)
    last = len(names) // 2 - 1
    for i in range(0, len(names), 2):
        x = F.linear(x, p[names[i]], p[names[i + 1]])
        if i // 2 < last or len(names) == 40:
            x = torch.relu(x)
    return x


def _cnn_function(p: Tensors, s: Tensors, x: torch.Tensor, training: bool) -> torch.Tensor:
    def norm(name: str, x: torch.Tensor) -> torch.Tensor:
        return F.batch_norm(x, s[f"{name}.mean"], s[f"{name}.var"], p[f"{name}.weight"], p[f"{name}.bias"], training)

    x = torch.relu(norm("stem_norm", F.conv2d(x, p["stem.weight"], None, 1, 1)))
    for i, (inputs, outputs, stride) in enumerate(w.CNN_BLOCKS):
        b = f"blocks.{i}"
        y = torch.relu(norm(f"{b}.norm1", F.conv2d(x, p[f"{b}.conv1.weight"], None, stride, 1)))
        y = norm(f"{b}.norm2", F.conv2d(y, p[f"{b}.conv2.weight"], None, 1, 1))
        if inputs != outputs:
            x = norm(f"{b}.skip_norm", F.conv2d(x, p[f"{b}.skip.weight"], None, stride))
        x = torch.relu(y + x)
    return F.linear(x.mean((2, 3)), p["head.weight"], p["head.bias"])


def _lstm_function(p: Tensors, s: Tensors, x: torch.Tensor, training: bool) -> torch.Tensor:
    h = F.embedding(x, p["embedding.weight"])
    zeros = h.new_zeros(1, h.shape[0], w.LSTM_SIZE)
    flat = [p[f"lstm.{name}_l0"] for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")]
    outputs, _, _ = torch.lstm(h, (zeros, zeros), flat, True, 1, 0.0, training, False, True)
    return F.linear(outputs[:, -1], p["head.weight"], p["head.bias"])


def _transformer_function(p: Tensors, s: Tensors, x: torch.Tensor, training: bool) -> torch.Tensor:
    size, heads = w.TRANSFORMER_SIZE, w.TRANSFORMER_HEADS
    x = F.embedding(x, p["embedding.weight"])
    n, length, _ = x.shape
    for i in range(w.TRANSFORMER_LAYERS):
        b = f"layers.{i}"
        h = F.layer_norm(x, (size,), p[f"{b}.norm1.weight"], p[f"{b}.norm1.bias"])
        qkv = F.linear(h, p[f"{b}.self_attn.in_proj_weight"], p[f"{b}.self_attn.in_proj_bias"])
        q, k, v = qkv.view(n, length, 3, heads, size // heads).permute(2, 0, 3, 1, 4)
        h = F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(n, length, size)
        x = x + F.linear(h, p[f"{b}.self_attn.out_proj.weight"], p[f"{b}.self_attn.out_proj.bias"])
        h = F.layer_norm(x, (size,), p[f"{b}.norm2.weight"], p[f"{b}.norm2.bias"])
        h = F.gelu(F.linear(h, p[f"{b}.linear1.weight"], p[f"{b}.linear1.bias"]))
        x = x + F.linear(h, p[f"{b}.linear2.weight"], p[f"{b}.linear2.bias"])
    x = F.layer_norm(x, (size,), p["norm.weight"], p["norm.bias"]).mean(1)
    return F.linear(x, p["head.weight"], p["head.bias"])


_FUNCTIONS: dict[str, Any] = {
    "tiny": _dense_function,
    "mlp": _dense_function,
    "cnn": _cnn_function,
    "lstm": _lstm_function,
    "transformer": _transformer_function,
}


class Functions(_Torch):
    """`torch.nn.functional`, `torch.autograd.grad` and the fused AdamW kernel, without modules or an optimiser."""

    def __init__(self, work: w.Workload, device: str) -> None:
        super().__init__(work, device)
        self.function = _FUNCTIONS[work.name]
        self.p: Tensors = {k: torch.from_numpy(v.copy()).to(self.place) for k, v in work.weights.items()}
        if work.inputs.ndim == 5:
            last = torch.channels_last
            self.p = {k: v.contiguous(memory_format=last) if v.ndim == 4 else v for k, v in self.p.items()}
        norms = [name for name in self.p if "norm" in name and name.endswith("weight") and work.name == "cnn"]
        self.s: Tensors = {}
        for name in norms:
            self.s[name.replace("weight", "mean")] = torch.zeros_like(self.p[name])
            self.s[name.replace("weight", "var")] = torch.ones_like(self.p[name])
        self.leaves = [x.requires_grad_() for x in self.p.values()]
        self.means, self.squares = ([torch.zeros_like(x) for x in self.leaves] for _ in range(2))
        self.counts = [torch.zeros((), device=self.place) for _ in self.leaves]

    def parameters(self) -> int:
        return sum(x.numel() for x in self.leaves)

    def loss(self) -> float:
        return F.cross_entropy(self.function(self.p, self.s, self.inputs[0], True), self.targets[0]).item()

    def step(self, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
        loss = F.cross_entropy(self.function(self.p, self.s, x, True), y)
        gradients = torch.autograd.grad(loss, self.leaves)
        with torch.no_grad():
            torch._foreach_add_(self.counts, 1)
            torch._fused_adamw_(
                self.leaves,
                list(gradients),
                self.means,
                self.squares,
                [],
                self.counts,
                amsgrad=False,
                lr=w.LEARNING_RATE,
                beta1=w.BETAS[0],
                beta2=w.BETAS[1],
                weight_decay=w.WEIGHT_DECAY,
                eps=w.EPSILON,
                maximize=False,
            )
        return loss.detach()

    def infer_seconds(self, calls: int) -> float:
        with torch.inference_mode():
            return super().infer_seconds(calls)

    def infer(self) -> np.ndarray:
        return self.function(self.p, self.s, self._placed(self.row), False).detach().cpu().numpy()
