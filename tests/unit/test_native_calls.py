"""Which native operations run in the commonest calls: no conversion, copy or move that a call does not need."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import pytest

import unifw

Call = Callable[[unifw.Tensor, unifw.Tensor], Any]

# What runs, and the operations of (torch, tensorflow) in their order.
CALLS: dict[str, tuple[Call, tuple[str, str]]] = {
    "x + y": (lambda x, y: x + y, ("add", "AddV2")),
    "x - y": (lambda x, y: x - y, ("sub", "Sub")),
    "x * y": (lambda x, y: x * y, ("mul", "Mul")),
    "x / y": (lambda x, y: x / y, ("div", "RealDiv")),
    "x * 2.0": (lambda x, _: x * 2.0, ("mul", "Mul")),
    "x @ y": (lambda x, y: x @ y, ("mm", "MatMul")),
    "x > y": (lambda x, y: x > y, ("gt", "Greater")),
    "-x": (lambda x, _: -x, ("neg", "Neg")),
    "exp": (lambda x, _: unifw.exp(x), ("exp", "Exp")),
    "sqrt": (lambda x, _: unifw.sqrt(x), ("sqrt", "Sqrt")),
    "maximum": (unifw.maximum, ("maximum", "Maximum")),
    "where": (lambda x, y: unifw.where(x.wrap(MASK[x.backend.name]), x, y), ("where", "Select")),
    "sum": (lambda x, _: unifw.sum(x, axis=1), ("sum", "Sum")),
    "mean": (lambda x, _: unifw.mean(x), ("mean", "Mean")),
    "max": (lambda x, _: unifw.max(x), ("amax", "Max")),
    "reshape": (lambda x, _: unifw.reshape(x, (16,)), ("view", "Reshape")),
    "permute_dims": (lambda x, _: unifw.permute_dims(x, (1, 0)), ("permute", "Transpose")),
    "x[0]": (lambda x, _: x[0], ("select", "StridedSlice")),
    "x[:, 1:3]": (lambda x, _: x[:, 1:3], ("slice", "StridedSlice")),
    "concat": (lambda x, y: unifw.concat([x, y]), ("cat", "ConcatV2")),
    "stack": (lambda x, y: unifw.stack([x, y]), ("stack", "Pack")),
    "zeros": (lambda *_: unifw.zeros((4, 4)), ("full", "Fill")),
    "astype": (lambda x, _: unifw.astype(x, unifw.float64), ("_to_copy", "Cast")),
    "softmax": (lambda x, _: unifw.softmax(x, axis=1), ("_softmax", "Softmax")),
}
NOTHING: dict[str, Call] = {
    "to the same device": lambda x, _: x.to("cpu"),
    "to the same dtype": lambda x, _: x.to(unifw.float32),
    "astype without a copy": lambda x, _: unifw.astype(x, unifw.float32, copy=False),
    "asarray without a copy": lambda x, _: unifw.asarray(x, copy=False),
    "shape and dtype": lambda x, _: (x.shape, x.dtype, x.ndim, x.size, x.device),
}
MASK: dict[str, Any] = {}


def torch_calls(function: Callable[[], Any]) -> list[str]:
    """The ATen operations of a call; the `alias` by which a full slice is written down computes nothing."""
    mode = import_module("torch.utils._python_dispatch").TorchDispatchMode
    seen: list[str] = []

    class Recorder(mode):  # type: ignore[misc, valid-type]
        def __torch_dispatch__(self, op: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            seen.append(op.__name__.partition(".")[0])
            return op(*args, **(kwargs or {}))

    with Recorder():
        function()
    return [name for name in seen if name != "alias"]


def tensorflow_calls(function: Callable[[], Any]) -> list[str]:
    callbacks = import_module("tensorflow.python.framework.op_callbacks")
    seen: list[str] = []

    def record(op_type: Any, *_: Any, **__: Any) -> None:
        seen.append(op_type.decode() if isinstance(op_type, bytes) else op_type)

    callbacks.add_op_callback(record)
    try:
        function()
    finally:
        callbacks.remove_op_callback(record)
    return seen


RECORDERS = {"torch": torch_calls, "tensorflow": tensorflow_calls}
COLUMN = {"torch": 0, "tensorflow": 1}


@pytest.fixture
def operands(backend: str) -> tuple[unifw.Tensor, unifw.Tensor]:
    x = unifw.random.uniform((4, 4), 1.0, 2.0)
    MASK[backend] = (x > 1.5).native
    return x, unifw.ones((4, 4))


@pytest.mark.parametrize("name", CALLS)
def test_one_operation(backend: str, operands: tuple[unifw.Tensor, unifw.Tensor], name: str) -> None:
    function, expected = CALLS[name]
    function(*operands)  # what is made once and kept is made here
    assert RECORDERS[backend](lambda: function(*operands)) == [expected[COLUMN[backend]]]


@pytest.mark.parametrize("name", NOTHING)
def test_no_operation(backend: str, operands: tuple[unifw.Tensor, unifw.Tensor], name: str) -> None:
    assert RECORDERS[backend](lambda: NOTHING[name](*operands)) == []
