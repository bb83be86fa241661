"""Conformance tests run on the backends of the run and, always, on the toy plugin."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

import unifw

CHOSEN = os.environ.get("UNIFW_BACKEND")
INSTALLED = [name for name, there in unifw.backends().items() if there]
BACKENDS = list(dict.fromkeys([*([CHOSEN] if CHOSEN else INSTALLED), "toy"]))
NATIVE = [name for name in BACKENDS if name != "toy"]  # which has no gradients, and leaves some things to NumPy


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    """The name of a backend on which new tensors are made during the test."""
    with unifw.using_backend(request.param):
        yield request.param


@pytest.fixture
def backends() -> list[str]:
    """The names of all backends of the run."""
    return BACKENDS
