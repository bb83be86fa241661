"""Devices of TensorFlow under unifw's names: "/device:GPU:0" is "gpu:0".

TensorFlow places an operation on the first GPU, wherever its operands are. `following` makes it stay with them, as in
PyTorch; on a machine with one device there is nothing to follow, and nothing to pay.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache, wraps
from types import FunctionType, SimpleNamespace
from typing import Any

import tensorflow as tf
from tensorflow.python.framework.ops import EagerTensor

from unifw.errors import DeviceError


def devices() -> list[str]:
    return ["cpu" if name == "cpu:0" else name for kind in ("CPU", "GPU") for name in _names(kind)]


def _names(kind: str) -> list[str]:
    """Found without starting TensorFlow's runtime, after which a memory limit could not be set."""
    split = (tf.config.get_logical_device_configuration(device) for device in tf.config.get_visible_devices(kind))
    return [f"{kind.lower()}:{i}" for i in range(sum(1 if parts is None else len(parts) for parts in split))]


several = len(devices()) > 1


@cache
def _short(name: str) -> str:
    """The unifw name: "/job:.../device:GPU:0" is "gpu:0", the first CPU "cpu"."""
    kind, number = name.rsplit(":", 2)[-2:]
    return "cpu" if (kind, number) == ("CPU", "0") else f"{kind.lower()}:{number}"


def device_of(x: tf.Tensor) -> str:
    return _short(x.device) if x.device else "cpu"


@cache
def native(device: str | None) -> str | None:
    """The TensorFlow name of a unifw device; None, where there is but one, for no word about it."""
    if device is None:
        return "/device:CPU:0" if several else None
    return "/device:CPU:0" if device == "cpu" else f"/device:{device.upper()}"


def move(x: tf.Tensor, device: str) -> tf.Tensor:
    if device_of(x) == device:
        return x
    with tf.device(native(device)):
        return tf.identity(x)


def set_memory_limit(mebibytes: int, gpus: Sequence[int]) -> None:
    visible = tf.config.get_visible_devices("GPU")
    try:
        for gpu in [visible[number] for number in gpus]:
            if tf.config.get_logical_device_configuration(gpu) is None:
                tf.config.experimental.set_memory_growth(gpu, False)  # a limit excludes it
            tf.config.set_logical_device_configuration(gpu, [tf.config.LogicalDeviceConfiguration(mebibytes)])
    except RuntimeError as error:
        raise DeviceError(
            "set_memory_limit: the GPUs are in use already; expected a call before the first tensor is made. "
            f"Write it after `import unifw`. The native framework says: {error}"
        ) from error


def following(module: Any, mixed: bool = False) -> Any:
    """A module's functions, each of which runs where its first tensor is, or on the CPU where it has none.

    Unless `mixed`, tensors on several devices are an error; those without axes go along.
    """
    if not several:
        return module
    parts = {name: value for name, value in vars(module).items() if not name.startswith("_")}
    functions = {name: _following(x, mixed) for name, x in parts.items() if isinstance(x, FunctionType)}
    return SimpleNamespace(**parts | functions)


def follow(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that runs where its first tensor is."""
    return _following(function, mixed=True) if several else function


def _following(function: Callable[..., Any], mixed: bool) -> Callable[..., Any]:
    @wraps(function)
    def apply(*args: Any, **kwargs: Any) -> Any:
        if not tf.executing_eagerly():
            return function(*args, **kwargs)
        places = _places(args)
        if len(places) > 1 and not mixed:
            raise ValueError(f"tensors on several devices: {', '.join(map(_short, places))}")
        with tf.device(places[0] if places else native(None)):
            return function(*args, **kwargs)

    return apply


def _places(args: tuple[Any, ...]) -> list[str]:
    """The devices of the tensors in the arguments of a call, those without axes left out if others are there."""
    parts = [x for arg in args for x in (arg if isinstance(arg, (list, tuple)) else (arg,))]
    tensors = [x for x in parts if isinstance(x, (EagerTensor, tf.Variable))]
    return list(dict.fromkeys(x.device for x in ([x for x in tensors if x.shape.rank] or tensors[:1])))


for _gpu in tf.config.list_physical_devices("GPU"):  # else TensorFlow takes nearly all memory of every GPU it sees
    tf.config.experimental.set_memory_growth(_gpu, True)
