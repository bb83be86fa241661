"""ResNet-18 as one writes it in TensorFlow by hand: `tf.nn` functions, variables in TensorFlow's layout."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import tensorflow as tf


class ResNet18(tf.Module):  # type: ignore[misc]
    """Made of the values of a state dict with torchvision's names."""

    def __init__(self, state: Mapping[str, np.ndarray]) -> None:
        super().__init__()
        statistics = ("running_mean", "running_var", "num_batches_tracked")
        self.values: dict[str, Any] = {
            name.replace(".", "/"): tf.Variable(_layout(x), trainable=not name.endswith(statistics))
            for name, x in state.items()
        }
        self.velocities = [tf.Variable(tf.zeros_like(x), trainable=False) for x in self.trainable_variables]

    def __call__(self, x: Any, training: bool) -> Any:
        x = tf.nn.relu(self.norm(self.conv(x, "conv1", 2, 3), "bn1", training))
        x = tf.pad(x, [(0, 0), (1, 1), (1, 1), (0, 0)], constant_values=-np.inf)
        x = tf.nn.max_pool2d(x, 3, 2, "VALID")
        for stage in range(1, 5):
            for block in range(2):
                x = self.block(x, f"layer{stage}/{block}", 2 if stage > 1 and block == 0 else 1, training)
        return tf.reduce_mean(x, (1, 2)) @ self.values["fc/weight"] + self.values["fc/bias"]

    def block(self, x: Any, name: str, stride: int, training: bool) -> Any:
        y = tf.nn.relu(self.norm(self.conv(x, f"{name}/conv1", stride, 1), f"{name}/bn1", training))
        y = self.norm(self.conv(y, f"{name}/conv2", 1, 1), f"{name}/bn2", training)
        if f"{name}/downsample/0/weight" in self.values:
            x = self.norm(self.conv(x, f"{name}/downsample/0", stride, 0), f"{name}/downsample/1", training)
        return tf.nn.relu(x + y)

    def conv(self, x: Any, name: str, stride: int, padding: int) -> Any:
        pads = [(0, 0), (padding, padding), (padding, padding), (0, 0)]
        return tf.nn.conv2d(x, self.values[f"{name}/weight"], stride, pads if padding else "VALID")

    def norm(self, x: Any, name: str, training: bool) -> Any:
        weight, bias, mean, var = (
            self.values[f"{name}/{part}"] for part in ("weight", "bias", "running_mean", "running_var")
        )
        if not training:
            return tf.compat.v1.nn.fused_batch_norm(x, weight, bias, mean, var, 1e-5, is_training=False)[0]
        y, new_mean, new_var = tf.compat.v1.nn.fused_batch_norm(x, weight, bias, epsilon=1e-5)
        mean.assign(0.9 * mean + 0.1 * new_mean)
        var.assign(0.9 * var + 0.1 * new_var)
        return y

    def step(self, x: Any, labels: Any, rate: float, momentum: float) -> Any:
        with tf.GradientTape() as tape:
            losses = tf.nn.sparse_softmax_cross_entropy_with_logits(labels, self(x, True))
            loss = tf.reduce_mean(losses)
        gradients = tape.gradient(loss, self.trainable_variables)
        for variable, velocity, gradient in zip(self.trainable_variables, self.velocities, gradients, strict=True):
            velocity.assign(momentum * velocity + gradient)
            variable.assign_sub(rate * velocity)
        return loss


def _layout(x: np.ndarray) -> np.ndarray:
    """PyTorch's kernels (out, in, h, w) as (h, w, in, out), and matrices (out, in) as (in, out)."""
    return x.transpose(2, 3, 1, 0) if x.ndim == 4 else x.T
