"""Devices of TensorFlow under unifw's names: "/device:GPU:0" is "gpu:0"."""

from __future__ import annotations

from functools import cache

import tensorflow as tf

from unifw.errors import DeviceError


def devices() -> list[str]:
    return [_short(device.name) for device in tf.config.list_logical_devices() if device.device_type in ("CPU", "GPU")]


def _short(name: str) -> str:
    """The unifw name: "/job:.../device:GPU:0" is "gpu:0", the first CPU "cpu"."""
    kind, number = name.rsplit(":", 2)[-2:]
    return "cpu" if (kind, number) == ("CPU", "0") else f"{kind.lower()}:{number}"


def device_of(x: tf.Tensor) -> str:
    return _short(x.device) if x.device else "cpu"


@cache
def native(device: str | None) -> str | None:
    """The TensorFlow name of a unifw device. Raises DeviceError for one that does not exist."""
    if device is None:
        return None
    name = device.replace("cuda", "gpu")
    name = "gpu:0" if name == "gpu" else "cpu" if name == "cpu:0" else name
    if name not in devices():
        raise DeviceError(f"device: got {device!r}; expected one of {', '.join(devices())}.")
    return "/device:CPU:0" if name == "cpu" else f"/device:{name.upper()}"


def move(x: tf.Tensor, device: str) -> tf.Tensor:
    target = native(device)
    if device_of(x) == device:
        return x
    with tf.device(target):
        return tf.identity(x)


for _gpu in tf.config.list_physical_devices("GPU"):  # else TensorFlow takes nearly all memory of every GPU it sees
    tf.config.experimental.set_memory_growth(_gpu, True)
