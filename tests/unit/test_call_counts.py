"""How many Python functions of unifw run in one operation or layer: the cost that creeps up unseen, counted exactly."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

import unifw
from unifw import nn

ROOT = str(Path(unifw.__file__).parent)

# What runs, and how many Python functions of unifw may run in it, on (torch, tensorflow).
CALLS: dict[str, tuple[Callable[[unifw.Tensor], Any], tuple[int, int]]] = {
    "x + x": (lambda x: x + x, (1, 1)),
    "x * 2.0": (lambda x: x * 2.0, (2, 2)),
    "x @ x": (lambda x: x @ x, (1, 5)),
    "-x": (lambda x: -x, (2, 1)),
    "exp": (unifw.exp, (3, 4)),
    "sum": (lambda x: unifw.sum(x, axis=1), (2, 3)),
    "maximum": (lambda x: unifw.maximum(x, x), (2, 2)),
    "where": (lambda x: unifw.where(x == x, x, x), (3, 8)),
    "concat": (lambda x: unifw.concat([x, x]), (2, 4)),
    "astype": (lambda x: unifw.astype(x, unifw.float64), (2, 5)),
    "x[0]": (lambda x: x[0], (2, 6)),
    "reshape": (lambda x: unifw.reshape(x, (-1,)), (2, 5)),
    "zeros": (lambda _: unifw.zeros((2, 2)), (4, 8)),
}
LAYERS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...], tuple[int, int]]] = {
    "Linear": (lambda: nn.Linear(4, 4), (4, 4), (3, 6)),
    "ReLU": (nn.ReLU, (4, 4), (3, 4)),
    "Dropout": (lambda: nn.Dropout().eval(), (4, 4), (2, 2)),
    "Conv2d": (lambda: nn.Conv2d(4, 4, 1), (1, 4, 4, 4), (6, 13)),
    "MaxPool2d": (lambda: nn.MaxPool2d(2), (1, 4, 4, 4), (6, 7)),
    "BatchNorm2d": (lambda: nn.BatchNorm2d(4).eval(), (1, 4, 4, 4), (5, 9)),
    "10 x (Linear + ReLU)": (
        lambda: nn.Sequential(*(layer for _ in range(10) for layer in (nn.Linear(4, 4), nn.ReLU()))),
        (4, 4),
        (10 * 6 + 3, 10 * 10 + 3),
    ),
}
COLUMN = {"torch": 0, "tensorflow": 1}


def calls_in(function: Callable[[], Any]) -> list[str]:
    """The names of the functions of unifw that run in one call, in order."""
    seen = []

    def profile(frame: FrameType, event: str, _: Any) -> None:
        if event == "call" and frame.f_code.co_filename.startswith(ROOT):
            seen.append(frame.f_code.co_qualname)

    function()
    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
    return seen


@pytest.mark.parametrize("name", CALLS)
def test_calls_of_an_operation(backend: str, name: str) -> None:
    function, most = CALLS[name]
    x = unifw.ones((4, 4))
    seen = calls_in(lambda: function(x))
    assert 1 <= len(seen) <= most[COLUMN[backend]], seen


@pytest.mark.parametrize("name", LAYERS)
def test_calls_of_a_layer(backend: str, name: str) -> None:
    build, shape, most = LAYERS[name]
    layer, x = build(), unifw.ones(shape)
    seen = calls_in(lambda: layer(x))
    assert 1 <= len(seen) <= most[COLUMN[backend]], seen
