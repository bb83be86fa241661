"""What `compile` adds: microseconds per call of compiled functions, beside the framework's own compiler on native code.

    python benchmarks/compile.py            # every installed backend
    python benchmarks/compile.py torch      # one

On one thread, in alternation: see `timing.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from timing import Row, compare, main

import unifw
from unifw import nn

BLOCKS = 31
Pair = tuple[str, Callable[[], Any], Callable[[], Any]]


def arrays(*shapes: tuple[int, ...]) -> list[Any]:
    """Random float32 arrays, the same in each run."""
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape).astype(np.float32) * 0.1 for shape in shapes]


def torch_pairs() -> Iterator[Pair]:
    """Against `torch.compile` of the same function of native tensors."""
    import torch

    torch.set_num_threads(1)
    for size in (16, 256):
        x, w, b = (torch.from_numpy(a) for a in arrays((32, size), (size, size), (size,)))
        ours = [unifw.asarray(a) for a in (x, w, b)]

        def native(x: Any, w: Any, b: Any) -> Any:
            for _ in range(3):
                x = torch.relu(x @ w + b)
            return x

        def same(x: Any, w: Any, b: Any) -> Any:
            for _ in range(3):
                x = nn.functional.relu(x @ w + b)
            return x

        theirs, mine = torch.compile(native), unifw.compile(same)
        yield f"3 x relu(x @ w + b), {size} wide", bind(theirs, x, w, b), bind(mine, *ours)

    module = torch.nn.Sequential(*(part for _ in range(3) for part in (torch.nn.Linear(64, 64), torch.nn.ReLU())))
    model = nn.Sequential(*(part for _ in range(3) for part in (nn.Linear(64, 64), nn.ReLU())))
    x = torch.from_numpy(arrays((32, 64))[0])
    with torch.no_grad():
        compiled = torch.compile(module.eval())
        compiled(x)

    def without_gradients() -> Any:
        with torch.no_grad():
            return compiled(x)

    yield "a Module of 3 x (Linear(64) + ReLU)", without_gradients, bind(unifw.compile(model.eval()), unifw.asarray(x))


def tensorflow_pairs() -> Iterator[Pair]:
    """Against `tf.function` of the same step by hand: the loss, its gradients, and the update of a small network."""
    import tensorflow as tf

    for width in (32, 256):
        x, y = (tf.constant(a) for a in arrays((64, width), (64, width)))
        model = nn.Sequential(nn.Linear(width, width), nn.ReLU(), nn.Linear(width, width))
        variables = [tf.Variable(value.native) for value in model.state_dict().values()]
        optimizer = unifw.optim.SGD(model, lr=0.01, momentum=0.9)
        momenta = [tf.Variable(tf.zeros_like(v)) for v in variables]

        @tf.function(autograph=False)  # type: ignore[untyped-decorator]
        def by_hand(x: Any, y: Any, variables: Any = variables, momenta: Any = momenta) -> Any:
            with tf.GradientTape() as tape:
                h = tf.nn.relu(tf.matmul(x, variables[0], transpose_b=True) + variables[1])
                out = tf.matmul(h, variables[2], transpose_b=True) + variables[3]
                loss = tf.reduce_mean(tf.square(out - y))
            for v, m, g in zip(variables, momenta, tape.gradient(loss, variables), strict=True):
                tf.raw_ops.ResourceApplyMomentum(
                    var=v.handle, accum=m.handle, lr=tf.constant(0.01), grad=g, momentum=tf.constant(0.9)
                )
            return loss

        def objective(model: Any, x: Any, y: Any) -> Any:
            return unifw.mean(unifw.square(model(x) - y))

        @unifw.compile
        def step(x: Any, y: Any, model: Any = model, optimizer: Any = optimizer) -> Any:
            loss, gradients = unifw.value_and_grad(objective)(model, x, y)
            optimizer.step(gradients)
            return loss

        yield f"a training step, {width} wide", bind(by_hand, x, y), bind(step, unifw.asarray(x), unifw.asarray(y))

    a, w = (tf.constant(a) for a in arrays((32, 64), (64, 64)))
    native = tf.function(lambda x, w: tf.nn.relu(x @ w) @ w, autograph=False)
    ours = unifw.compile(lambda x, w: nn.functional.relu(x @ w) @ w)
    yield "relu(x @ w) @ w, 64 wide", bind(native, a, w), bind(ours, unifw.asarray(a), unifw.asarray(w))


def bind(function: Callable[..., Any], *args: Any) -> Callable[[], Any]:
    """The call of a function with these arguments."""
    return lambda: function(*args)


PAIRS = {"torch": torch_pairs, "tensorflow": tensorflow_pairs}


def rows(backend: str) -> list[Row]:
    """All comparisons of one backend."""
    with unifw.using_backend(backend):
        return [compare(name, native, ours, BLOCKS) for name, native, ours in PAIRS[backend]()]


TITLE = "Speed of compiled functions"
WORDS = """
Microseconds per call on one thread, written by `make bench-compile`. A row is the median of alternating
blocks; the ratio is unifw / native, below 1 where unifw is the faster one. Native is `torch.compile` or
`tf.function` of the same function, written by hand with the framework's own tensors.
"""

if __name__ == "__main__":
    main({name: partial(rows, name) for name in PAIRS}, __doc__, TITLE, WORDS)
