"""Whole models on each backend against torchvision's, with the state dict of the torchvision model loaded."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import unifw
from unifw import models, nn

TOLERANCE = 1e-4


@cache
def torchvision() -> Any:
    """The oracle's models. Where its compiled operators do not fit the torch build, which no model here needs, the two
    that it describes on import are declared.
    """
    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return importlib.import_module("torchvision.models")


def seeded(model: torch.nn.Module) -> torch.nn.Module:
    """Weights, biases and running statistics that are all different, so that no mix-up stays unseen."""
    generator = torch.Generator().manual_seed(0)
    for name, x in model.state_dict().items():
        if name.endswith("running_var") or (name.endswith("weight") and x.ndim == 1):
            x.copy_(torch.rand(x.shape, generator=generator) + 0.5)
        elif x.is_floating_point():
            scale = 0.1 if x.ndim < 2 else float(x[0].numel()) ** -0.5
            x.copy_(torch.randn(x.shape, generator=generator) * scale)
    return model


BOTH_LAYOUTS = ("ResNet, basic blocks", "MobileNetV2", "VisionTransformer")
STAGES = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 1, 2)]
MOBILE: dict[str, Any] = {
    "num_classes": 7, "width_mult": 0.25, "inverted_residual_setting": STAGES, "dropout": 0.0,
}  # fmt: skip
VIT = {"image_size": 16, "patch_size": 4, "num_layers": 2, "num_heads": 3, "hidden_dim": 12, "mlp_dim": 24}
PAIRS: dict[str, tuple[Callable[[Any], Any], Callable[..., nn.Module], int]] = {
    "ResNet, basic blocks": (
        lambda tv: tv.resnet.ResNet(tv.resnet.BasicBlock, [1, 1, 1, 1], num_classes=7),
        lambda **options: models.ResNet(models.BasicBlock, [1, 1, 1, 1], num_classes=7, **options),
        40,
    ),
    "ResNet, bottlenecks": (
        lambda tv: tv.resnet.ResNet(tv.resnet.Bottleneck, [2, 1, 1, 1], num_classes=7),
        lambda **options: models.ResNet(models.Bottleneck, [2, 1, 1, 1], num_classes=7, **options),
        40,
    ),
    "MobileNetV2": (
        lambda tv: tv.MobileNetV2(**MOBILE),
        lambda **options: models.MobileNetV2(**MOBILE, **options),
        32,
    ),
    "VisionTransformer": (
        lambda tv: tv.VisionTransformer(**VIT, num_classes=7),
        lambda **options: models.VisionTransformer(**VIT, num_classes=7, **options),
        16,
    ),
    "VisionTransformer, hidden head": (
        lambda tv: tv.VisionTransformer(**VIT, num_classes=7, representation_size=6),
        lambda **options: models.VisionTransformer(**VIT, num_classes=7, representation_size=6, **options),
        16,
    ),
}


def images(size: int, count: int = 2) -> np.ndarray:
    return np.random.default_rng(0).normal(size=(count, size, size, 3)).astype(np.float32)


def given(x: np.ndarray, layout: str) -> unifw.Tensor:
    return unifw.asarray(x if layout == "channels_last" else np.ascontiguousarray(x.transpose(0, 3, 1, 2)))


def theirs(x: np.ndarray) -> torch.Tensor:
    return torch.from_numpy(x).permute(0, 3, 1, 2)


def close(got: Any, wanted: torch.Tensor, least: float = 0.0) -> None:
    """Within the tolerance of the largest value, or of `least` where that is larger."""
    values = wanted.detach().numpy()
    np.testing.assert_allclose(got.numpy(), values, rtol=TOLERANCE, atol=TOLERANCE * max(np.abs(values).max(), least))


@pytest.mark.parametrize(
    ("name", "layout"),
    [(name, "channels_last") for name in PAIRS] + [(name, "channels_first") for name in BOTH_LAYOUTS],
)
def test_logits_gradients_and_statistics(backend: str, name: str, layout: str) -> None:
    """Evaluation, then one step of training: the loss's gradient of every parameter, and every buffer after it."""
    oracle, ours, size = PAIRS[name]
    reference = seeded(oracle(torchvision())).eval()
    model = ours(data_format=layout).eval()
    assert list(model.state_dict()) == list(reference.state_dict())
    assert not model.load_state_dict(reference.state_dict())
    x, labels = images(size), np.array([1, 5])
    with torch.no_grad():
        close(model(given(x, layout)), reference(theirs(x)))
    loss = torch.nn.functional.cross_entropy(reference.train()(theirs(x)), torch.from_numpy(labels))
    slopes = dict(
        zip(dict(reference.named_parameters()), torch.autograd.grad(loss, list(reference.parameters())), strict=True)
    )
    value, gradients = unifw.value_and_grad(objective)(model.train(), given(x, layout), unifw.asarray(labels))
    close(value, loss)
    assert list(gradients) == list(slopes)
    least = 0.01 * max(float(slope.abs().max()) for slope in slopes.values())  # some are zero but for rounding
    for key, slope in slopes.items():
        close(gradients[key], slope, least)
    state = model.state_dict()
    for key, buffer in reference.named_buffers():
        close(state[key], buffer)


def test_the_old_names_of_vision_transformers(backend: str, tmp_path: Path) -> None:
    """Torchvision's own files of ViT have them."""
    reference = seeded(torchvision().VisionTransformer(**VIT, num_classes=7)).eval()
    old = {re.sub(r"mlp\.([03])\.", lambda m: f"mlp.linear_{int(m[1]) // 3 + 1}.", name): x
           for name, x in reference.state_dict().items()}  # fmt: skip
    assert "encoder.layers.encoder_layer_0.mlp.linear_2.bias" in old
    torch.save(old, tmp_path / "vit.pth")
    model = models.VisionTransformer(**VIT, num_classes=7).eval()
    assert not unifw.load_checkpoint(model, tmp_path / "vit.pth")
    close(model(given(images(16), "channels_last")), reference(theirs(images(16))))


def objective(model: nn.Module, x: Any, labels: Any) -> Any:
    return nn.functional.cross_entropy(model(x), labels)


# The published number of parameters, and the size of an image to run, if the whole model is small enough for a test.
FULL: dict[str, tuple[int, int]] = {
    "resnet18": (11_689_512, 64),
    "resnet34": (21_797_672, 0),
    "resnet50": (25_557_032, 0),
    "mobilenet_v2": (3_504_872, 64),
    "vit_b_16": (86_567_656, 0),
}


@pytest.mark.parametrize("name", FULL)
def test_full_size(name: str, tmp_path: Path) -> None:
    """Names, shapes and numbers; of the small ones also the logits, from a file as people have it."""
    parameters, size = FULL[name]
    model = getattr(models, name)()
    with torch.device("cpu" if size else "meta"):
        reference = getattr(torchvision(), name)()
    assert sum(p.size for p in model.parameters()) == parameters
    shapes = {key: tuple(x.shape) for key, x in model.state_dict().items()}
    assert shapes == {key: tuple(x.shape) for key, x in reference.state_dict().items()}
    if size:
        torch.save(seeded(reference).state_dict(), tmp_path / "model.pth")
        with torch.no_grad():
            wanted = reference.eval()(theirs(images(size)))
        for backend in ("torch", "tensorflow"):
            moved = model.to_backend(backend)
            assert not unifw.load_checkpoint(moved, tmp_path / "model.pth")
            close(moved.eval()(given(images(size), "channels_last").to_backend(backend)), wanted)
