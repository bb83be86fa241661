"""What was tuned before: a JSON file in the user's cache folder, and the key of a decision in it."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from unifw.devices import devices
from unifw.nn.module import Module
from unifw.optim.base import Optimizer
from unifw.registry import info
from unifw.train.running import Way
from unifw.train.tuning import Candidate, Tuning


def cache_file() -> Path:
    """Where decisions are kept: `unifw/tuning.json` in the platform's folder for caches, or in XDG_CACHE_HOME.

    >>> cache_file().name
    'tuning.json'
    """
    home = Path.home()
    usual = {"darwin": home / "Library/Caches", "win32": Path(os.environ.get("LOCALAPPDATA") or home / "AppData/Local")}
    return Path(os.environ.get("XDG_CACHE_HOME") or usual.get(sys.platform, home / ".cache")) / "unifw" / "tuning.json"


def load(key: str) -> Tuning | None:
    """The decision of this key; None if there is none that can be read."""
    try:
        return Tuning(tuple(Candidate(**row) for row in _all()[key]), cached=True)
    except (KeyError, TypeError):
        return None


def keep(key: str, tuning: Tuning) -> None:
    """Write a decision down, whole or not at all; where nothing can be written, tuning is done again next time."""
    import tempfile

    try:
        path = cache_file()
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=path.parent, delete=False, encoding="utf-8") as file:
            json.dump({**_all(), key: tuning.plain()}, file, indent=1)
        Path(file.name).replace(path)
    except (OSError, RuntimeError):  # such as a user who has no home
        return


def _all() -> dict[str, Any]:
    try:
        found = json.loads(cache_file().read_text(encoding="utf-8"))
    except (OSError, ValueError, RuntimeError):
        return {}
    return found if isinstance(found, dict) else {}


def key_of(model: Module, batch: Sequence[Any], ways: Sequence[Way], optimizer: Optimizer, settings: Any) -> str:
    """A hash of all that a decision depends on."""
    facts = [
        [(name, type(module).__name__, _code(module), _settings(module)) for name, module in model.named_modules()],
        [(name, tuple(x.shape), str(x.dtype)) for name, x in model.named_state().items()],
        [(tuple(x.shape), str(x.dtype)) for x in batch],
        [type(optimizer).__name__, [sorted(map(repr, group.hyper.items())) for group in optimizer.groups]],
        settings,
        ways,
        _versions(sorted({way.backend for way in ways})),
        _machine(),
    ]
    return hashlib.sha256(json.dumps(facts, default=repr).encode()).hexdigest()


def _code(module: Module) -> str:
    """What `forward` does, in bytes of Python's."""
    code = getattr(type(module).forward, "__code__", None)
    return "" if code is None else repr((code.co_code, code.co_names))


def _settings(module: Module) -> list[tuple[str, Any]]:
    plain = (bool, int, float, str, tuple)
    return sorted((name, repr(x)) for name, x in vars(module).items() if isinstance(x, plain))


def _versions(names: Sequence[str]) -> list[tuple[str, str]]:
    from importlib.metadata import PackageNotFoundError, version  # a tenth of the time of `import unifw`, if at the top

    found = []
    for package in ("unifw", *(info(name).requires for name in names)):
        try:
            found.append((package, version(package)))
        except PackageNotFoundError:
            found.append((package, ""))
    return found


def _machine() -> list[Any]:
    """The processor, how much of it there is, and the accelerators."""
    processors = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    threads = [os.environ.get(name, "") for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "TF_NUM_INTRAOP_THREADS")]
    return [platform.node(), platform.machine(), platform.processor(), _model_name(), processors, threads, devices()]


def _model_name() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return ""
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
