"""Tensors and models that move between the backends, and those that must not meet."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import MixedBackendError
from unifw.nn import functional as F

OTHER = {"torch": "tensorflow", "tensorflow": "torch"}
DTYPES = [dtype for name, dtype in sorted(unifw.dtypes.BY_NAME.items())]


class WithConstants(nn.Module):
    """Makes tensors in `forward`, holds a constant, and shares a parameter."""

    def __init__(self) -> None:
        self.dense = nn.Linear(3, 3)
        self.again = self.dense
        self.offset = unifw.asarray([1.0, 2.0, 3.0])
        self.inner = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
        self.width = 3

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 3) to (N, 2)."""
        x = self.again(self.dense(x)) + self.offset * unifw.arange(self.width, dtype=unifw.float32)
        return self.inner(x + unifw.ones((1, self.width)))


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("shape", [(2, 3), (), (0, 3)], ids=str)
def test_every_dtype_survives_the_way_there_and_back(backend: str, dtype: unifw.DType, shape: tuple[int, ...]) -> None:
    values = np.arange(int(np.prod(shape))).reshape(shape)
    x = unifw.asarray(values, dtype=dtype)
    there = x.to_backend(OTHER[backend])
    back = there.to_backend(backend)
    assert (there.backend.name, there.dtype, there.shape) == (OTHER[backend], dtype, shape)
    assert back.dtype is dtype
    np.testing.assert_array_equal(back.numpy(), x.numpy())


@pytest.mark.parametrize("offset", range(5))
def test_memory_of_any_alignment_can_be_shared(backend: str, offset: int) -> None:
    raw = np.zeros(64 * 3 * 4 + 64, np.uint8)[4 * offset :]
    values = np.frombuffer(raw.data, np.float32, count=192).reshape(1, 8, 8, 3)
    x = unifw.asarray(values).to_backend(OTHER[backend])
    y = nn.functional.conv2d(x, unifw.ones((4, 3, 3, 3)).to_backend(OTHER[backend]))
    assert y.shape == (1, 6, 6, 4)


def test_shared_memory_never_shows_a_later_change(backend: str) -> None:
    parameter = unifw.Parameter([1.0, 2.0])
    view = unifw.reshape(parameter, (1, 2)).to_backend(OTHER[backend])
    twin = parameter.to_backend(OTHER[backend])
    plain = unifw.asarray([1.0, 2.0])
    moved = plain.to_backend(OTHER[backend])
    parameter.assign([5.0, 6.0])
    plain[0] = 9.0
    plain += 1.0
    assert view.tolist() == [[1.0, 2.0]]
    assert twin.tolist() == [1.0, 2.0]
    assert moved.tolist() == [1.0, 2.0]
    assert isinstance(twin, unifw.Parameter)


@pytest.mark.parametrize(
    "alias",
    [
        lambda p: +p,
        unifw.stop_gradient,
        unifw.real,
        unifw.conj,
        lambda p: p[0],
        lambda p: unifw.reshape(p, (-1,)),
        unifw.round,
    ],
    ids=["positive", "stop_gradient", "real", "conj", "row", "reshape", "round"],
)
def test_a_moved_tensor_never_shows_an_optimisers_step(backend: str, alias) -> None:  # type: ignore[no-untyped-def]
    parameter = unifw.Parameter(unifw.ones((8, 16)))
    optimizer = unifw.optim.SGD({"weight": parameter}, lr=1.0)
    moved = alias(parameter).to_backend(OTHER[backend])
    optimizer.step({"weight": unifw.ones((8, 16))})
    assert parameter.numpy().max() == 0
    assert moved.numpy().min() == 1


def test_what_nothing_changes_shares_its_memory(backend: str) -> None:
    x = unifw.ones((8, 16)) + 1.0
    shared = x.backend.interop.to_dlpack(x.native)  # type: ignore[union-attr]
    assert shared is not None
    assert x.to_backend(OTHER[backend]).tolist() == x.tolist()


def test_a_twin_computes_the_same_and_is_independent(backend: str, rng: np.random.Generator) -> None:
    model = WithConstants()
    twin = model.to_backend(OTHER[backend])
    x = unifw.asarray(rng.normal(size=(4, 3)).astype(np.float32))
    y = model(x)
    np.testing.assert_allclose(twin(x.to_backend(OTHER[backend])).numpy(), y.numpy(), rtol=2e-6, atol=2e-6)
    assert twin.backend.name == OTHER[backend]
    assert model.backend.name == backend
    assert twin.dense is twin.again, "shared layers stay shared"
    assert twin.offset.backend.name == OTHER[backend]
    twin.dense.weight.assign(np.zeros((3, 3)))
    np.testing.assert_array_equal(model(x).numpy(), y.numpy())


def test_what_forward_creates_follows_the_model(backend: str) -> None:
    twin = WithConstants().to_backend(OTHER[backend])
    assert unifw.get_backend().name == backend
    assert twin(unifw.zeros((1, 3)).to_backend(OTHER[backend])).backend.name == OTHER[backend]
    assert unifw.get_backend().name == backend


def test_a_scan_of_no_rows_stays_on_their_backend(backend: str) -> None:
    rows = unifw.zeros((0, 3)).to_backend(OTHER[backend])
    _, doubled = unifw.scan(lambda carry, row: (carry, row * 2), rows[:0], rows)
    assert (doubled.backend.name, doubled.shape) == (OTHER[backend], (0, 3))


def test_weights_cross_by_file(backend: str, tmp_path: Path) -> None:
    model = WithConstants()
    unifw.save(model, tmp_path / "model.safetensors")
    with unifw.using_backend(OTHER[backend]):
        other = WithConstants()
        other.load_state_dict(unifw.load(tmp_path / "model.safetensors"))
    for name, value in model.state_dict().items():
        np.testing.assert_array_equal(other.state_dict()[name].numpy(), value.numpy())


def test_a_frozen_parameter_stays_frozen(backend: str) -> None:
    model = nn.Linear(2, 1).freeze()
    assert not model.to_backend(OTHER[backend]).weight.trainable
    assert not copy.deepcopy(model).weight.trainable


@pytest.mark.parametrize(
    "operation",
    [
        lambda x, y: x + y,
        lambda x, y: x @ y,
        lambda x, y: unifw.maximum(x, y),
        lambda x, y: unifw.concat([x, y]),
        lambda x, y: unifw.where(x > 0, x, y),
        lambda x, y: nn.functional.linear(x, y),
        lambda x, y: unifw.value_and_grad(lambda a, b: unifw.sum(a) + unifw.sum(b), argnums=(0, 1))(x, y),
        lambda x, y: x.__setitem__(0, y[0]),
    ],
)
def test_two_backends_in_one_operation_are_refused(operation, backend: str) -> None:  # type: ignore[no-untyped-def]
    x = unifw.ones((2, 2))
    y = unifw.ones((2, 2)).to_backend(OTHER[backend])
    with pytest.raises(MixedBackendError, match=rf"{backend} and {OTHER[backend]}.*to_backend\(\"{backend}\"\)"):
        operation(x, y)


WITH_BIAS = {
    "linear": lambda w, b: F.linear(w[0], w[0], b),
    "bilinear": lambda w, b: F.bilinear(w[0], w[0], w, b),
    "conv1d": lambda w, b: F.conv1d(w, w, b),
    "conv_transpose1d": lambda w, b: F.conv_transpose1d(w, w, b),
    "batch_norm": lambda w, b: F.batch_norm(w, None, None, b - b, b, training=True),
    "batch_norm bias": lambda w, b: F.batch_norm(w, None, None, w[0, 0], b, training=True),
    "batch_norm variance": lambda w, b: F.batch_norm(w, unifw.Buffer(w[0, 0]), unifw.Buffer(b)),
    "instance_norm": lambda w, b: F.instance_norm(w, None, None, w[0, 0], b),
    "layer_norm": lambda w, b: F.layer_norm(w, (2,), w[0, 0], b),
    "layer_norm alone": lambda w, b: F.layer_norm(w, (2,), None, b),
    "group_norm": lambda w, b: F.group_norm(w, 1, w[0, 0], b),
}


@pytest.mark.parametrize("name", WITH_BIAS)
def test_a_bias_of_another_backend_than_its_weight_is_refused(backend: str, name: str) -> None:
    weight, bias = unifw.ones((2, 2, 2)), unifw.ones(2).to_backend(OTHER[backend])
    words = f"{name.split()[0]}: got tensors of the backends {backend} and {OTHER[backend]}; expected one"
    with pytest.raises(MixedBackendError, match=words):
        WITH_BIAS[name](weight, bias)


def test_a_model_refuses_an_input_of_the_other_backend(backend: str) -> None:
    model = nn.Sequential(nn.Linear(2, 2), nn.ReLU())
    with pytest.raises(MixedBackendError, match="linear: got tensors of the backends"):
        model(unifw.ones((1, 2)).to_backend(OTHER[backend]))


def test_native_tensors_are_taken_as_they_are(backend: str) -> None:
    import tensorflow as tf
    import torch

    assert unifw.asarray(torch.ones(2)).backend.name == "torch"
    assert unifw.asarray(tf.ones(2)).backend.name == "tensorflow"
    assert unifw.asarray(tf.Variable([1.0, 2.0])).tolist() == [1.0, 2.0]
    model = nn.Linear(2, 1)
    model.load_state_dict({"weight": torch.ones(1, 2), "bias": tf.zeros(1)})
    assert model(unifw.ones((1, 2))).tolist() == [[2.0]]
