"""Which backends a run tests: the one that UNIFW_BACKEND names, or every installed one in one process."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import unifw

CHOSEN = os.environ.get("UNIFW_BACKEND")
NATIVE = ("torch", "tensorflow")
BACKENDS = [CHOSEN] if CHOSEN else [name for name in NATIVE if unifw.backends()[name]]
HERE = Path(__file__).parent


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a backend on which new tensors are made during the test."""
    unifw.seed(0)
    with unifw.using_backend(request.param):
        yield request.param


@pytest.fixture
def rng() -> np.random.Generator:
    """The same numbers in each run."""
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def captured_graphs(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """On torch, compiled graphs are differentiated and run as captured, but in tests marked `inductor`."""
    on_torch = "backend" in request.fixturenames and request.getfixturevalue("backend") == "torch"
    if on_torch and request.node.get_closest_marker("inductor") is None:
        tracing = importlib.import_module("unifw.backends.torch.tracing")
        monkeypatch.setattr(tracing, "compile_graph", _as_captured)


def _as_captured(module: Any, fakes: Any, mode: str) -> Any:
    """What stands in for Inductor, which takes seconds for each graph: all that comes before and after it."""
    functorch = importlib.import_module("functorch.compile")
    nothing = lambda graph, _: functorch.make_boxed_func(graph.forward)  # noqa: E731
    return functorch.aot_module_simplified(module, fakes, nothing)


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Tests marked `gpu` need one of the backend that they run on."""
    if item.get_closest_marker("gpu"):
        name = getattr(item, "callspec").params["backend"]  # noqa: B009  # of parametrised tests only
        with unifw.using_backend(name):
            if "gpu:0" not in unifw.devices():
                pytest.skip(f"needs a GPU; {name} has {', '.join(unifw.devices())}")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Tests that compare two backends belong to the run that has two."""
    if not CHOSEN:
        return
    parity = [item for item in items if (HERE / "parity") in item.path.parents]
    config.hook.pytest_deselected(items=parity)
    items[:] = [item for item in items if item not in parity]
