"""TensorFlow decodes: a `tf.function` step with a cache of fixed size, and the same functions run eagerly."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

from suite import workloads as w
from suite.contestant import Decoder

WIDTH = w.GPT_SIZE // w.GPT_HEADS
LENGTH = w.PROMPT + w.NEW_TOKENS


class Functions(Decoder):
    """Public functions of `tf`, run eagerly."""

    def __init__(self, work: w.Workload, device: str) -> None:
        super().__init__(work, device)
        with tf.device(device):
            self.p = {name.removeprefix("transformer."): tf.Variable(x) for name, x in work.weights.items()}
            shape = (2, 1, w.GPT_HEADS, LENGTH, WIDTH)
            self.caches = [tf.Variable(tf.zeros(shape)) for _ in range(w.GPT_LAYERS)]
            self.prompt = tf.constant(work.inputs[0])
            self.starts = [tf.constant(i) for i in range(LENGTH)]
        self.step = self._step

    def parameters(self) -> int:
        return sum(int(np.prod(x.shape)) for x in self.p.values())

    def _norm(self, name: str, x: tf.Tensor) -> tf.Tensor:
        mean, var = tf.nn.moments(x, [-1], keepdims=True)
        return tf.nn.batch_normalization(x, mean, var, self.p[f"{name}.bias"], self.p[f"{name}.weight"], 1e-5)

    def _dense(self, name: str, x: tf.Tensor) -> tf.Tensor:
        return tf.matmul(x, self.p[f"{name}.weight"]) + self.p[f"{name}.bias"]

    def _attention(self, i: int, x: tf.Tensor, start: tf.Tensor, shown: tf.Tensor) -> tf.Tensor:
        steps = x.shape[0]
        qkv = tf.reshape(self._dense(f"h.{i}.attn.c_attn", x), (1, steps, 3, w.GPT_HEADS, WIDTH))
        qkv = tf.transpose(qkv, (2, 0, 3, 1, 4))
        self.caches[i][:, :, :, start : start + steps].assign(qkv[1:])
        k, v = tf.unstack(self.caches[i])
        scores = tf.matmul(qkv[0], k, transpose_b=True) * WIDTH**-0.5
        y = tf.matmul(tf.nn.softmax(tf.where(shown, scores, -np.inf)), v)
        y = tf.reshape(tf.transpose(y, (0, 2, 1, 3)), (steps, w.GPT_SIZE))
        return self._dense(f"h.{i}.attn.c_proj", y)

    def _step(self, ids: tf.Tensor, start: tf.Tensor) -> tf.Tensor:
        """The token after `ids` (1, steps), which stand at `start`."""
        positions = start + tf.range(ids.shape[1])
        shown = tf.range(LENGTH) <= positions[:, None]
        x = tf.gather(self.p["wte.weight"], ids[0]) + tf.gather(self.p["wpe.weight"], positions)
        for i in range(w.GPT_LAYERS):
            x = x + self._attention(i, self._norm(f"h.{i}.ln_1", x), start, shown)
            h = tf.nn.gelu(self._dense(f"h.{i}.mlp.c_fc", self._norm(f"h.{i}.ln_2", x)), approximate=True)
            x = x + self._dense(f"h.{i}.mlp.c_proj", h)
        logits = tf.matmul(self._norm("ln_f", x[-1:]), self.p["wte.weight"], transpose_b=True)
        return tf.argmax(logits, -1)[:, None]

    def tokens(self) -> list[int]:
        new, start, found = self.prompt, 0, []
        for _ in range(w.NEW_TOKENS):
            steps = new.shape[1]
            new = self.step(new, self.starts[start])
            start += steps
            found.append(new)
        return tf.concat(found, 1).numpy()[0].tolist()


class Native(Functions):
    """The same step as one `tf.function`, written by hand."""

    def __init__(self, work: w.Workload, device: str) -> None:
        super().__init__(work, device)
        self.step = tf.function(self._step, autograph=False)
