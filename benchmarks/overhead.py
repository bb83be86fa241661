"""What unifw adds: microseconds per Tensor operation and per layer, beside bare native calls and `torch.nn`.

    python benchmarks/overhead.py            # every installed backend
    python benchmarks/overhead.py torch      # one

On one thread, in alternation: see `timing.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from timing import BLOCKS, Row, compare, main, torch_threads

import unifw
from unifw import nn

TWENTY: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "x + y": lambda x, y, m, c: x + y,
    "x - y": lambda x, y, m, c: x - y,
    "x * y": lambda x, y, m, c: x * y,
    "x / y": lambda x, y, m, c: x / y,
    "x * 2.0": lambda x, y, m, c: x * 2.0,
    "x > y": lambda x, y, m, c: x > y,
    "-x": lambda x, y, m, c: -x,
    "x @ m": lambda x, y, m, c: x @ m,
    "exp(x)": lambda x, y, m, c: unifw.exp(x),
    "maximum(x, y)": lambda x, y, m, c: unifw.maximum(x, y),
    "where(c, x, y)": lambda x, y, m, c: unifw.where(c, x, y),
    "sum(x, axis=1)": lambda x, y, m, c: unifw.sum(x, axis=1),
    "mean(x)": lambda x, y, m, c: unifw.mean(x),
    "reshape(x, (16, 8))": lambda x, y, m, c: unifw.reshape(x, (16, 8)),
    "permute_dims(x, (1, 0))": lambda x, y, m, c: unifw.permute_dims(x, (1, 0)),
    "concat((x, y))": lambda x, y, m, c: unifw.concat((x, y)),
    "x[0]": lambda x, y, m, c: x[0],
    "x[:, 2:4]": lambda x, y, m, c: x[:, 2:4],
    "astype(x, float64)": lambda x, y, m, c: unifw.astype(x, unifw.float64),
    "zeros((8, 16))": lambda x, y, m, c: unifw.zeros((8, 16)),
}
"""The twenty commonest operations, of two (8, 16) tensors, a (16, 16) matrix and a condition."""


def _twenty(natives: dict[str, Callable[[], Any]], operands: tuple[Any, ...], blocks: int) -> Iterator[Row]:
    for name, native in natives.items():
        yield compare(name, native, partial(TWENTY[name.removesuffix(" against the operator")], *operands), blocks)


def torch_rows(blocks: int = BLOCKS) -> Iterator[Row]:
    """Operations against `torch`, layers against `torch.nn`; inference, without gradients."""
    import torch
    from torch.nn import functional as F

    with torch_threads(1), torch.inference_mode(), unifw.using_backend("torch"):
        a, b, square = torch.randn(8, 16), torch.randn(8, 16), torch.randn(16, 16)
        c = a > b
        natives: dict[str, Callable[[], Any]] = {
            "x + y": lambda: a + b,
            "x - y": lambda: a - b,
            "x * y": lambda: a * b,
            "x / y": lambda: a / b,
            "x * 2.0": lambda: a * 2.0,
            "x > y": lambda: a > b,
            "-x": lambda: -a,
            "x @ m": lambda: a @ square,
            "exp(x)": lambda: torch.exp(a),
            "maximum(x, y)": lambda: torch.maximum(a, b),
            "where(c, x, y)": lambda: torch.where(c, a, b),
            "sum(x, axis=1)": lambda: torch.sum(a, 1),
            "mean(x)": lambda: torch.mean(a),
            "reshape(x, (16, 8))": lambda: torch.reshape(a, (16, 8)),
            "permute_dims(x, (1, 0))": lambda: torch.permute(a, (1, 0)),
            "concat((x, y))": lambda: torch.cat((a, b)),
            "x[0]": lambda: a[0],
            "x[:, 2:4]": lambda: a[:, 2:4],
            "astype(x, float64)": lambda: a.to(torch.float64),
            "zeros((8, 16))": lambda: torch.zeros((8, 16)),
        }
        x = unifw.asarray(a)
        yield from _twenty(natives, (x, *map(unifw.asarray, (b, square, c))), blocks)
        yield from _torch_layers(x, torch.nn, F, blocks)


def _torch_layers(x: Any, tnn: Any, F: Any, blocks: int) -> Iterator[Row]:
    a = x.native
    for name, ours, native, shape in (
        ("Linear(16, 16)", nn.Linear(16, 16), tnn.Linear(16, 16), None),
        ("ReLU", nn.ReLU(), tnn.ReLU(), None),
        ("Dropout, evaluation", nn.Dropout(0.5).eval(), tnn.Dropout(0.5).eval(), None),
        ("Conv2d(4, 4, 3)", nn.Conv2d(4, 4, 3), tnn.Conv2d(4, 4, 3), (1, 8, 8, 4)),
        ("MaxPool2d(2)", nn.MaxPool2d(2), tnn.MaxPool2d(2), (1, 8, 8, 4)),
        ("BatchNorm2d(4), evaluation", nn.BatchNorm2d(4).eval(), tnn.BatchNorm2d(4).eval(), (1, 8, 8, 4)),
    ):
        image = x if shape is None else unifw.ones(shape)
        theirs = a if shape is None else image.native.permute(0, 3, 1, 2)
        yield compare(f"{name} / torch.nn", partial(native, theirs), partial(ours, image), blocks)
    model, reference, weights = stack_of_layers(tnn)

    def bare() -> Any:
        h = a
        for weight, bias in weights:
            h = F.relu(F.linear(h, weight, bias))
        return h

    yield compare("20 x (Linear(16) + ReLU) / torch.nn", lambda: reference(a), lambda: model(x), blocks)
    yield compare("20 x (Linear(16) + ReLU) / bare functions", bare, lambda: model(x), blocks)


def stack_of_layers(tnn: Any) -> tuple[nn.Module, Any, list[tuple[Any, Any]]]:
    """The same 20 x (Linear(16) + ReLU) of unifw and of torch.nn, and its weights."""
    reference = tnn.Sequential(*(layer for _ in range(20) for layer in (tnn.Linear(16, 16), tnn.ReLU()))).eval()
    model = nn.Sequential(*(layer for _ in range(20) for layer in (nn.Linear(16, 16), nn.ReLU()))).eval()
    model.load_state_dict(reference.state_dict())
    weights = [(layer.weight, layer.bias) for layer in reference if hasattr(layer, "weight")]
    return model, reference, weights


def tensorflow_rows(blocks: int = BLOCKS) -> Iterator[Row]:
    """Operations and layers against the public eager functions of `tf`; indices against its tensors' own.

    The operators `>` and `-` of a `tf.Tensor` are written in C++, and stand beside the functions.
    """
    with unifw.using_backend("tensorflow"):
        import tensorflow as tf

        a, b, square = (tf.random.normal(shape) for shape in ((8, 16), (8, 16), (16, 16)))
        c = a > b
        natives: dict[str, Callable[[], Any]] = {
            "x + y": lambda: tf.add(a, b),
            "x - y": lambda: tf.subtract(a, b),
            "x * y": lambda: tf.multiply(a, b),
            "x / y": lambda: tf.divide(a, b),
            "x * 2.0": lambda: tf.multiply(a, 2.0),
            "x > y": lambda: tf.greater(a, b),
            "x > y against the operator": lambda: a > b,
            "-x": lambda: tf.negative(a),
            "-x against the operator": lambda: -a,
            "x @ m": lambda: tf.matmul(a, square),
            "exp(x)": lambda: tf.exp(a),
            "maximum(x, y)": lambda: tf.maximum(a, b),
            "where(c, x, y)": lambda: tf.where(c, a, b),
            "sum(x, axis=1)": lambda: tf.reduce_sum(a, 1),
            "mean(x)": lambda: tf.reduce_mean(a),
            "reshape(x, (16, 8))": lambda: tf.reshape(a, (16, 8)),
            "permute_dims(x, (1, 0))": lambda: tf.transpose(a, (1, 0)),
            "concat((x, y))": lambda: tf.concat((a, b), 0),
            "x[0]": lambda: a[0],
            "x[:, 2:4]": lambda: a[:, 2:4],
            "astype(x, float64)": lambda: tf.cast(a, tf.float64),
            "zeros((8, 16))": lambda: tf.zeros((8, 16)),
        }
        x = unifw.asarray(a)
        yield from _twenty(natives, (x, *map(unifw.asarray, (b, square, c))), blocks)
        yield from _tensorflow_layers(x, tf, blocks)
        yield from _floors(natives, a, b, c, blocks)


def _floors(natives: dict[str, Callable[[], Any]], a: Any, b: Any, c: Any, blocks: int) -> Iterator[Row]:
    """The C++ call that ends every eager operation, alone, beside the public function: no wrapper gets below it."""
    from tensorflow.python import pywrap_tfe
    from tensorflow.python.eager.context import context

    call = partial(pywrap_tfe.TFE_Py_FastPathExecute, context())
    for name, operation, operands in (
        ("x + y", "AddV2", (a, b)),
        ("x * y", "Mul", (a, b)),
        ("x > y", "Greater", (a, b)),
        ("-x", "Neg", (a,)),
        ("exp(x)", "Exp", (a,)),
        ("maximum(x, y)", "Maximum", (a, b)),
        ("where(c, x, y)", "SelectV2", (c, a, b)),
    ):
        yield compare(f"{name}: the C++ call alone", natives[name], partial(call, operation, None, *operands), blocks)


def _tensorflow_layers(x: Any, tf: Any, blocks: int) -> Iterator[Row]:
    a, layer = x.native, nn.Linear(16, 16)
    weight, bias = tf.Variable(tf.transpose(layer.weight.native)), tf.Variable(layer.bias.native)  # type: ignore[union-attr]
    model = nn.Sequential(*(part for _ in range(20) for part in (nn.Linear(16, 16), nn.ReLU())))
    variables = [
        (tf.Variable(tf.transpose(part.weight.native)), tf.Variable(part.bias.native))  # type: ignore[union-attr]
        for part in model
        if isinstance(part, nn.Linear)
    ]

    def bare() -> Any:
        h = a
        for kernel, offset in variables:
            h = tf.nn.relu(tf.matmul(h, kernel) + offset)
        return h

    for name, native, ours in (
        ("Linear(16, 16) / tf.matmul + bias", lambda: tf.matmul(a, weight) + bias, lambda: layer(x)),
        ("20 x (Linear(16) + ReLU) / tf functions", bare, lambda: model(x)),
    ):
        yield compare(name, native, ours, blocks)


ROWS = {"torch": torch_rows, "tensorflow": tensorflow_rows}

TITLE = "Overhead"
WORDS = """
Microseconds per call on one thread, written by `make overhead`. A row is the median of alternating blocks;
the ratio is unifw / native, below 1 where unifw is the faster one. Times depend on the machine, ratios less.
On TensorFlow native is the public function; "the C++ call alone" shows how little Python of its own that function
has, and so how little there is to gain.
"""

if __name__ == "__main__":
    main(ROWS, __doc__, TITLE, WORDS)
