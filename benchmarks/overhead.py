"""What unifw adds: microseconds per Tensor operation and per layer, beside bare native calls and `torch.nn`.

    python benchmarks/overhead.py            # every installed backend
    python benchmarks/overhead.py torch      # one

On one thread, in alternation: see `timing.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

from timing import BLOCKS, Row, compare, main, torch_threads

import unifw
from unifw import nn

Operation = Callable[[Any, Any, Any, Any], Any]

TWENTY: dict[str, Operation] = {
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


def _twenty(natives: Mapping[str, Operation], operands: tuple[Any, ...], blocks: int) -> Iterator[Row]:
    """Both sides are functions of the operands, so that what calls them costs the same."""
    ours = tuple(map(unifw.asarray, operands))
    for name, native in natives.items():
        operation = TWENTY[name.removesuffix(" against the operator")]
        yield compare(name, partial(native, *operands), partial(operation, *ours), blocks)


def torch_rows(blocks: int = BLOCKS) -> Iterator[Row]:
    """Operations against `torch`, layers against `torch.nn`; inference, without gradients."""
    import torch
    from torch.nn import functional as F

    with torch_threads(1), torch.inference_mode(), unifw.using_backend("torch"):
        a, b, square = torch.randn(8, 16), torch.randn(8, 16), torch.randn(16, 16)
        c = a > b
        natives = TWENTY | {  # the operators are torch's own, too
            "exp(x)": lambda x, y, m, c: torch.exp(x),
            "maximum(x, y)": lambda x, y, m, c: torch.maximum(x, y),
            "where(c, x, y)": lambda x, y, m, c: torch.where(c, x, y),
            "sum(x, axis=1)": lambda x, y, m, c: torch.sum(x, 1),
            "mean(x)": lambda x, y, m, c: torch.mean(x),
            "reshape(x, (16, 8))": lambda x, y, m, c: torch.reshape(x, (16, 8)),
            "permute_dims(x, (1, 0))": lambda x, y, m, c: torch.permute(x, (1, 0)),
            "concat((x, y))": lambda x, y, m, c: torch.cat((x, y)),
            "astype(x, float64)": lambda x, y, m, c: x.to(torch.float64),
            "zeros((8, 16))": lambda x, y, m, c: torch.zeros((8, 16)),
        }
        yield from _twenty(natives, (a, b, square, c), blocks)
        yield from _wrappers(natives, (a, b, square, c), blocks)
        yield from _torch_layers(unifw.asarray(a), torch.nn, F, blocks)


class _Bare:
    """What holds a native tensor, and has nothing else."""

    __slots__ = ("native",)
    native: Any


def _wrappers(natives: Mapping[str, Operation], operands: tuple[Any, ...], blocks: int) -> Iterator[Row]:
    """Functions that unwrap, call and wrap, and look at no dtype, axis, backend or device."""
    import torch

    def wrap(native: Any) -> _Bare:
        made = object.__new__(_Bare)
        made.native = native
        return made

    def total(x: _Bare, /, *, axis: Any = None, dtype: Any = None, keepdims: bool = False) -> _Bare:
        return wrap(torch.sum(x.native, axis, keepdims))

    def concat(arrays: Any, /, *, axis: int = 0) -> _Bare:
        x, y = arrays
        return wrap(torch.cat((x.native, y.native)))

    def zeros(shape: Any, *, dtype: Any = None, device: str | None = None) -> _Bare:
        return wrap(torch.full(shape, 0, dtype=torch.float32))

    functions: dict[str, Operation] = {
        "sum(x, axis=1)": lambda x, y, m, c: total(x, axis=1),
        "concat((x, y))": lambda x, y, m, c: concat((x, y)),
        "zeros((8, 16))": lambda x, y, m, c: zeros((8, 16)),
    }
    held = tuple(map(wrap, operands))
    for name, function in functions.items():
        native = partial(natives[name], *operands)
        yield compare(f"{name}: a wrapper without any check", native, partial(function, *held), blocks)


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
        natives: dict[str, Operation] = {
            "x + y": lambda x, y, m, c: tf.add(x, y),
            "x - y": lambda x, y, m, c: tf.subtract(x, y),
            "x * y": lambda x, y, m, c: tf.multiply(x, y),
            "x / y": lambda x, y, m, c: tf.divide(x, y),
            "x * 2.0": lambda x, y, m, c: tf.multiply(x, 2.0),
            "x > y": lambda x, y, m, c: tf.greater(x, y),
            "x > y against the operator": lambda x, y, m, c: x > y,
            "-x": lambda x, y, m, c: tf.negative(x),
            "-x against the operator": lambda x, y, m, c: -x,
            "x @ m": lambda x, y, m, c: tf.matmul(x, m),
            "exp(x)": lambda x, y, m, c: tf.exp(x),
            "maximum(x, y)": lambda x, y, m, c: tf.maximum(x, y),
            "where(c, x, y)": lambda x, y, m, c: tf.where(c, x, y),
            "sum(x, axis=1)": lambda x, y, m, c: tf.reduce_sum(x, 1),
            "mean(x)": lambda x, y, m, c: tf.reduce_mean(x),
            "reshape(x, (16, 8))": lambda x, y, m, c: tf.reshape(x, (16, 8)),
            "permute_dims(x, (1, 0))": lambda x, y, m, c: tf.transpose(x, (1, 0)),
            "concat((x, y))": lambda x, y, m, c: tf.concat((x, y), 0),
            "x[0]": lambda x, y, m, c: x[0],
            "x[:, 2:4]": lambda x, y, m, c: x[:, 2:4],
            "astype(x, float64)": lambda x, y, m, c: tf.cast(x, tf.float64),
            "zeros((8, 16))": lambda x, y, m, c: tf.zeros((8, 16)),
        }
        yield from _twenty(natives, (a, b, square, c), blocks)
        yield from _tensorflow_layers(unifw.asarray(a), tf, blocks)
        yield from _floors(natives, (a, b, square, c), blocks)


def _floors(natives: Mapping[str, Operation], operands: tuple[Any, ...], blocks: int) -> Iterator[Row]:
    """The C++ call that ends every eager operation, alone, beside the public function: no wrapper gets below it."""
    import tensorflow as tf
    from tensorflow.python import pywrap_tfe
    from tensorflow.python.eager.context import context

    a, b, _, c = operands
    call, axis = partial(pywrap_tfe.TFE_Py_FastPathExecute, context()), tf.constant(1)
    for name, operation, inputs in (
        ("x + y", "AddV2", (a, b)),
        ("x * y", "Mul", (a, b)),
        ("x > y", "Greater", (a, b)),
        ("-x", "Neg", (a,)),
        ("exp(x)", "Exp", (a,)),
        ("maximum(x, y)", "Maximum", (a, b)),
        ("where(c, x, y)", "SelectV2", (c, a, b)),
        ("sum(x, axis=1)", "Sum", (a, axis, "keep_dims", False)),
        ("concat((x, y))", "ConcatV2", ([a, b], axis)),
    ):
        native = partial(natives[name], *operands)
        yield compare(f"{name}: the C++ call alone", native, partial(call, operation, None, *inputs), blocks)


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
Both sides are functions of the operands, called alike. On TensorFlow native is the public function; "the C++ call
alone" shows how little Python of its own that function has, and so how little there is to gain. On PyTorch "a wrapper
without any check" unwraps, calls and wraps, and is no use: what it adds, every wrapper adds.
"""

if __name__ == "__main__":
    main(ROWS, __doc__, TITLE, WORDS)
