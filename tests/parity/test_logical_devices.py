"""Placement, on a machine without a GPU: TensorFlow can make two devices of its CPU."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

FRESH = os.environ | {"UNIFW_BACKEND": "tensorflow"}

TWO_CPUS = """
import numpy as np
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
import unifw
from unifw import nn
"""

TRAINING = """
assert unifw.devices() == ["cpu", "cpu:1"], unifw.devices()
model = nn.Sequential(nn.Linear(3, 2), nn.ReLU())
parameters = list(model.parameters())
model.to("cpu:1")
assert all(a is b for a, b in zip(parameters, model.parameters()))
assert {p.device for p in model.parameters()} == {"cpu:1"} == {p.storage.device[-5:].lower() for p in parameters}
assert unifw.zeros(2, device="cpu:1").device == "cpu:1" and unifw.zeros(2).device == "cpu"
assert unifw.ones(2).to("cpu:1").to("cpu").tolist() == [1.0, 1.0]
trainer = unifw.Trainer(model, unifw.optim.AdamW(model), nn.functional.cross_entropy, progress=False)
trainer.fit([(np.ones((4, 3), np.float32), np.array([0, 1, 0, 1]))])
model.load_state_dict({"0.weight": np.ones((2, 3)), "0.bias": np.zeros(2)})
assert {p.device for p in model.parameters()} == {"cpu:1"}
assert trainer.predict(np.ones((1, 3), np.float32)).tolist() == [[3.0, 3.0]]
"""

CREATION = """
makers = [
    lambda: unifw.zeros(2), lambda: unifw.full(2, 3.0), lambda: unifw.arange(3), lambda: unifw.arange(0.0, 2.0),
    lambda: unifw.linspace(0, 1, 3), lambda: unifw.eye(2), lambda: unifw.asarray([1.0]),
    lambda: unifw.asarray(np.zeros(2)), lambda: unifw.Parameter([1.0]), lambda: unifw.Buffer([1.0]),
    lambda: nn.Linear(2, 1).weight, lambda: nn.BatchNorm2d(2).running_mean, lambda: unifw.random.normal((2,)),
    lambda: unifw.random.integers(0, 3, (2,)), lambda: unifw.random.permutation(3), lambda: unifw.fft.fftfreq(3),
    lambda: unifw.random.bernoulli((2,)), lambda: unifw.random.choice(4, (2,), replace=False),
    lambda: unifw.random.truncated_normal((2,)), lambda: unifw.random.Generator(0).uniform((2,)),
]
with unifw.device("cpu:1") as name:
    assert name == "cpu:1" == unifw.default_device()
    assert {make().device for make in makers} == {"cpu:1"}, [make().device for make in makers]
    with unifw.device("cpu"):
        assert {make().device for make in makers} == {"cpu"}
assert {make().device for make in makers} == {"cpu"}
unifw.default_device("cpu:1")
assert {make().device for make in makers} == {"cpu:1"}
for like in (unifw.zeros_like, unifw.ones_like, unifw.empty_like, unifw.asarray):
    assert like(unifw.zeros(2, device="cpu")).device == "cpu"
"""

FOLLOWING = """
from unifw.errors import DeviceError
x, y = unifw.ones((2, 2), device="cpu:1"), unifw.ones((2, 2))
results = [
    x + x, x * 2.0, 2.0 - x, -x, x @ x, x[0], x[:, 1:], x[x > 0], x > 1, unifw.exp(x), unifw.sum(x, axis=1),
    unifw.concat([x, x]), unifw.stack([x, x]), unifw.where(x > 0, x, 0.0), unifw.astype(x, unifw.int64),
    unifw.reshape(x, (4,)), unifw.softmax(x, axis=1), unifw.sort(x), unifw.einsum("ij,jk->ik", x, x), unifw.sum(x) + 1,
    unifw.maximum(x, x), unifw.linalg.inv(x + unifw.eye(2, device="cpu:1")), nn.functional.relu(x),
]
assert {r.device for r in results} == {"cpu:1"}, [r.device for r in results]
assert {(y + y).device, unifw.exp(y).device, (y + 1).device} == {"cpu"}
x[0, 0] = 5.0
assert x.device == "cpu:1" and x.tolist() == [[5.0, 1.0], [1.0, 1.0]]
assert (x + unifw.sum(y)).device == "cpu:1"  # what has no axes goes along
try:
    x + y
except DeviceError as error:
    assert "add: got tensors on cpu:1 and cpu; expected one device" in str(error), error
else:
    raise AssertionError("tensors of two devices were added")
value, gradient = unifw.value_and_grad(lambda x: unifw.sum(x * x))(x)
assert value.device == "cpu:1"
"""

FORWARD = """
class Model(nn.Module):
    def __init__(self):
        self.layer = nn.Linear(3, 2)

    def forward(self, x):
        self.seen = unifw.zeros(2), unifw.arange(2), unifw.asarray([1.0])
        return self.layer(x) + self.seen[0]

model = Model().to("cpu:1")
assert model(unifw.ones((4, 3), device="cpu:1")).device == "cpu:1"
assert {x.device for x in model.seen} == {"cpu:1"}
assert unifw.zeros(1).device == "cpu"
"""

LATE = """
from unittest import mock
from unifw.errors import DeviceError
from unifw.backends.tensorflow import devices
gpu = tf.config.PhysicalDevice("/physical_device:GPU:0", "GPU")
calls = []
with (
    mock.patch.object(tf.config, "get_visible_devices", lambda kind: [gpu] if kind == "GPU" else []),
    mock.patch.object(tf.config, "get_logical_device_configuration", lambda device: None),
    mock.patch.object(tf.config.experimental, "set_memory_growth", lambda *args: calls.append(args)),
    mock.patch.object(tf.config, "set_logical_device_configuration", lambda *args: calls.append(args)),
):
    unifw.set_memory_limit(512, "cuda")
    assert [(args[0], getattr(args[1], "__len__", bool)()) for args in calls] == [(gpu, False), (gpu, 1)], calls
    assert calls[1][1][0].memory_limit == 512
from tensorflow.python.eager import context
assert not context.context()._initialized, "loading the backend must leave TensorFlow's runtime unstarted"
unifw.zeros(1)
cpu, plain = tf.config.list_physical_devices("CPU")[0], tf.config.LogicalDeviceConfiguration()
with (  # a CPU in the place of a GPU, without the limit that only a GPU can have
    mock.patch.object(tf.config, "get_visible_devices", lambda kind: [cpu]),
    mock.patch.object(tf.config, "LogicalDeviceConfiguration", lambda limit: plain),
):
    try:
        unifw.set_memory_limit(512, "gpu")
    except DeviceError as error:
        assert "set_memory_limit: the GPUs are in use already" in str(error), error
    else:
        raise AssertionError("a limit was set too late")
"""


PROGRAMS = {
    "training": TRAINING,
    "creation": CREATION,
    "following": FOLLOWING,
    "forward": FORWARD,
    "memory": LATE,
}


@pytest.mark.parametrize("program", PROGRAMS.values(), ids=PROGRAMS)
def test_placement(program: str) -> None:
    code = TWO_CPUS + program + "print('ok')"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, env=FRESH)
    assert done.stdout.strip() == "ok", done.stderr[-2000:]
