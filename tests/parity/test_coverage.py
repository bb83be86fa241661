"""That every layer, loss, optimiser, schedule and initialiser that PyTorch has is compared with PyTorch's."""

from __future__ import annotations

import importlib
import inspect
import re
from pathlib import Path
from typing import Any

import pytest

from unifw import nn, optim
from unifw.nn import init
from unifw.optim import schedules

from .case_table import CASES as HELD
from .layer_table import ROWS
from .test_layer_functions import RANDOM
from .test_losses_oracle import CASES, SIMPLE
from .test_optim_oracle import OPTIMIZERS

HERE = Path(__file__).parent
ELSEWHERE = {
    "test_recurrent_oracle.py": {"RNN", "LSTM", "GRU", "RNNCell", "LSTMCell", "GRUCell"},
    "test_attention_oracle.py": {"MultiheadAttention"},
    "test_transformer_oracle.py": {
        "TransformerEncoderLayer", "TransformerEncoder", "TransformerDecoderLayer", "TransformerDecoder", "Transformer",
    },
    "test_losses_oracle.py": {"CTCLoss"},
    "test_layer_functions.py": {"AdaptiveLogSoftmaxWithLoss"},
}  # fmt: skip
"""What the tables do not hold, and the file that compares it."""
CONTAINERS = {"Module", "Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"}
"""What computes nothing of its own."""


@pytest.fixture
def torch() -> Any:
    """The oracle, imported in the run that has it."""
    return importlib.import_module("torch")


def compared(file: str, names: set[str]) -> set[str]:
    """Those of the names that a file has."""
    text = (HERE / file).read_text()
    return {name for name in names if re.search(rf"\b{name}\b", text)}


def test_layers_and_losses(torch: Any) -> None:
    every = {name: getattr(nn, name) for name in dir(nn)}
    modules = {name for name, x in every.items() if inspect.isclass(x) and issubclass(x, nn.Module)}
    known = {row.name for row in ROWS} | {case[0] for case in (*CASES.values(), *SIMPLE.values())} | set(RANDOM)
    for file, names in ELSEWHERE.items():
        assert compared(file, names) == names
        known |= names
    assert {name for name in modules - CONTAINERS if hasattr(torch.nn, name)} == known


def test_every_layer_has_a_row_on_the_page() -> None:
    """But containers, which compute nothing of their own, and losses, which nobody exports alone."""
    every = {name for name in dir(nn) if inspect.isclass(x := getattr(nn, name)) and issubclass(x, nn.Module)}
    held = {x.name for x in (*ROWS, *HELD)}
    assert {name for name in every - CONTAINERS - held if not name.endswith("Loss")} == set()
    rows = re.findall(r"^\| `(.*?)` \|", (HERE.parents[1] / "docs" / "layers.md").read_text(), re.MULTILINE)
    assert set(rows) == held


def test_optimisers(torch: Any) -> None:
    every = {name: getattr(optim, name) for name in dir(optim)}
    rules = {name for name, x in every.items() if inspect.isclass(x) and issubclass(x, optim.Optimizer)}
    known = {name for name, _ in OPTIMIZERS.values()}
    assert {name for name in rules - {"Optimizer"} if hasattr(torch.optim, name)} == known
    for name in known:  # and each argument of theirs that has a meaning here
        assert any("maximize" in options for rule, options in OPTIMIZERS.values() if rule == name)


def test_schedules_and_initialisers() -> None:
    functions = {name for name in dir(schedules) if callable(getattr(schedules, name))}
    assert compared("test_schedules_oracle.py", functions) == functions
    filling = {name for name in dir(init) if name.endswith("_")}
    assert compared("test_init_oracle.py", filling) == filling - {"constant_"}  # whose value is its argument
