"""Whole models on both backends: training together, traced, exported, moved, saved and loaded."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import unifw
from unifw import models, nn

MODELS: dict[str, tuple[Callable[[], nn.Module], tuple[int, ...]]] = {
    "resnet-basic": (lambda: models.ResNet(models.BasicBlock, [1, 1, 1, 1], 5, width=4), (32, 32, 3)),
    "resnet-bottleneck": (lambda: models.ResNet(models.Bottleneck, [1, 1, 1, 1], 5, width=4), (32, 32, 3)),
    "mobilenet": (
        lambda: models.MobileNetV2(5, 0.25, [(1, 16, 1, 1), (6, 24, 2, 2)]),
        (32, 32, 3),
    ),
    "vit": (
        lambda: models.VisionTransformer(16, 8, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=16, num_classes=5),
        (16, 16, 3),
    ),
    "mlp": (lambda: models.MLP(6, [8, 5], dropout=0.1), (6,)),
}
EVERY_MODEL = pytest.mark.parametrize(("build", "shape"), MODELS.values(), ids=MODELS)
Build = Callable[[], nn.Module]
Shape = tuple[int, ...]


def example(shape: Shape, count: int = 4, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=(count, *shape)).astype(np.float32)


def moved(model: nn.Module, shape: Shape) -> nn.Module:
    """The model with running statistics that a batch has moved, in evaluation mode."""
    model.train()(unifw.asarray(example(shape, 8, 1)).to_backend(model.backend))
    return model.eval()


def close(got: unifw.Tensor, wanted: unifw.Tensor) -> None:
    np.testing.assert_allclose(got.numpy(), wanted.numpy(), rtol=1e-4, atol=1e-5)


@EVERY_MODEL
def test_the_twin_and_the_file_give_the_same_logits(backend: str, build: Build, shape: Shape, tmp_path: Path) -> None:
    model = moved(build(), shape)
    x = unifw.asarray(example(shape))
    other = {"torch": "tensorflow", "tensorflow": "torch"}[backend]
    twin = model.to_backend(other)
    close(twin(x.to_backend(other)), model(x))
    unifw.save(model, tmp_path / "model.safetensors")
    with unifw.using_backend(other):
        loaded = build().eval()
    assert not unifw.load_checkpoint(loaded, tmp_path / "model.safetensors")
    close(loaded(x.to_backend(other)), model(x))
    for name, value in loaded.state_dict().items():
        assert value.numpy().tobytes() == model.state_dict()[name].numpy().tobytes(), name


@pytest.mark.parametrize("format", ["pt2", "saved_model"])
@EVERY_MODEL
def test_each_format_from_each_backend(backend: str, build: Build, shape: Shape, format: str, tmp_path: Path) -> None:
    """The batch is free in the artefact."""
    model = moved(build(), shape)
    path = tmp_path / ("model.pt2" if format == "pt2" else "model")
    report = unifw.export(model, path, format=format, inputs=example(shape, 2))
    assert report.max_difference < 1e-4
    x = example(shape, 7)
    close(unifw.load_artifact(path)(x), model(unifw.asarray(x)))


@EVERY_MODEL
def test_a_graph_of_an_unknown_batch(build: Build, shape: Shape) -> None:
    import tensorflow as tf

    with unifw.using_backend("tensorflow") as backend:
        model = moved(build(), shape)
        specs = [tf.TensorSpec((None, *shape), tf.float32)]
        graph = tf.function(lambda x: model(backend.Tensor(x)).native, input_signature=specs, autograph=False)
        for count in (1, 5):
            x = unifw.asarray(example(shape, count))
            close(unifw.asarray(graph(x.native)), model(x))


def trained(build: Build, shape: Shape, backend: str, dtype: str) -> tuple[list[float], dict[str, np.ndarray]]:
    """Losses of twenty steps on four batches, and every parameter and buffer afterwards."""
    unifw.seed(0)
    with unifw.using_backend(backend):
        model = build().train().to(getattr(unifw, dtype))
        optimizer = unifw.optim.SGD(model, lr=0.01, momentum=0.9)
        step = unifw.value_and_grad(lambda m, x, y: nn.functional.cross_entropy(m(x), y))
        losses = []
        for i in range(20):
            x, labels = example(shape, 8, i % 4), np.random.default_rng(i % 4).integers(0, 5, 8)
            loss, gradients = step(model, unifw.asarray(x.astype(dtype)), unifw.asarray(labels))
            optimizer.step(gradients)
            losses.append(loss.item())
    return losses, {name: x.numpy() for name, x in model.state_dict().items()}


@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-3), ("float64", 1e-12)])
@pytest.mark.parametrize(("name", "share"), [("resnet-basic", 0.7), ("vit", 0.8)])
def test_training_stays_together(name: str, share: float, dtype: str, tolerance: float) -> None:
    """Twenty steps: losses, parameters and running statistics, each relative to its largest.

    Float32 comes to 4e-6 here; what float64 shows is that no more than rounding stands between the two.
    """
    build, shape = MODELS[name]
    losses, state = trained(build, shape, "torch", dtype)
    theirs, other = trained(build, shape, "tensorflow", dtype)
    assert losses[-1] < share * losses[0], "it learns"
    np.testing.assert_allclose(theirs, losses, rtol=tolerance)
    for key, value in state.items():
        np.testing.assert_allclose(other[key], value, rtol=0, atol=tolerance * np.abs(value).max(), err_msg=key)
