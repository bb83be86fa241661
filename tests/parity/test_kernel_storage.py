"""TensorFlow's variables hold kernels as its convolutions take them, so that a compiled model turns none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import unifw
from unifw import nn

tf = pytest.importorskip("tensorflow")


def network() -> nn.Module:
    with unifw.using_backend("tensorflow"):
        return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.ConvTranspose2d(8, 4, 2), nn.Conv2d(4, 4, 3, groups=4))


def operations(function: Any, *specs: Any) -> list[str]:
    graph = tf.function(function).get_concrete_function(*specs).graph
    return [operation.type for operation in graph.get_operations()]


def test_variables_have_the_window_first() -> None:
    shapes = [tuple(x.storage.shape) for x in network().parameters()]
    assert shapes == [(3, 3, 3, 8), (8,), (2, 2, 4, 8), (4,), (3, 3, 1, 4), (4,)]


def test_a_forward_pass_turns_no_kernel() -> None:
    model = network()
    wrap = model.backend.Tensor
    found = operations(lambda x: model(wrap(x)).native, tf.TensorSpec((None, 8, 8, 3), tf.float32))
    assert "Conv2D" in found
    assert "Transpose" not in found


def test_the_weights_in_a_saved_model_say_their_order(tmp_path: Path) -> None:
    model = network()
    with unifw.using_backend("tensorflow"):
        unifw.export(model, tmp_path / "model", format="saved_model", inputs=unifw.zeros((2, 8, 8, 3)))
    names = dict(tf.train.list_variables(str(tmp_path / "model" / "variables" / "variables")))
    assert names["0/weight/window_first/.ATTRIBUTES/VARIABLE_VALUE"] == [3, 3, 3, 8]
    assert names["0/bias/.ATTRIBUTES/VARIABLE_VALUE"] == [8]
