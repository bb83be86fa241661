"""TensorFlow: a hand-written step in `tf.function`, and the same functions run eagerly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from suite import workloads as w
from suite.contestant import Contestant

Variables = dict[str, tf.Variable]


def native_layout(name: str, value: np.ndarray) -> np.ndarray:
    """A weight as TensorFlow's own functions take it: kernels (in, out) and (h, w, in, out)."""
    if value.ndim == 4:
        return value.transpose(2, 3, 1, 0)
    if value.ndim == 2 and "embedding" not in name:
        return value.T
    return value


def _dense(p: Variables, s: Variables, x: tf.Tensor, training: bool) -> tf.Tensor:
    names = list(p)
    for i in range(0, len(names), 2):
        x = tf.matmul(x, p[names[i]]) + p[names[i + 1]]
        if i + 2 < len(names) or len(names) == 40:
            x = tf.nn.relu(x)
    return x


def _cnn(p: Variables, s: Variables, x: tf.Tensor, training: bool) -> tf.Tensor:
    def norm(name: str, x: tf.Tensor) -> tf.Tensor:
        scale, offset, mean, var = p[f"{name}.weight"], p[f"{name}.bias"], s[f"{name}.mean"], s[f"{name}.var"]
        if not training:
            return tf.compat.v1.nn.fused_batch_norm(x, scale, offset, mean, var, 1e-5, is_training=False)[0]
        y, batch_mean, batch_var = tf.compat.v1.nn.fused_batch_norm(x, scale, offset, epsilon=1e-5)
        mean.assign_sub(0.1 * (mean - batch_mean))
        var.assign_sub(0.1 * (var - batch_var))
        return y

    def conv(name: str, x: tf.Tensor, stride: int, padding: int) -> tf.Tensor:
        edges = [[0, 0], [padding, padding], [padding, padding], [0, 0]]
        return tf.nn.conv2d(x, p[f"{name}.weight"], stride, edges if padding else "VALID")

    x = tf.nn.relu(norm("stem_norm", conv("stem", x, 1, 1)))
    for i, (inputs, outputs, stride) in enumerate(w.CNN_BLOCKS):
        b = f"blocks.{i}"
        y = tf.nn.relu(norm(f"{b}.norm1", conv(f"{b}.conv1", x, stride, 1)))
        y = norm(f"{b}.norm2", conv(f"{b}.conv2", y, 1, 1))
        if inputs != outputs:
            x = norm(f"{b}.skip_norm", conv(f"{b}.skip", x, stride, 0))
        x = tf.nn.relu(y + x)
    return tf.matmul(tf.reduce_mean(x, (1, 2)), p["head.weight"]) + p["head.bias"]


def _lstm(p: Variables, s: Variables, x: tf.Tensor, training: bool) -> tf.Tensor:
    embedded = tf.gather(p["embedding.weight"], x)
    bias = p["lstm.bias_ih_l0"] + p["lstm.bias_hh_l0"]
    projected = tf.transpose(tf.tensordot(embedded, p["lstm.weight_ih_l0"], 1) + bias, (1, 0, 2))
    recurrent = tf.convert_to_tensor(p["lstm.weight_hh_l0"])
    zeros = tf.zeros((tf.shape(x)[0], w.LSTM_SIZE))

    def body(t: tf.Tensor, h: tf.Tensor, c: tf.Tensor) -> Any:
        i, f, g, o = tf.split(projected[t] + tf.matmul(h, recurrent), 4, 1)
        c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(g)
        return t + 1, tf.sigmoid(o) * tf.tanh(c), c

    _, h, _ = tf.while_loop(lambda t, h, c: t < x.shape[1], body, (tf.constant(0), zeros, zeros))
    return tf.matmul(h, p["head.weight"]) + p["head.bias"]


def _transformer(p: Variables, s: Variables, x: tf.Tensor, training: bool) -> tf.Tensor:
    size, heads = w.TRANSFORMER_SIZE, w.TRANSFORMER_HEADS

    def norm(name: str, x: tf.Tensor) -> tf.Tensor:
        mean, var = tf.nn.moments(x, [-1], keepdims=True)
        return tf.nn.batch_normalization(x, mean, var, p[f"{name}.bias"], p[f"{name}.weight"], 1e-5)

    def linear(name: str, x: tf.Tensor, kind: str = ".weight", bias: str = ".bias") -> tf.Tensor:
        kernel = p[f"{name}{kind}"]
        rows = tf.matmul(tf.reshape(x, (-1, kernel.shape[0])), kernel) + p[f"{name}{bias}"]
        return tf.reshape(rows, (-1, length, kernel.shape[1]))

    length = x.shape[1]
    x = tf.gather(p["embedding.weight"], x)
    for i in range(w.TRANSFORMER_LAYERS):
        b = f"layers.{i}"
        qkv = linear(f"{b}.self_attn", norm(f"{b}.norm1", x), ".in_proj_weight", ".in_proj_bias")
        q, k, v = tf.unstack(tf.transpose(tf.reshape(qkv, (-1, length, 3, heads, size // heads)), (2, 0, 3, 1, 4)))
        scores = tf.nn.softmax(tf.matmul(q, k, transpose_b=True) * (size // heads) ** -0.5)
        h = tf.reshape(tf.transpose(tf.matmul(scores, v), (0, 2, 1, 3)), (-1, length, size))
        x = x + linear(f"{b}.self_attn.out_proj", h)
        x = x + linear(f"{b}.linear2", tf.nn.gelu(linear(f"{b}.linear1", norm(f"{b}.norm2", x))))
    return tf.matmul(tf.reduce_mean(norm("norm", x), 1), p["head.weight"]) + p["head.bias"]


_FORWARD: dict[str, Callable[..., tf.Tensor]] = {
    "tiny": _dense,
    "mlp": _dense,
    "cnn": _cnn,
    "lstm": _lstm,
    "transformer": _transformer,
}


class Functions(Contestant):
    """Public functions of `tf` with a tape and the resource kernel of Adam, run eagerly."""

    def __init__(self, work: w.Workload, device: str) -> None:
        super().__init__(work, device)
        with tf.device(device):
            self.p: Variables = {k: tf.Variable(native_layout(k, v)) for k, v in work.weights.items()}
            self.s = self._statistics() if work.name == "cnn" else {}
            self.leaves = list(self.p.values())
            self.moments = [(tf.Variable(tf.zeros_like(x)), tf.Variable(tf.zeros_like(x))) for x in self.leaves]
            self.powers = [tf.Variable(1.0), tf.Variable(1.0)]
            self.inputs = [tf.constant(x) for x in work.inputs]
            self.targets = [tf.constant(y) for y in work.targets]
        self.row = work.inputs[0][:1]
        self.forward = _FORWARD[work.name]
        self.step = self._step
        self.apply = lambda x: self.forward(self.p, self.s, x, False)

    def _statistics(self) -> Variables:
        found: Variables = {}
        for name, value in self.p.items():
            if "norm" in name and name.endswith("weight"):
                found[name.replace("weight", "mean")] = tf.Variable(tf.zeros_like(value))
                found[name.replace("weight", "var")] = tf.Variable(tf.ones_like(value))
        return found

    def parameters(self) -> int:
        return sum(int(np.prod(x.shape)) for x in self.leaves)

    def _loss(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        logits = self.forward(self.p, self.s, x, True)
        return tf.reduce_mean(tf.nn.sparse_softmax_cross_entropy_with_logits(labels=y, logits=logits))

    def loss(self) -> float:
        return float(self._loss(self.inputs[0], self.targets[0]))

    def _step(self, x: tf.Tensor, y: tf.Tensor) -> tf.Tensor:
        with tf.GradientTape() as tape:
            loss = self._loss(x, y)
        gradients = tape.gradient(loss, self.leaves)
        first, second = (power.assign(power * beta) for power, beta in zip(self.powers, w.BETAS, strict=True))
        for variable, gradient, (mean, square) in zip(self.leaves, gradients, self.moments, strict=True):
            variable.assign_sub(w.LEARNING_RATE * w.WEIGHT_DECAY * variable)
            tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=mean.handle,
                v=square.handle,
                beta1_power=first,
                beta2_power=second,
                lr=w.LEARNING_RATE,
                beta1=w.BETAS[0],
                beta2=w.BETAS[1],
                epsilon=w.EPSILON,
                grad=tf.convert_to_tensor(gradient),
            )
        return loss

    def train(self, steps: int) -> None:
        for _ in range(steps):
            i = self.done % w.BATCHES
            last = self.step(self.inputs[i], self.targets[i])
            self.done += 1
        last.numpy()

    def infer(self) -> np.ndarray:
        return self.apply(tf.constant(self.row)).numpy()


class Native(Functions):
    """The same functions as one `tf.function` step, written by hand."""

    def __init__(self, work: w.Workload, device: str) -> None:
        super().__init__(work, device)
        self.step = tf.function(self._step, autograph=False)
        self.apply = tf.function(self.apply, autograph=False)
