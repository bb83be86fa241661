"""Where new tensors are made. A device travels with its tensors, as a backend does: what is computed stays there.

Devices are "cpu", "gpu:0", "gpu:1", ...; "gpu" and "cuda" mean "gpu:0", "cuda:1" means "gpu:1".
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any

from unifw.errors import ArgumentError, DeviceError
from unifw.registry import get_backend
from unifw.spec import Backend

CPU = "cpu"

chosen = 0
"""How many blocks and defaults choose a device for tensors that do not name one: at none, creation need not look."""

_lock = Lock()
_default: str | None = None  # for the CPU, too
_active: ContextVar[str | None] = ContextVar("unifw_device", default=None)
_known: dict[tuple[str, str], str] = {}


def devices() -> list[str]:
    """The devices of the active backend: "cpu", then "gpu:0", "gpu:1", ...

    >>> "cpu" in devices()
    True
    """
    return get_backend().devices.devices()


def default_device(device: str | None = None) -> str:
    """The device on which new tensors and parameters are made; with an argument, make it the process-wide default.

    "cpu" until one is set. Raises DeviceError for a device that the active backend has not.

    >>> import unifw
    >>> unifw.default_device("cpu")
    'cpu'
    """
    global _default
    if device is not None:
        known, before = existing(get_backend(), device), _default
        _default = None if known == CPU else known
        _count((_default is not None) - (before is not None))
        return known
    return _active.get() or _default or CPU


def _count(more: int) -> None:
    global chosen
    with _lock:
        chosen += more


@contextmanager
def device(name: str) -> Iterator[str]:
    """Make new tensors and parameters on a device inside the `with` block, in this thread or task only.

    Raises DeviceError for a device that the active backend has not.

    >>> import unifw
    >>> with unifw.device("cpu"):
    ...     unifw.zeros(2).device
    'cpu'
    """
    known = existing(get_backend(), name)
    _count(1)
    token = _active.set(known)
    try:
        yield known
    finally:
        _active.reset(token)
        _count(-1)


def placed(backend: Backend, device: Any = None) -> str | None:
    """The device for a new tensor: the one given, or the one in force; None is the backend's CPU. Raises DeviceError.

    >>> placed(get_backend(), "cpu")
    'cpu'
    """
    wanted = device if device is not None else _active.get() or _default
    return None if wanted is None else existing(backend, wanted)


def existing(backend: Backend, device: Any) -> str:
    """The one name of a device that the backend has. Raises DeviceError, with a list of those that there are.

    >>> existing(get_backend(), "cpu:0")
    'cpu'
    """
    name = _known.get((backend.name, device)) if isinstance(device, str) else None
    if name is None:
        there = backend.devices.devices()
        name = _one_name(device) if isinstance(device, str) else ""
        if name not in there:
            raise DeviceError(f"device: got {device!r}; expected one of {', '.join(there)}.")
        _known[backend.name, device] = name
    return name


def _one_name(device: str) -> str:
    kind, _, number = device.partition(":")
    kind = "gpu" if kind == "cuda" else kind
    return CPU if kind == CPU and number in ("", "0") else f"{kind}:{number or 0}"


def set_memory_limit(mebibytes: int, device: str | None = None) -> None:
    """Let the active backend use at most this many mebibytes (2**20 bytes) of a GPU's memory, or of each GPU's.

    Call it before the first tensor is made: one framework cannot change the limit later. Raises DeviceError where there
    is no GPU, or where it is too late, and ArgumentError for a limit that is no positive integer.

    >>> import unifw
    >>> unifw.set_memory_limit(-1)
    Traceback (most recent call last):
    ...
    unifw.errors.ArgumentError: set_memory_limit: got -1; expected a positive number of mebibytes, such as 4096.
    """
    if type(mebibytes) is not int or mebibytes < 1:
        raise ArgumentError(
            f"set_memory_limit: got {mebibytes!r}; expected a positive number of mebibytes, such as 4096."
        )
    backend = get_backend()
    names = backend.devices.devices() if device is None else [existing(backend, device)]
    numbers = [int(name.partition(":")[2]) for name in names if not name.startswith(CPU)]
    if not numbers:
        raise DeviceError(f"set_memory_limit: got no GPU; the devices here are {', '.join(backend.devices.devices())}.")
    backend.devices.set_memory_limit(mebibytes, numbers)
