"""What tests of compiled functions share."""

from __future__ import annotations

import importlib
from typing import Any

import pytest


@pytest.fixture
def captured_graphs(monkeypatch: pytest.MonkeyPatch, backend: str) -> None:
    """On torch, graphs are differentiated and run as captured: the native compiler has tests of its own."""
    if backend == "torch":
        functorch = importlib.import_module("functorch.compile")
        tracing = importlib.import_module("unifw.backends.torch.tracing")

        def without_inductor(module: Any, fakes: Any, mode: str) -> Any:
            nothing = lambda graph, _: functorch.make_boxed_func(graph.forward)  # noqa: E731
            return functorch.aot_module_simplified(module, fakes, nothing)

        monkeypatch.setattr(tracing, "compile_graph", without_inductor)
