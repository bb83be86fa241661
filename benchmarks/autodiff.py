"""What `unifw.value_and_grad` adds: microseconds per call, beside a gradient written by hand in the framework.

    python benchmarks/autodiff.py            # every installed backend
    python benchmarks/autodiff.py torch      # one

Both sides run the same layers on the same numbers, eagerly, on one thread. By hand means bare functions of native
tensors, then `torch.autograd.grad` or a `tf.GradientTape`. Timed in alternating blocks, of which the least counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from functools import partial
from time import thread_time
from typing import Any

import numpy as np
from timing import BLOCKS, Row, main, torch_threads

import unifw
from unifw import nn

SIZES = [(1, 16, 8), (2, 64, 32), (20, 16, 8), (3, 256, 64)]  # layers, width, batch
CALLS = 20
TARGET = "within 3 us plus 2 % of the gradient by hand"


def network(depth: int, width: int) -> nn.Module:
    """Pairs of Linear and ReLU."""
    return nn.Sequential(*(layer for _ in range(depth) for layer in (nn.Linear(width, width), nn.ReLU())))


def calls(depth: int, width: int, batch: int, hand: Callable[..., Any]) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """The gradient by hand and by unifw, of the mean output with respect to every weight."""
    model = network(depth, width)
    x = unifw.asarray(np.random.default_rng(0).standard_normal((batch, width)).astype(np.float32))
    gradient = unifw.value_and_grad(lambda model: unifw.mean(model(x)))
    return hand([parameter.native for parameter in model.parameters()], x.native), lambda: gradient(model)


def torch_by_hand(natives: list[Any], x: Any) -> Callable[[], Any]:
    """`torch.autograd.grad` of bare functions."""
    import torch

    weights = [native.detach().clone().requires_grad_() for native in natives]
    pairs = list(zip(weights[::2], weights[1::2], strict=True))

    def run() -> Any:
        h = x
        for weight, bias in pairs:
            h = torch.relu(torch.nn.functional.linear(h, weight, bias))
        return torch.autograd.grad(torch.mean(h), weights)

    return run


def tensorflow_by_hand(natives: list[Any], x: Any) -> Callable[[], Any]:
    """A tape around the public functions."""
    import tensorflow as tf

    weights = [tf.Variable(native) for native in natives]
    pairs = list(zip(weights[::2], weights[1::2], strict=True))

    def run() -> Any:
        with tf.GradientTape() as tape:
            h = x
            for weight, bias in pairs:
                h = tf.nn.relu(tf.matmul(h, weight, transpose_b=True) + bias)
            value = tf.reduce_mean(h)
        return tape.gradient(value, weights)

    return run


HANDS = {"torch": torch_by_hand, "tensorflow": tensorflow_by_hand}


def rows(backend: str, blocks: int = BLOCKS) -> Iterator[Row]:
    """One row for each size."""
    with unifw.using_backend(backend), torch_threads(1) if backend == "torch" else nullcontext():
        for depth, width, batch in SIZES:
            hand, ours = calls(depth, width, batch, HANDS[backend])
            yield least(f"{depth} x (Linear({width}) + ReLU), batch {batch}", hand, ours, blocks)


def least(name: str, native: Callable[[], Any], ours: Callable[[], Any], blocks: int) -> Row:
    """The least time of the thread in alternating blocks: what is added is a few microseconds, less than the noise."""
    times: list[list[float]] = [[], []]
    for _ in range(blocks):
        for call, found in zip((native, ours), times, strict=True):
            start = thread_time()
            for _ in range(CALLS):
                call()
            found.append((thread_time() - start) / CALLS * 1e6)
    best, own = map(min, times)
    return Row(name, best, own, own / best)


TITLE = "Speed of gradients"
WORDS = f"""
Microseconds of an eager call of `value_and_grad`, beside a gradient by hand of bare functions: by
`torch.autograd.grad` on one thread, or by a `tf.GradientTape`. Written by `make bench-autodiff`: the least
time of the calling thread in alternating blocks. The aim on torch: {TARGET}.
"""

if __name__ == "__main__":
    main({name: partial(rows, name) for name in HANDS}, __doc__, TITLE, WORDS)
