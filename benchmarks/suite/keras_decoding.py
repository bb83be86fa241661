"""Keras 3 decodes: layers with the cache as an argument, one compiled step on TensorFlow, which has it."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import layers, ops

from suite import workloads as w
from suite.contestant import Decoder

WIDTH = w.GPT_SIZE // w.GPT_HEADS
LENGTH = w.PROMPT + w.NEW_TOKENS


class Block(layers.Layer):
    """Attention and feed-forward part; `call` returns the cache too."""

    def __init__(self) -> None:
        super().__init__()
        size = w.GPT_SIZE
        self.ln_1, self.ln_2 = layers.LayerNormalization(epsilon=1e-5), layers.LayerNormalization(epsilon=1e-5)
        self.c_attn, self.c_proj = layers.Dense(3 * size), layers.Dense(size)
        self.c_fc, self.out = layers.Dense(4 * size), layers.Dense(size)

    def call(self, x: Any, cache: Any, start: Any, shown: Any) -> Any:
        steps = x.shape[1]
        qkv = ops.reshape(self.c_attn(self.ln_1(x)), (1, steps, 3, w.GPT_HEADS, WIDTH))
        qkv = ops.transpose(qkv, (2, 0, 3, 1, 4))
        cache = ops.slice_update(cache, (0, 0, 0, start, 0), qkv[1:])
        scores = ops.matmul(qkv[0], ops.swapaxes(cache[0], -1, -2)) * WIDTH**-0.5
        y = ops.matmul(ops.softmax(ops.where(shown, scores, -1e30)), cache[1])
        x = x + self.c_proj(ops.reshape(ops.transpose(y, (0, 2, 1, 3)), (1, steps, w.GPT_SIZE)))
        return x + self.out(ops.gelu(self.c_fc(self.ln_2(x)), approximate=True)), cache

    def parts(self) -> dict[str, Any]:
        """The layers by GPT-2's names."""
        dense = {"attn.c_attn": self.c_attn, "attn.c_proj": self.c_proj, "mlp.c_fc": self.c_fc, "mlp.c_proj": self.out}
        return {"ln_1": self.ln_1, "ln_2": self.ln_2} | dense


class Keras(Decoder):
    """The step is a `tf.function` on TensorFlow, and eager on torch."""

    def __init__(self, work: w.Workload, device: str) -> None:
        super().__init__(work, device)
        self.wte = layers.Embedding(w.VOCABULARY, w.GPT_SIZE)
        self.wpe = layers.Embedding(w.GPT_POSITIONS, w.GPT_SIZE)
        self.blocks = [Block() for _ in range(w.GPT_LAYERS)]
        self.ln_f = layers.LayerNormalization(epsilon=1e-5)
        self.prompt = ops.convert_to_tensor(work.inputs[0])
        self.step = self._step
        self._step(self.prompt, self._caches(), 0)  # builds the layers
        self._assign(work.weights)
        if keras.backend.backend() == "tensorflow":
            import tensorflow as tf

            self.step = tf.function(self._step, autograph=False)

    def _named(self) -> dict[str, Any]:
        parts = {f"h.{i}.{name}": x for i, block in enumerate(self.blocks) for name, x in block.parts().items()}
        return {"wte": self.wte, "wpe": self.wpe, "ln_f": self.ln_f} | parts

    def _assign(self, weights: dict[str, np.ndarray]) -> None:
        for name, layer in self._named().items():
            given = (weights.get(f"transformer.{name}.{kind}") for kind in ("weight", "bias"))
            layer.set_weights([x for x in given if x is not None])

    def parameters(self) -> int:
        return sum(x.count_params() for x in self._named().values())

    def _caches(self) -> list[Any]:
        return [ops.zeros((2, 1, w.GPT_HEADS, LENGTH, WIDTH)) for _ in self.blocks]

    def _step(self, ids: Any, caches: list[Any], start: Any) -> Any:
        positions = start + ops.arange(ids.shape[1])
        shown = ops.arange(LENGTH) <= positions[:, None]
        x, kept = self.wte(ids) + self.wpe(positions), []
        for block, cache in zip(self.blocks, caches, strict=True):
            x, cache = block(x, cache=cache, start=start, shown=shown)
            kept.append(cache)
        logits = ops.matmul(self.ln_f(x[:, -1]), ops.transpose(self.wte.embeddings))
        return ops.argmax(logits, -1)[:, None], kept

    def tokens(self) -> list[int]:
        if keras.backend.backend() == "torch":
            import torch

            with torch.no_grad():
                return self._loop()
        return self._loop()

    def _loop(self) -> list[int]:
        new, caches, found = self.prompt, self._caches(), []
        compiled = keras.backend.backend() == "tensorflow"
        start = 0
        for _ in range(w.NEW_TOKENS):
            steps = new.shape[1]
            new, caches = self.step(new, caches, ops.convert_to_tensor(start) if compiled else start)
            start += steps
            found.append(new)
        return ops.convert_to_numpy(ops.concatenate(found, 1))[0].tolist()
