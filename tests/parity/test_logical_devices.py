"""Placement, on a machine without a GPU: TensorFlow can make two devices of its CPU."""

from __future__ import annotations

import os
import subprocess
import sys

FRESH = os.environ | {"UNIFW_BACKEND": "tensorflow"}

TWO_CPUS = """
import numpy as np
import tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2
)
import unifw
from unifw import nn
assert unifw.devices() == ["cpu", "cpu:1"], unifw.devices()
model = nn.Sequential(nn.Linear(3, 2), nn.ReLU()).to("cpu:1")
assert {p.device for p in model.parameters()} == {"cpu:1"}
assert unifw.zeros(2, device="cpu:1").device == "cpu:1" and unifw.zeros(2).device == "cpu"
assert unifw.ones(2).to("cpu:1").to("cpu").tolist() == [1.0, 1.0]
trainer = unifw.Trainer(model, unifw.optim.AdamW(model), nn.functional.cross_entropy, progress=False)
trainer.fit([(np.ones((4, 3), np.float32), np.array([0, 1, 0, 1]))])
model.load_state_dict({"0.weight": np.ones((2, 3)), "0.bias": np.zeros(2)})
assert {p.device for p in model.parameters()} == {"cpu:1"}
assert trainer.predict(np.ones((1, 3), np.float32)).tolist() == [[3.0, 3.0]]
print("ok")
"""


def test_a_model_trains_where_it_was_moved() -> None:
    done = subprocess.run([sys.executable, "-c", TWO_CPUS], capture_output=True, text=True, check=False, env=FRESH)
    assert done.stdout.strip() == "ok", done.stderr[-2000:]
