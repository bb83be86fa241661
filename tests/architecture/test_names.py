"""What the public namespaces show: no module or helper by accident, and nothing without an example."""

from __future__ import annotations

import inspect
from types import ModuleType
from typing import Any

import pytest

import unifw
from unifw import data, fft, io, linalg, models, nn, optim, random, train

NAMESPACES = [
    unifw, data, fft, io, linalg, models, nn, nn.functional, nn.init, nn.parametrizations, nn.parametrize, optim,
    optim.schedules, random, train,
]  # fmt: skip
MODULES = {
    unifw: {"data", "errors", "fft", "io", "linalg", "models", "nn", "optim", "random", "train"},
    nn: {"functional", "init", "parametrizations", "parametrize"},
    optim: {"schedules"},
}


def needs_example(x: Any) -> bool:
    """Functions and classes; a result with named fields is shown by the function that returns it."""
    return inspect.isfunction(x) or (inspect.isclass(x) and not hasattr(x, "_fields"))


@pytest.mark.parametrize("namespace", NAMESPACES, ids=lambda module: module.__name__)
def test_public_names(namespace: ModuleType) -> None:
    shown = {name: getattr(namespace, name) for name in dir(namespace)}
    assert {name for name, x in shown.items() if inspect.ismodule(x)} == MODULES.get(namespace, set())
    foreign = {name for name, x in shown.items() if not getattr(x, "__module__", "unifw").startswith("unifw")}
    assert foreign <= {"Lengths", "Reduction"}, "types that annotations name"
    assert not [name for name, x in shown.items() if needs_example(x) and ">>>" not in (x.__doc__ or "")]


@pytest.mark.parametrize("namespace", NAMESPACES, ids=lambda module: module.__name__)
def test_star_imports_what_dir_shows(namespace: ModuleType) -> None:
    found: dict[str, Any] = {}
    exec(f"from {namespace.__name__} import *", found)
    assert found.keys() - {"__builtins__"} == {*dir(namespace)}
