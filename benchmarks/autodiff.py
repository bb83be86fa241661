"""What `unifw.value_and_grad` adds: microseconds per call, beside a gradient written by hand in the framework.

    python benchmarks/autodiff.py            # every installed backend
    python benchmarks/autodiff.py torch      # one

Both sides run the same layers on the same numbers, eagerly, on one thread. By hand means `torch.autograd.grad` or a
`tf.GradientTape`: of bare functions of native tensors, beside which unifw's layers wrap the output of each operation,
and of unifw's own layers, beside which the gradient alone is left. Timed in alternating blocks, of which the least
counts.
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


def torch_of_layers(model: nn.Module, x: unifw.Tensor) -> Callable[[], Any]:
    """`torch.autograd.grad` of unifw's layers."""
    import torch

    weights = [parameter.native.requires_grad_() for parameter in model.parameters()]
    return lambda: torch.autograd.grad(unifw.mean(model(x)).native, weights)


def tensorflow_of_layers(model: nn.Module, x: unifw.Tensor) -> Callable[[], Any]:
    """A tape around unifw's layers."""
    import tensorflow as tf

    weights = [parameter.storage for parameter in model.parameters()]

    def run() -> Any:
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(weights)
            value = unifw.mean(model(x)).native
        return tape.gradient(value, weights)

    return run


HANDS = {"torch": (torch_by_hand, torch_of_layers), "tensorflow": (tensorflow_by_hand, tensorflow_of_layers)}


def rows(backend: str, blocks: int = BLOCKS) -> Iterator[Row]:
    """Two rows for each size, of the gradient of the mean output with respect to every weight."""
    bare, layered = HANDS[backend]
    with unifw.using_backend(backend), torch_threads(1) if backend == "torch" else nullcontext():
        for depth, width, batch in SIZES:
            model, twin = network(depth, width), network(depth, width)
            x = unifw.asarray(np.random.default_rng(0).standard_normal((batch, width)).astype(np.float32))
            gradient = partial(unifw.value_and_grad(lambda model, x=x: unifw.mean(model(x))), model)
            name = f"{depth} x (Linear({width}) + ReLU), batch {batch}"
            by_hand = bare([parameter.native for parameter in model.parameters()], x.native)
            yield least(f"{name}: bare functions", by_hand, gradient, blocks)
            yield least(f"{name}: unifw's layers", layered(twin, x), gradient, blocks)


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
Microseconds of an eager call of `value_and_grad`, beside a gradient by hand: by `torch.autograd.grad` on one
thread, or by a `tf.GradientTape`. Written by `make bench-autodiff`: the least time of the calling thread in
alternating blocks.

Beside *bare functions* of native tensors, unifw also makes a Tensor of every layer's output, which costs
about 0.5 us each (overhead.md); beside *unifw's layers* in the framework's own gradient, what is left is
the gradient itself: at times less than nothing, as unifw calls autograd's engine without the checks of
`torch.autograd.grad`. The aim for it on torch: {TARGET}.
"""

if __name__ == "__main__":
    main({name: partial(rows, name) for name in HANDS}, __doc__, TITLE, WORDS)
