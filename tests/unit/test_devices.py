"""Devices by name, and where new tensors are made."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from importlib import import_module
from threading import Thread
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import ArgumentError, DeviceError, UnifwError

MODULE = import_module("unifw.devices")  # whose name in `unifw` is the function's


@pytest.fixture
def no_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """No device has been chosen yet, and none is after the test."""
    monkeypatch.setattr(MODULE, "chosen", 0)
    monkeypatch.setattr(MODULE, "_default", None)


def test_the_cpu_is_always_there(backend: str) -> None:
    assert unifw.devices()[0] == "cpu"
    x = unifw.zeros(2, device="cpu")
    assert x.to("cpu") is x
    assert x.to_device("cpu:0") is x
    assert x.device == "cpu"


MISSING: dict[str, Callable[[Any], Any]] = {
    "to": lambda device: unifw.zeros(2).to(device),
    "to_device": lambda device: unifw.zeros(2).to_device(device),
    "zeros": lambda device: unifw.zeros(2, device=device),
    "ones_like": lambda device: unifw.ones_like(unifw.zeros(2), device=device),
    "arange": lambda device: unifw.arange(2, device=device),
    "linspace": lambda device: unifw.linspace(0, 1, 2, device=device),
    "eye": lambda device: unifw.eye(2, device=device),
    "asarray": lambda device: unifw.asarray([1.0], device=device),
    "asarray of a tensor": lambda device: unifw.asarray(unifw.zeros(2), device=device),
    "asarray without copy": lambda device: unifw.asarray(unifw.zeros(2), device=device, copy=False),
    "from_dlpack": lambda device: unifw.from_dlpack(np.zeros(2), device=device),
    "astype": lambda device: unifw.astype(unifw.zeros(2), unifw.float64, device=device),
    "normal": lambda device: unifw.random.normal((2,), device=device),
    "integers": lambda device: unifw.random.integers(0, 2, (2,), device=device),
    "Module.to": lambda device: nn.Linear(1, 1).to(device),
    "Parameter.to": lambda device: unifw.Parameter([1.0]).to(device),
    "default_device": unifw.default_device,
    "device": lambda device: unifw.device(device).__enter__(),
}


@pytest.mark.parametrize("name", ["gpu:77", "cuda:77", "tpu", ""])
@pytest.mark.parametrize("call", MISSING)
def test_a_missing_device_is_named_with_those_that_exist(backend: str, call: str, name: str) -> None:
    with pytest.raises(DeviceError, match=rf"device: got '{name}'; expected one of cpu"):
        MISSING[call](name)
    assert unifw.default_device() == "cpu"


def test_a_device_is_a_name(backend: str) -> None:
    with pytest.raises(DeviceError, match="device: got 0; expected one of cpu"):
        unifw.zeros(2, device=0)  # type: ignore[arg-type]


@pytest.mark.usefixtures("no_default")
def test_the_default_device(backend: str) -> None:
    assert unifw.default_device() == "cpu" == unifw.__array_namespace_info__().default_device()
    assert unifw.default_device("cpu:0") == "cpu" == unifw.default_device()
    assert unifw.zeros(2).device == "cpu"


@pytest.mark.usefixtures("no_default")
def test_creation_looks_for_a_device_only_while_one_is_chosen(backend: str) -> None:
    with unifw.device("cpu"), unifw.device("cpu:0"):
        assert MODULE.chosen == 2
    unifw.default_device("cpu")
    assert MODULE.chosen == 0


class OtherDeviceError(UnifwError):
    """Where a test's backend is asked to make something on its second device."""


@pytest.fixture
def two_devices(backend: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The backend claims a second device; what would be made there ends in OtherDeviceError instead."""
    ops = unifw.get_backend().devices

    def refuse(device: str | None) -> Any:
        if device == "gpu:0":
            raise OtherDeviceError
        return original(device)

    original = ops.native  # type: ignore[attr-defined]
    monkeypatch.setattr(ops, "devices", lambda: ["cpu", "gpu:0"])
    monkeypatch.setattr(ops, "native", refuse)
    monkeypatch.setattr(MODULE, "_known", {})


MADE: dict[str, Callable[[], Any]] = {
    "zeros": lambda: unifw.zeros(2),
    "full": lambda: unifw.full(2, 3.0),
    "empty": lambda: unifw.empty(2),
    "arange": lambda: unifw.arange(3),
    "arange of floats": lambda: unifw.arange(0.0, 1.0, 0.5),
    "linspace": lambda: unifw.linspace(0, 1, 3),
    "eye": lambda: unifw.eye(2),
    "asarray": lambda: unifw.asarray([1.0]),
    "asarray of NumPy": lambda: unifw.asarray(np.zeros(2)),
    "Parameter": lambda: unifw.Parameter([1.0]),
    "Buffer": lambda: unifw.Buffer([1.0]),
    "Linear": lambda: nn.Linear(2, 1),
    "BatchNorm2d": lambda: nn.BatchNorm2d(2),
    "normal": lambda: unifw.random.normal((2,)),
    "uniform": lambda: unifw.random.uniform((2,)),
    "integers": lambda: unifw.random.integers(0, 2, (2,)),
    "bernoulli": lambda: unifw.random.bernoulli((2,)),
    "truncated_normal": lambda: unifw.random.truncated_normal((2,)),
    "permutation": lambda: unifw.random.permutation(3),
    "choice": lambda: unifw.random.choice(3, (2,)),
    "Generator": lambda: unifw.random.Generator(0).normal((2,)),
    "fftfreq": lambda: unifw.fft.fftfreq(3),
}


@pytest.mark.usefixtures("two_devices", "no_default")
@pytest.mark.parametrize("name", MADE)
@pytest.mark.parametrize("word", ["gpu:0", "gpu", "cuda", "cuda:0"])
def test_what_is_new_is_made_on_the_device_in_force(backend: str, name: str, word: str) -> None:
    with unifw.device(word) as known:
        assert known == "gpu:0" == unifw.default_device()
        with pytest.raises(OtherDeviceError):
            MADE[name]()
    MADE[name]()
    unifw.default_device(word)
    with pytest.raises(OtherDeviceError):
        MADE[name]()
    with unifw.device("cpu"):
        MADE[name]()
    unifw.default_device("cpu")
    assert MODULE.chosen == 0
    MADE[name]()


@pytest.mark.usefixtures("two_devices", "no_default")
def test_a_device_is_in_force_in_its_own_thread_and_task_only(backend: str) -> None:
    seen: list[str] = []

    async def enter(name: str) -> None:
        with unifw.device(name):
            await asyncio.sleep(0)
            seen.append(unifw.default_device())

    async def both() -> None:
        await asyncio.gather(enter("gpu"), enter("cpu"), enter("gpu"))

    asyncio.run(both())
    assert seen == ["gpu:0", "cpu", "gpu:0"]
    with unifw.device("gpu"):
        thread = Thread(target=lambda: seen.append(unifw.default_device()))
        thread.start()
        thread.join()
    assert seen[-1] == "cpu"


# ---- memory


def test_a_memory_limit_needs_a_gpu(backend: str) -> None:
    if "gpu:0" not in unifw.devices():
        with pytest.raises(DeviceError, match="set_memory_limit: got no GPU; the devices here are cpu"):
            unifw.set_memory_limit(4096)
    for device in ("cpu", "gpu:77"):
        with pytest.raises(DeviceError):
            unifw.set_memory_limit(4096, device)


@pytest.mark.parametrize("limit", [0, -5, 1.5, True, "4096"])
def test_a_memory_limit_is_a_positive_integer(backend: str, limit: Any) -> None:
    with pytest.raises(ArgumentError, match=re.escape(f"set_memory_limit: got {limit!r}")):
        unifw.set_memory_limit(limit)


# ---- with a GPU


@pytest.mark.gpu
def test_a_model_lives_on_the_gpu(backend: str) -> None:
    model = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    before = list(model.parameters())
    weights = model.state_dict()
    model.to("cuda")
    assert [p.device for p in model.parameters()] == ["gpu:0"] * 2
    assert all(a is b for a, b in zip(before, model.parameters(), strict=True)), "parameters move in place"
    x = unifw.random.normal((4, 3))
    here = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
    here.load_state_dict(weights)
    there = model(x.to("gpu"))
    assert there.device == "gpu:0"
    np.testing.assert_allclose(there.to("cpu").numpy(), here(x).numpy(), rtol=1e-2, atol=1e-3)  # TF32


@pytest.mark.gpu
def test_new_tensors_on_the_gpu(backend: str) -> None:
    with unifw.device("gpu"):
        assert {unifw.zeros(2).device, unifw.asarray([1]).device, nn.Linear(2, 1).device} == {"gpu:0"}
        assert (unifw.ones(2) + 1).device == "gpu:0"
    assert unifw.zeros(2).device == "cpu" == (unifw.zeros(2) + 1).device


@pytest.mark.gpu
def test_tensors_of_two_devices_do_not_mix(backend: str) -> None:
    with pytest.raises(DeviceError, match="add: got tensors on cpu and gpu:0; expected one device"):
        unifw.ones(2) + unifw.ones(2, device="gpu")
