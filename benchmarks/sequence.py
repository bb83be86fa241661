"""Recurrent layers and attention: unifw beside each framework's own, and beside other ways on TensorFlow.

    python benchmarks/sequence.py              # every installed backend
    python benchmarks/sequence.py tensorflow   # one

Sequences of 64 steps and 128 features in batches of 32, hidden size 128. Each pair runs in alternation, on all threads,
with the same weights; a row is the median of the rounds. A training step is the gradient of all weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
from timing import Row, compare, main

import unifw
from unifw import nn

BATCH, STEPS, SIZE, HEADS, ROUNDS = 32, 64, 128, 8, 9


def data() -> np.ndarray:
    """One batch of sequences."""
    return np.random.default_rng(0).normal(size=(BATCH, STEPS, SIZE)).astype(np.float32)


def training(layer: nn.Module, x: Any) -> Callable[[], Any]:
    """The gradient of every weight of a layer whose first output is the sequence."""
    gradient = unifw.grad(lambda layer: unifw.sum(run(layer, x) ** 2))
    return lambda: gradient(layer)


def run(layer: Any, x: Any) -> Any:
    """The output of a layer for a sequence."""
    if isinstance(layer, nn.MultiheadAttention):
        return layer(x, x, x, need_weights=False)[0]
    y = layer(x)
    return y[0] if isinstance(y, tuple) else y


def layers() -> dict[str, nn.Module]:
    """What is measured."""
    return {
        "LSTM": nn.LSTM(SIZE, SIZE),
        "GRU": nn.GRU(SIZE, SIZE),
        "MultiheadAttention": nn.MultiheadAttention(SIZE, HEADS),
    }


def torch_rows() -> Iterator[Row]:
    """Against torch.nn."""
    import torch

    with unifw.using_backend("torch"):
        x = unifw.asarray(data())
        for name, layer in layers().items():
            arguments = (SIZE, HEADS) if name == "MultiheadAttention" else (SIZE, SIZE)
            theirs = getattr(torch.nn, name)(*arguments, batch_first=True)
            layer.load_state_dict({key: value.clone() for key, value in theirs.state_dict().items()})

            def forward(theirs: Any = theirs, name: str = name) -> Any:
                inputs = (x.native,) * 3 if name == "MultiheadAttention" else (x.native,)
                return theirs(*inputs, **({"need_weights": False} if len(inputs) > 1 else {}))[0]

            def step(theirs: Any = theirs, forward: Any = forward) -> Any:
                return torch.autograd.grad(forward().square().sum(), list(theirs.parameters()))

            np.testing.assert_allclose(run(layer, x).numpy(), forward().detach().numpy(), rtol=1e-4, atol=1e-5)
            with torch.inference_mode():
                yield compare(f"{name}, forward / torch.nn", forward, partial(run, layer, x), ROUNDS)
            yield compare(f"{name}, training step / torch.nn", step, training(layer, x), ROUNDS)


def tensorflow_rows() -> Iterator[Row]:
    """Against Keras, and against the other ways."""
    with unifw.using_backend("tensorflow"):
        x = unifw.asarray(data())
        for name, layer in layers().items():
            yield from keras_rows(name, layer, x)
        yield from route_rows(nn.LSTM(SIZE, SIZE), x)
        yield from attention_rows()


def keras_rows(name: str, layer: nn.Module, x: Any) -> Iterator[Row]:
    """Eagerly and in a graph."""
    import tensorflow as tf

    keras = import_module("keras").layers
    attends = name == "MultiheadAttention"
    theirs = (
        keras.MultiHeadAttention(HEADS, SIZE // HEADS) if attends else getattr(keras, name)(SIZE, return_sequences=True)
    )

    def forward(x: Any) -> Any:
        return theirs(x, x) if attends else theirs(x)

    def step(x: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(forward(x) ** 2)
        return tape.gradient(loss, theirs.trainable_variables)

    forward(x.native)
    ours = {
        "forward": lambda x: run(layer, wrap(x)).native,
        "training step": lambda x: natives(training(layer, wrap(x))()),
    }
    for what, native in (("forward", forward), ("training step", step)):
        eager = (partial(native, x.native), partial(ours[what], x.native))
        yield compare(f"{name}, {what}, eager / Keras", *eager, ROUNDS)
        first, second = (partial(tf.function(f, autograph=False), x.native) for f in (native, ours[what]))
        yield compare(f"{name}, {what}, graph / Keras", first, second, ROUNDS)


def wrap(x: Any) -> Any:
    """A native tensor as a Tensor."""
    return unifw.get_backend().Tensor(x)


def natives(gradients: dict[str, Any]) -> list[Any]:
    """What a graph can return."""
    return [gradient.native for gradient in gradients.values()]


def route_rows(layer: nn.LSTM, x: Any) -> Iterator[Row]:
    """An LSTM by other ways."""
    import tensorflow as tf
    from recurrences import ROUTES

    weights = [tf.Variable(parameter.native) for parameter in layer.parameters()]

    def step(route: Callable[..., Any], x: Any) -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(route(x, weights) ** 2)
        return tape.gradient(loss, weights)

    ours = {
        "forward": lambda x: run(layer, wrap(x)).native,
        "training step": lambda x: natives(training(layer, wrap(x))()),
    }
    for name, route in ROUTES.items():
        np.testing.assert_allclose(route(x.native, weights), run(layer, x).numpy(), rtol=1e-4, atol=1e-5)
        for what, native in (("forward", partial(route, weights=weights)), ("training step", partial(step, route))):
            eager = (partial(native, x.native), partial(ours[what], x.native))
            yield compare(f"LSTM, {what}, eager / {name}", *eager, ROUNDS)
            first, second = (partial(tf.function(f, autograph=False), x.native) for f in (native, ours[what]))
            yield compare(f"LSTM, {what}, graph / {name}", first, second, ROUNDS)
    compiled = tf.function(lambda x: ROUTES["while_loop"](x, weights), autograph=False, jit_compile=True)
    graph = tf.function(ours["forward"], autograph=False)
    yield compare("LSTM, forward, graph / XLA", partial(compiled, x.native), partial(graph, x.native), ROUNDS)


def attention_rows() -> Iterator[Row]:
    """Attention by `tf.einsum`."""
    from recurrences import attention_by_einsum

    shape = (BATCH, HEADS, STEPS, SIZE // HEADS)
    q, k, v = (unifw.asarray(np.random.default_rng(i).normal(size=shape).astype(np.float32)) for i in range(3))
    native = partial(attention_by_einsum, q.native, k.native, v.native)
    ours = partial(nn.functional.scaled_dot_product_attention, q, k, v)
    yield compare("attention, forward, eager / einsum", native, ours, ROUNDS)


ROWS = {"torch": torch_rows, "tensorflow": tensorflow_rows}

TITLE = "Speed of recurrent layers and attention"
WORDS = f"""
Milliseconds, written by `make bench-sequence`: batch {BATCH}, {STEPS} steps, {SIZE} features and hidden
units, {HEADS} heads, float32. A row is the median of alternating rounds; the ratio is unifw / native, below
1 where unifw is faster. The gradient that TensorFlow registers for `BlockLSTMV2` is wrong: it is that of
`BlockLSTM`, whose gates are in another order. XLA compiles for one batch size alone, for seconds.
"""

if __name__ == "__main__":
    main(ROWS, __doc__, TITLE, WORDS, unit="ms")
