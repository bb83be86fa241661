"""Whole models: unifw's forward pass and training step beside the same model written natively.

    python benchmarks/models.py              # every installed backend
    python benchmarks/models.py tensorflow   # one

On torch the native one is torchvision's model with a loop over `torch.optim`, in both of torch's memory formats; on
TensorFlow it is written by hand of `tf.nn` functions and variables in TensorFlow's own layout, in a `tf.function`.
Each pair runs in alternation, on one thread, with the same weights; a row is the median of the rounds.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np
from timing import Row, compare, main

import unifw
from unifw import models, nn

BATCH, SIZE, CLASSES, STEPS, ROUNDS = 8, 64, 10, 2, 9
RATE, MOMENTUM = 0.01, 0.9
VIT: dict[str, Any] = {
    "image_size": SIZE,
    "patch_size": 8,
    "num_layers": 6,
    "num_heads": 6,
    "hidden_dim": 384,
    "mlp_dim": 1536,
}


def data() -> tuple[np.ndarray, np.ndarray]:
    """One batch of images, channels last, and their labels."""
    rng = np.random.default_rng(0)
    return rng.normal(size=(BATCH, SIZE, SIZE, 3)).astype(np.float32), rng.integers(0, CLASSES, BATCH)


def fitting(model: nn.Module) -> Callable[[], Any]:
    """A few steps of the Trainer."""
    optimizer = unifw.optim.SGD(model, lr=RATE, momentum=MOMENTUM)
    trainer = unifw.Trainer(model, optimizer, nn.functional.cross_entropy, progress=False)
    with unifw.using_backend(model.backend):
        batches = [tuple(unifw.asarray(x) for x in data())] * STEPS
    return lambda: trainer.fit(batches)


def torch_rows() -> Iterator[Row]:
    """Against torchvision."""
    import torch

    torch.set_num_threads(1)
    for name, (build, reference) in torch_pairs().items():
        for layout in (torch.contiguous_format, torch.channels_last):
            theirs = reference().to(memory_format=layout).eval()
            with unifw.using_backend("torch"):
                ours = build().eval()
            ours.load_state_dict(theirs.state_dict())
            x = unifw.asarray(data()[0]).to_backend("torch")
            batch = x.native.permute(0, 3, 1, 2).contiguous(memory_format=layout)
            label = str(layout).removeprefix("torch.").removesuffix("_format")
            with torch.inference_mode():
                yield compare(f"{name}, forward / {label}", partial(theirs, batch), partial(ours, x), ROUNDS)
            steps = torch_steps(theirs.train(), batch)
            yield compare(f"{name}, {STEPS} steps / {label}", steps, fitting(ours.train()), ROUNDS)


def torch_pairs() -> dict[str, tuple[Callable[[], nn.Module], Callable[[], Any]]]:
    """Each model of unifw, and of torchvision."""
    tv = torchvision()
    return {
        "ResNet-18": (lambda: models.resnet18(CLASSES), lambda: tv.resnet18(num_classes=CLASSES)),
        "ViT": (
            lambda: models.VisionTransformer(**VIT, num_classes=CLASSES),
            lambda: tv.VisionTransformer(**VIT, num_classes=CLASSES),
        ),
    }


def torchvision() -> Any:
    """Its models; where its compiled operators do not fit the torch build, the two that it needs to be declared are."""
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for name in ("nms", "qnms"):
        if not hasattr(torch.ops.torchvision, name):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
    return import_module("torchvision.models")


def torch_steps(model: Any, batch: Any) -> Callable[[], Any]:
    """The usual loop."""
    import torch

    labels = torch.from_numpy(data()[1])
    optimizer = torch.optim.SGD(model.parameters(), lr=RATE, momentum=MOMENTUM)

    def steps() -> None:
        for _ in range(STEPS):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(batch), labels).backward()
            optimizer.step()

    return steps


def tensorflow_rows() -> Iterator[Row]:
    """Against a model written by hand."""
    import tensorflow as tf
    from by_hand import ResNet18

    tf.config.threading.set_intra_op_parallelism_threads(1)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    with unifw.using_backend("tensorflow") as backend:
        ours = models.resnet18(CLASSES)
        images, labels = (unifw.asarray(x) for x in data())
    x, y = images.native, labels.native
    theirs = ResNet18({name: value.numpy() for name, value in ours.state_dict().items()})
    ours.eval()
    graph = tf.function(lambda x: ours(backend.Tensor(x)).native, autograph=False)
    hand = tf.function(lambda x: theirs(x, False), autograph=False)
    np.testing.assert_allclose(graph(x), hand(x), rtol=1e-3, atol=1e-4)
    yield compare("ResNet-18, forward, eager / by hand", lambda: theirs(x, False), lambda: ours(images), ROUNDS)
    yield compare("ResNet-18, forward, graph / by hand", lambda: hand(x), lambda: graph(x), ROUNDS)
    step = tf.function(theirs.step, autograph=False)

    def steps() -> None:
        for _ in range(STEPS):
            step(x, y, RATE, MOMENTUM)

    yield compare(f"ResNet-18, {STEPS} steps / by hand", steps, fitting(ours.train()), ROUNDS)


ROWS = {"torch": torch_rows, "tensorflow": tensorflow_rows}

TITLE = "Speed of whole models"
WORDS = f"""
Milliseconds, written by `make bench-models`: images of {SIZE} x {SIZE}, batch {BATCH}, float32, one
thread. A row is the median of alternating rounds; the ratio is unifw / native: below 1, unifw is faster.
"""

if __name__ == "__main__":
    main(ROWS, __doc__, TITLE, WORDS, unit="ms")
