"""The contract of `spec/`: what each backend has, and what a backend without a part says."""

from __future__ import annotations

import inspect
from typing import Any, Generic, Protocol

import numpy as np
import pytest

import unifw
from unifw.errors import DeviceError, UnsupportedError
from unifw.registry import load_backend
from unifw.spec import Backend
from unifw.spec.array import BINARY, UNARY, ArrayOps
from unifw.spec.autodiff import AutodiffOps
from unifw.spec.checkpoint import CheckpointOps
from unifw.spec.control import ControlOps
from unifw.spec.custom import CustomOps
from unifw.spec.debugging import DebuggingOps
from unifw.spec.devices import DeviceOps
from unifw.spec.export import ExportOps
from unifw.spec.interop import InteropOps
from unifw.spec.nn import NnOps
from unifw.spec.optim import OptimOps
from unifw.spec.quick import QuickOps
from unifw.spec.random import RandomOps
from unifw.spec.tracing import TracingOps

from .oracle import assert_same

PARTS = {
    "array": ArrayOps,
    "devices": DeviceOps,
    "nn": NnOps,
    "autodiff": AutodiffOps,
    "random": RandomOps,
    "tracing": TracingOps,
    "optim": OptimOps,
    "export": ExportOps,
    "interop": InteropOps,
    "checkpoint": CheckpointOps,
    "control": ControlOps,
    "custom": CustomOps,
    "debugging": DebuggingOps,
    "quick": QuickOps,
}
OPTIONAL = [name for name in PARTS if name not in ("array", "devices")]


def members(protocol: Any) -> dict[str, Any]:
    """The public names of a Protocol and of those that it is put together of."""
    parts = [part for part in reversed(protocol.__mro__) if part not in (object, Protocol, Generic)]
    return {name: member for part in parts for name, member in vars(part).items() if not name.startswith("_")}


def test_every_part_of_the_record_has_a_protocol() -> None:
    others = {"info", "Tensor", "Parameter", "Buffer"}
    assert set(Backend.__dataclass_fields__) == set(PARTS) | others


@pytest.mark.parametrize("part", PARTS)
def test_each_module_has_every_name_of_its_protocol(backend: str, part: str) -> None:
    module = getattr(load_backend(backend), part)
    if backend == "toy" and part in OPTIONAL:
        assert module is None
        return
    if part == "quick" and module is None:  # where there are several devices to choose from
        return
    assert [name for name in members(PARTS[part]) if not hasattr(module, name)] == []


@pytest.mark.parametrize("part", PARTS)
def test_functions_take_the_arguments_of_the_protocol(backend: str, part: str) -> None:
    module = getattr(load_backend(backend), part)
    for name, member in members(PARTS[part]).items():
        function = getattr(module, name, None)
        if not callable(member) or not inspect.isroutine(function):
            continue
        count = len(inspect.signature(member).parameters) - 1  # without self
        try:
            signature = inspect.signature(function)
        except ValueError:  # a built-in function, which Python knows no signature of
            continue
        signature.bind(*[None] * count)


@pytest.mark.parametrize(("names", "count"), [(UNARY, 1), (BINARY, 2)])
def test_the_array_module_has_every_elementwise_function(backend: str, names: tuple[str, ...], count: int) -> None:
    array = load_backend(backend).array
    assert [name for name in names if not callable(getattr(array, name, None))] == []
    assert [name for name in names if not callable(getattr(unifw, name, None))] == []
    one = array.full((2,), 1, unifw.bool, None)
    for name in ("logical_not",) if count == 1 else ("logical_and", "bitwise_xor"):
        assert array.shape(getattr(array, name)(*[one] * count)) == (2,)


def test_tensor_classes_carry_their_backend(backend: str) -> None:
    record = load_backend(backend)
    assert repr(record) == f"Backend({backend!r})"
    for name in ("Tensor", "Parameter", "Buffer"):
        kind = getattr(record, name)
        assert issubclass(kind, getattr(unifw, name))
        assert (kind.backend, kind.ops, kind.wrap) == (record, record.array, record.Tensor)


def test_native_values_go_in_and_come_out(backend: str) -> None:
    array = load_backend(backend).array
    native = array.from_numpy(np.float64([1, 2]), unifw.float32, "cpu", True)
    assert array.dtype(native) is unifw.float32
    assert array.shape(native) == (2,)
    assert not array.is_traced(native)
    assert not array.is_size(2)
    assert_same(load_backend(backend).Tensor(array.copy(native)), np.float32([1, 2]))


def test_devices(backend: str) -> None:
    assert unifw.devices()[0] == "cpu"
    with pytest.raises(DeviceError, match="device: got 'abacus:0'; expected one of cpu"):
        unifw.zeros(2, device="abacus:0")
    with pytest.raises(DeviceError, match="device: got 'abacus:0'; expected one of cpu"):
        unifw.zeros(2).to("abacus:0")


UNSUPPORTED = {
    "nn": lambda x: unifw.nn.functional.relu(x),
    "nn of a layer": lambda x: unifw.nn.Linear(2, 1)(x),
    "autodiff": lambda x: unifw.grad(lambda y: unifw.sum(y * y))(x),
    "autodiff of nothing": lambda x: unifw.stop_gradient(x),
}


@pytest.mark.parametrize("what", UNSUPPORTED)
def test_a_backend_without_a_part_says_so(what: str) -> None:
    part = what.partition(" ")[0]
    with unifw.using_backend("toy"):
        x = unifw.ones((1, 2))
        with pytest.raises(UnsupportedError, match=f"^{part}: the backend 'toy' declares no '{part}' operations"):
            UNSUPPORTED[what](x)


def test_a_plugin_says_which_dtype_it_has_not() -> None:
    with unifw.using_backend("toy"), pytest.raises(UnsupportedError, match=r"bfloat16.* Write unifw\.float32"):
        unifw.zeros(2, dtype=unifw.bfloat16)


def test_a_plugin_is_found_and_never_the_first_choice() -> None:
    known = list(unifw.backends().items())
    assert known[-1] == ("toy", True)


def test_tensors_move_to_every_backend_and_back(backend: str, backends: list[str]) -> None:
    for dtype in ("float32", "float64", "int32", "int64", "bool"):
        for shape in ((), (2, 3), (0, 2)):
            x = np.arange(np.prod(shape, dtype=int)).reshape(shape).astype(dtype)
            for other in backends:
                there = unifw.asarray(x).to_backend(other)
                assert there.backend.name == other
                assert_same(there, x)
                assert_same(there.to_backend(backend), x)
