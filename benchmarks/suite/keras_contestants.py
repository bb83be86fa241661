"""Keras 3 on the backend that KERAS_BACKEND names: `fit`, and a call of the model for inference."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from suite import workloads as w
from suite.contestant import Contestant

Arrays = dict[str, np.ndarray]


def _dense(work: w.Workload) -> keras.Model:
    x = inputs = keras.Input(work.inputs.shape[2:])
    names = [name for name in work.weights if name.endswith("weight")]
    for name in names:
        last = name == names[-1] and work.name == "mlp"
        x = layers.Dense(len(work.weights[name]), activation=None if last else "relu")(x)
    return keras.Model(inputs, x)


def _norm() -> Any:
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)


def _conv(x: Any, outputs: int, stride: int, kernel: int) -> Any:
    if kernel > 1:
        x = layers.ZeroPadding2D(kernel // 2)(x)
    return layers.Conv2D(outputs, kernel, stride, use_bias=False)(x)


def _cnn(work: w.Workload) -> keras.Model:
    inputs = keras.Input((32, 32, 3))
    x = ops.relu(_norm()(_conv(inputs, 32, 1, 3)))
    for before, outputs, stride in w.CNN_BLOCKS:
        y = ops.relu(_norm()(_conv(x, outputs, stride, 3)))
        y = _norm()(_conv(y, outputs, 1, 3))
        if before != outputs:
            x = _norm()(_conv(x, outputs, stride, 1))
        x = ops.relu(y + x)
    return keras.Model(inputs, layers.Dense(10)(layers.GlobalAveragePooling2D()(x)))


def _lstm(work: w.Workload) -> keras.Model:
    inputs = keras.Input((work.inputs.shape[2],), dtype="int64")
    x = layers.LSTM(w.LSTM_SIZE)(layers.Embedding(w.VOCABULARY, w.LSTM_SIZE)(inputs))
    return keras.Model(inputs, layers.Dense(10)(x))


def _transformer(work: w.Workload) -> keras.Model:
    size, heads = w.TRANSFORMER_SIZE, w.TRANSFORMER_HEADS
    inputs = keras.Input((work.inputs.shape[2],), dtype="int64")
    x = layers.Embedding(w.VOCABULARY, size)(inputs)
    for _ in range(w.TRANSFORMER_LAYERS):
        h = layers.LayerNormalization(epsilon=1e-5)(x)
        x = x + layers.MultiHeadAttention(heads, size // heads)(h, h)
        h = layers.LayerNormalization(epsilon=1e-5)(x)
        x = x + layers.Dense(size)(layers.Dense(w.TRANSFORMER_HIDDEN, activation="gelu")(h))
    x = layers.GlobalAveragePooling1D()(layers.LayerNormalization(epsilon=1e-5)(x))
    return keras.Model(inputs, layers.Dense(10)(x))


_MODELS = {"tiny": _dense, "mlp": _dense, "cnn": _cnn, "lstm": _lstm, "transformer": _transformer}


def _assign(model: keras.Model, work: w.Workload) -> None:
    """Give Keras's layers the weights, in the order in which both sides name them."""
    given = _by_layer(work.weights)
    for layer in model.layers:
        if layer.weights:
            _SETTERS[type(layer).__name__](layer, given)


def _by_layer(weights: Arrays) -> dict[str, list[Arrays]]:
    """The weights of each kind of layer in the order of use."""
    groups: dict[str, Arrays] = {}
    for name, value in weights.items():
        head, _, tail = name.rpartition(".")
        if ".self_attn" in name:
            head, tail = name.split(".self_attn")[0] + ".self_attn", name.split(".self_attn.")[1]
        groups.setdefault(head, {})[tail] = value
    found: dict[str, list[Arrays]] = {}
    for head, group in groups.items():
        found.setdefault(_kind(head, group), []).append(group)
    return found


def _kind(head: str, group: Arrays) -> str:
    if "norm" in head:
        return "norm"
    if head in ("embedding", "lstm") or "self_attn" in head:
        return head.rpartition(".")[2]
    return "conv" if group["weight"].ndim == 4 else "dense"


def _set_dense(layer: Any, given: dict[str, list[Arrays]]) -> None:
    group = given["dense"].pop(0)
    layer.set_weights([group["weight"].T, group["bias"]])


def _set_conv(layer: Any, given: dict[str, list[Arrays]]) -> None:
    layer.set_weights([given["conv"].pop(0)["weight"].transpose(2, 3, 1, 0)])


def _set_norm(layer: Any, given: dict[str, list[Arrays]]) -> None:
    group = given["norm"].pop(0)
    layer.set_weights([group["weight"], group["bias"], *layer.get_weights()[2:]])


def _set_embedding(layer: Any, given: dict[str, list[Arrays]]) -> None:
    layer.set_weights([given["embedding"].pop(0)["weight"]])


def _set_lstm(layer: Any, given: dict[str, list[Arrays]]) -> None:
    g = given["lstm"].pop(0)
    layer.set_weights([g["weight_ih_l0"].T, g["weight_hh_l0"].T, g["bias_ih_l0"] + g["bias_hh_l0"]])


def _set_attention(layer: Any, given: dict[str, list[Arrays]]) -> None:
    g, size, heads = given["self_attn"].pop(0), w.TRANSFORMER_SIZE, w.TRANSFORMER_HEADS
    values = []
    for weight, bias in zip(np.split(g["in_proj_weight"], 3), np.split(g["in_proj_bias"], 3), strict=True):
        values += [weight.T.reshape(size, heads, -1), bias.reshape(heads, -1)]
    layer.set_weights([*values, g["out_proj.weight"].T.reshape(heads, -1, size), g["out_proj.bias"]])


_SETTERS = {
    "Dense": _set_dense,
    "Conv2D": _set_conv,
    "BatchNormalization": _set_norm,
    "LayerNormalization": _set_norm,
    "Embedding": _set_embedding,
    "LSTM": _set_lstm,
    "MultiHeadAttention": _set_attention,
}


class Keras(Contestant):
    """A functional Keras model, compiled with its defaults, trained by `fit`."""

    def __init__(self, work: w.Workload, device: str) -> None:
        super().__init__(work, device)
        self.model = _MODELS[work.name](work)
        _assign(self.model, work)
        self.batch = work.inputs.shape[1]
        self.x = work.inputs.reshape(-1, *work.inputs.shape[2:])
        self.y = work.targets.reshape(-1)
        self.row = work.inputs[0][:1]
        self.model.compile(
            keras.optimizers.AdamW(w.LEARNING_RATE, w.WEIGHT_DECAY, *w.BETAS, epsilon=w.EPSILON),
            keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )

    def parameters(self) -> int:
        merged = 4 * w.LSTM_SIZE if self.work.name == "lstm" else 0  # Keras keeps the sum of PyTorch's two biases
        return merged + sum(int(np.prod(x.shape)) for x in self.model.trainable_weights)

    def loss(self) -> float:
        logits = self.model(self.work.inputs[0], training=True)
        loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        return float(ops.convert_to_numpy(loss(ops.convert_to_tensor(self.work.targets[0]), logits)))

    def train(self, steps: int) -> None:
        rows = self.batch * w.BATCHES
        epochs, rest = divmod(steps, w.BATCHES)
        if epochs:
            self.model.fit(self.x[:rows], self.y[:rows], self.batch, epochs, verbose=0, shuffle=False)
        if rest:
            rows = self.batch * rest
            self.model.fit(self.x[:rows], self.y[:rows], self.batch, 1, verbose=0, shuffle=False)

    def infer(self) -> np.ndarray:
        return ops.convert_to_numpy(self.model(self.row, training=False))
