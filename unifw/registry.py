"""From a name to a backend: the folders of `unifw.backends`, and the entry points "unifw.backends".

This is the only file that knows how backends are found, and it knows no name but the order of preference.
"""

from __future__ import annotations

import importlib
import importlib.util
import os
import pkgutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from threading import RLock
from typing import Any

import unifw.backends as folder  # before the function of that name replaces it in `unifw`
from unifw.errors import ArgumentError, BackendNotInstalledError, UnknownBackendError, UnsupportedError
from unifw.spec import Backend, BackendInfo

ENVIRONMENT_VARIABLE = "UNIFW_BACKEND"
ENTRY_POINT_GROUP = "unifw.backends"

_loaded: dict[str, Backend] = {}
_loading = RLock()
_on_load: list[Callable[[Backend], None]] = []
_default: Backend | None = None
_active: ContextVar[Backend | None] = ContextVar("unifw_backend", default=None)


@cache
def _plugins() -> dict[str, Any]:
    """Every known backend's package, by name; importing one does not import its framework."""
    from importlib.metadata import entry_points  # a third of the time of `import unifw`, if at the top

    found = {}
    for module in pkgutil.iter_modules(folder.__path__):
        found[module.name] = importlib.import_module(f"{folder.__name__}.{module.name}")
    for point in entry_points(group=ENTRY_POINT_GROUP):
        found.setdefault(point.name, point.load())
    return dict(sorted(found.items(), key=lambda item: (item[1].INFO.preference, item[0])))


def _installed(info: BackendInfo) -> bool:
    return importlib.util.find_spec(info.requires) is not None


def backends() -> dict[str, bool]:
    """Every known backend and whether its framework is installed; imports no framework.

    >>> sorted(name for name in backends() if name in ("torch", "tensorflow"))
    ['tensorflow', 'torch']
    """
    return {name: _installed(plugin.INFO) for name, plugin in _plugins().items()}


def _listing() -> str:
    rows = []
    for name, installed in backends().items():
        rows.append(f"  {name}: " + ("installed" if installed else f"not installed; {_plugins()[name].INFO.install}"))
    return "\n".join(rows)


def info(name: str) -> BackendInfo:
    """What is known of the backend `name` without importing its framework.

    Raises UnknownBackendError.

    >>> info("torch").requires
    'torch'
    """
    if name not in _plugins():
        raise UnknownBackendError(f"backend: got {name!r}; expected one of these:\n{_listing()}")
    result: BackendInfo = _plugins()[name].INFO
    return result


def load_backend(backend: str | Backend) -> Backend:
    """The backend of a name, whose framework is imported at the first call; a backend as it is.

    Raises UnknownBackendError and BackendNotInstalledError, both with the list of what is there.
    """
    if not isinstance(backend, str):
        return backend
    if backend in _loaded:
        return _loaded[backend]
    with _loading:  # another thread may have begun
        return _loaded[backend] if backend in _loaded else _load(backend)


def _load(name: str) -> Backend:
    known = info(name)
    if not _installed(known):
        raise BackendNotInstalledError(
            f"backend: {name!r} needs the package {known.requires!r}, which is not installed. "
            f"Run: {known.install}\nKnown backends:\n{_listing()}"
        )
    backend: Backend = _plugins()[name].load()
    _loaded[name] = backend
    for callback in _on_load:
        callback(backend)
    return backend


def on_load(callback: Callable[[Backend], None]) -> Callable[[Backend], None]:
    """Call `callback` with each backend that is loaded, now and later."""
    _on_load.append(callback)
    for backend in loaded_backends():
        callback(backend)
    return callback


def loaded_backends() -> tuple[Backend, ...]:
    """The backends whose framework this process has imported through unifw.

    >>> get_backend() in loaded_backends()
    True
    """
    return tuple(_loaded.values())


def get_backend() -> Backend:
    """The backend on which new tensors are made: `using_backend`, else `set_backend`, else `UNIFW_BACKEND`,
    else the first installed one.

    >>> with using_backend(get_backend().name) as backend:
    ...     get_backend() is backend
    True
    """
    active = _active.get()
    return active if active is not None else _default or _choose_default()


def _choose_default() -> Backend:
    name = os.environ.get(ENVIRONMENT_VARIABLE) or next((n for n, there in backends().items() if there), None)
    if name is None:
        raise BackendNotInstalledError(f"backend: no framework is installed. Install one of these:\n{_listing()}")
    return set_backend(name)


def set_backend(name: str) -> Backend:
    """Make `name` the process-wide default for new tensors; existing ones stay where they are.

    Raises UnknownBackendError and BackendNotInstalledError.

    >>> set_backend(get_backend().name) is get_backend()
    True
    """
    global _default
    _default = load_backend(name)
    return _default


@contextmanager
def using_backend(backend: str | Backend) -> Iterator[Backend]:
    """Make new tensors on `backend` inside the `with` block, in this thread or task only.

    Raises UnknownBackendError and BackendNotInstalledError.

    >>> with using_backend(get_backend().name) as backend:
    ...     backend is get_backend()
    True
    """
    chosen = load_backend(backend)
    token = _active.set(chosen)
    try:
        yield chosen
    finally:
        _active.reset(token)


def part(backend: Backend, name: str) -> Any:
    """The module `name` of a backend ("nn", "autodiff", ...).

    Raises UnsupportedError if the backend declares that it has none.
    """
    module = getattr(backend, name)
    if module is None:
        raise UnsupportedError(
            f"{name}: the backend {backend.name!r} declares no {name!r} operations. "
            "Write x.to_backend(...) to use one that has them."
        )
    return module


def backend_of_format(format: str) -> BackendInfo:
    """The backend that writes the export format; imports no framework.

    Raises ArgumentError naming every format there is.

    >>> backend_of_format("saved_model").name
    'tensorflow'
    """
    infos: list[BackendInfo] = [plugin.INFO for plugin in _plugins().values()]
    for candidate in infos:
        if format in candidate.formats:
            return candidate
    known = sorted(name for candidate in infos for name in candidate.formats)
    raise ArgumentError(f"export: got format {format!r}; expected one of {', '.join(known)}.")


def backend_of_checkpoint(ending: str) -> BackendInfo | None:
    """The backend whose framework writes weights in files of this ending, or None; imports no framework.

    >>> backend_of_checkpoint(".pth").name
    'torch'
    """
    infos: list[BackendInfo] = [plugin.INFO for plugin in _plugins().values()]
    return next((candidate for candidate in infos if ending in candidate.checkpoints), None)


def backend_of_native(x: Any) -> Backend | None:
    """The backend whose framework made the object `x`, loading it if needed, or None."""
    framework = type(x).__module__.partition(".")[0]
    if framework in ("builtins", "numpy"):
        return None
    for name, plugin in _plugins().items():
        if plugin.INFO.requires == framework:
            return load_backend(name)
    return None
