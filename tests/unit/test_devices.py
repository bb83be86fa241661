"""Devices by name."""

from __future__ import annotations

import pytest

import unifw
from unifw.errors import DeviceError


def test_the_cpu_is_always_there(backend: str) -> None:
    assert unifw.devices()[0] == "cpu"
    x = unifw.zeros(2, device="cpu")
    assert x.to("cpu") is x
    assert x.device == "cpu"


@pytest.mark.parametrize("name", ["gpu:77", "cuda:77", "tpu"])
def test_a_missing_device_is_named_with_those_that_exist(backend: str, name: str) -> None:
    for call in (unifw.zeros(2).to, lambda device: unifw.zeros(2, device=device), unifw.nn.Linear(1, 1).to):
        with pytest.raises(DeviceError, match=rf"device: got '{name}'; expected one of cpu"):
            call(name)
