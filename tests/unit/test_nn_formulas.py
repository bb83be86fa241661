"""Every layer and loss against its formula in NumPy, in float64; and that none is left out."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

import numpy as np
import pytest

import unifw
from unifw import nn

from .layer_formulas import DOUBLE, LAYERS, Formula
from .loss_formulas import LOSSES

HERE = Path(__file__).parent
ELSEWHERE = {
    "test_nn_known_values.py": {"AlphaDropout", "Dropout1d", "Dropout2d", "Dropout3d", "FeatureAlphaDropout"},
    "test_nn_dropout.py": {"Dropout"},
    "test_nn_recurrent.py": {"RNN", "LSTM", "GRU", "LSTMCell", "GRUCell"},
    "test_nn_attention.py": {"MultiheadAttention"},
    "test_nn_transformer_formulas.py": {
        "TransformerEncoderLayer", "TransformerEncoder", "TransformerDecoderLayer", "TransformerDecoder", "Transformer",
    },
    "test_nn_positions.py": {"RotaryPositions", "SinusoidalPositions"},
    "test_nn_containers.py": {"Sequential", "ModuleList", "ModuleDict", "ParameterList", "ParameterDict"},
}  # fmt: skip
"""What has states, random numbers or parts, and the file that has its known values."""


def public() -> set[str]:
    every = {name: getattr(nn, name) for name in dir(nn)}
    return {name for name, x in every.items() if inspect.isclass(x) and issubclass(x, nn.Module)} - {"Module"}


@pytest.mark.parametrize(("name", "formula"), [*LAYERS.items(), *LOSSES.items()], ids=[*LAYERS, *LOSSES])
def test_by_its_formula(backend: str, name: str, formula: Formula) -> None:
    layer, inputs, wanted = formula(np.random.default_rng(7))
    assert type(layer).__name__ == name
    y = layer.to(DOUBLE)(*map(unifw.asarray, inputs))
    y = y.output if hasattr(y, "output") else y
    np.testing.assert_allclose(y.numpy(), wanted, rtol=1e-7 if name == "Hardsigmoid" else 1e-10, atol=1e-12)


def test_every_layer_and_loss_has_known_values() -> None:
    """A new one without a formula fails here."""
    known = {*LAYERS, *LOSSES}
    for file, names in ELSEWHERE.items():
        text = (HERE / file).read_text()
        assert not [name for name in names if not re.search(rf"\b{name}\b", text)]
        known |= names
    assert public() == known
