"""TensorFlow's variables hold kernels as its products take them, so that a compiled model turns none."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import unifw
from unifw import nn

tf = pytest.importorskip("tensorflow")
from tensorflow.core.protobuf import config_pb2  # noqa: E402
from tensorflow.python.grappler import tf_optimizer  # noqa: E402


def network() -> nn.Module:
    with unifw.using_backend("tensorflow"):
        return nn.Sequential(nn.Conv2d(3, 8, 3), nn.ReLU(), nn.ConvTranspose2d(8, 4, 2), nn.Conv2d(4, 4, 3, groups=4))


def operations(function: Any, *specs: Any) -> list[str]:
    graph = tf.function(function).get_concrete_function(*specs).graph
    return [operation.type for operation in graph.get_operations()]


def optimized(concrete: Any) -> list[str]:
    """The operations that the graph optimiser leaves."""
    meta = tf.compat.v1.train.export_meta_graph(graph=concrete.graph, graph_def=concrete.graph.as_graph_def())
    kept = [x.name for x in concrete.outputs] + [x.name for x in concrete.graph.control_outputs]
    meta.collection_def["train_op"].node_list.value.extend(kept)
    return [node.op for node in tf_optimizer.OptimizeGraph(config_pb2.ConfigProto(), meta).node]


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


def dense_network() -> nn.Module:
    with unifw.using_backend("torch"):
        model = nn.Sequential(nn.Linear(8, 16), nn.TransformerEncoderLayer(16, 2, 32, dropout=0.0))
    return model.to_backend("tensorflow")


def test_weights_of_dense_layers_lie_as_their_products_take_them() -> None:
    shapes = {name: tuple(x.storage.shape) for name, x in dense_network().named_parameters() if x.ndim == 2}
    assert shapes == {
        "0.weight": (8, 16),
        "1.self_attn.in_proj_weight": (16, 48),
        "1.self_attn.out_proj.weight": (16, 16),
        "1.linear1.weight": (16, 32),
        "1.linear2.weight": (32, 16),
    }


@pytest.mark.parametrize("clipped", [False, True])
def test_a_step_turns_no_weight_of_a_dense_layer(clipped: bool) -> None:
    model = nn.Sequential(nn.Linear(4, 6), nn.ReLU(), nn.Linear(6, 2)).to_backend("tensorflow")
    optimizer, wrap = unifw.optim.AdamW(model), model.backend.Tensor
    optimizer.prepare([name for name, _ in model.named_parameters()])

    def step(x: Any) -> Any:
        value, slopes = unifw.value_and_grad(lambda model, x: unifw.sum(model(x) ** 2))(model, wrap(x))
        slopes = unifw.optim.clip_grad_norm(slopes, 1.0)[0] if clipped else slopes
        optimizer.apply(slopes, optimizer.dynamic(tuple(slopes)))
        return value.native

    graph = tf.function(step).get_concrete_function(tf.TensorSpec((8, 4), tf.float32))
    left = optimized(graph)
    assert left.count("ResourceApplyAdam") == 4
    assert "Transpose" not in left
    assert "Transpose" not in operations(lambda x: model(wrap(x)).native, tf.TensorSpec((None, 4), tf.float32))


def test_a_weight_tied_to_a_table_stays_a_table() -> None:
    with unifw.using_backend("tensorflow"):
        model = nn.ModuleDict({"table": nn.Embedding(6, 4), "head": nn.Linear(4, 6, bias=False)})
    model["head"].weight = model["table"].weight
    assert tuple(model["head"].weight.storage.shape) == (6, 4)
    wrap = model.backend.Tensor
    assert "Transpose" not in operations(lambda x: model["head"](wrap(x)).native, tf.TensorSpec((2, 4), tf.float32))


def test_the_weight_of_a_dense_layer_in_a_saved_model_says_its_order(tmp_path: Path) -> None:
    model = dense_network()[0]
    with unifw.using_backend("tensorflow"):
        unifw.export(model, tmp_path / "model", format="saved_model", inputs=unifw.zeros((2, 8)))
    names = dict(tf.train.list_variables(str(tmp_path / "model" / "variables" / "variables")))
    assert names["weight/window_first/.ATTRIBUTES/VARIABLE_VALUE"] == [8, 16]
    twin = nn.Linear(8, 16)
    unifw.load_checkpoint(twin, tmp_path / "model" / "variables" / "variables.index")
    assert (twin.weight.numpy() == model.weight.numpy()).all()
