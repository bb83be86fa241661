"""Handwritten digits: train on one backend, hold the twin on the other, export to every format, verify each.

    UNIFW_BACKEND=torch python examples/digits.py
    UNIFW_BACKEND=tensorflow python examples/digits.py

The images come with scikit-learn; nothing is downloaded.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits

import unifw
from unifw import nn
from unifw.data import ArrayDataset, DataLoader, random_split


def build_model() -> nn.Module:
    """A small CNN for images (N, 8, 8, 1) of ten digits."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding="same"),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding="same"),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Dropout(0.25),
        nn.Linear(4 * 4 * 32, 10),
    )


def load_data() -> tuple[ArrayDataset, ArrayDataset]:
    """Three quarters of the 1797 digits to train on, one quarter held out."""
    digits = load_digits()
    images = (digits.images / 16).astype(np.float32)[..., None]
    training, held_out = random_split(ArrayDataset(images, digits.target), [0.75, 0.25], seed=0)
    return training, held_out


def train(model: nn.Module, training: ArrayDataset, held_out: ArrayDataset, epochs: int) -> float:
    """Train and return the accuracy on the held-out quarter."""
    batches = DataLoader(training, batch_size=64, shuffle=True, drop_last=True)
    optimizer = unifw.optim.AdamW(model, lr=unifw.optim.schedules.cosine(4e-3, steps=epochs * len(batches)))
    trainer = unifw.Trainer(model, optimizer, nn.functional.cross_entropy, metrics={"accuracy": unifw.train.accuracy})
    history = trainer.fit(batches, epochs=epochs, validation=DataLoader(held_out, batch_size=256))
    return history[-1]["val_accuracy"]


def show_twin(model: nn.Module, weights: Path, images: unifw.Tensor) -> float:
    """Load the saved weights into the model on the other backend; the largest difference of the logits."""
    other = next(name for name, there in unifw.backends().items() if there and name != model.backend.name)
    with unifw.using_backend(other):
        twin = build_model().eval()
        twin.load_state_dict(unifw.load(weights))
    difference = float(np.abs(model.eval()(images).numpy() - twin(images.to_backend(other)).numpy()).max())
    print(f"twin on {other}: largest difference of the logits {difference:.2e}")
    return difference


def export_all(model: nn.Module, folder: Path, images: unifw.Tensor) -> None:
    """Export to each format and print how far the artefact is from the live model."""
    for format, name in {"torchscript": "digits.pt", "pt2": "digits.pt2", "saved_model": "digits_saved_model"}.items():
        report = unifw.export(model, folder / name, format=format, inputs=images[:4])
        print(f"{format}: {report.path.name}, differs by {report.max_difference:.2e}, batches {report.batch_sizes}")


def main() -> None:
    """Run the whole path and fail loudly if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--out", type=Path, help="a folder for the weights and the exports; a temporary one by default")
    arguments = parser.parse_args()
    started = time.perf_counter()

    unifw.seed(0)
    training, held_out = load_data()
    model = build_model()
    print(f"backend {model.backend.name}; {len(training)} images to train on, {len(held_out)} held out")
    accuracy = train(model, training, held_out, arguments.epochs)
    print(f"accuracy on the held-out quarter: {accuracy:.4f}")

    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        unifw.save(model, folder / "digits.safetensors")
        images = unifw.asarray(held_out[:256][0])
        difference = show_twin(model, folder / "digits.safetensors", images)
        export_all(model, folder, images)
    print(f"{time.perf_counter() - started:.1f} s in all")
    if accuracy < 0.97 or difference > 1e-4:
        raise SystemExit("digits: expected an accuracy of at least 0.97 and a twin within 1e-4")


if __name__ == "__main__":
    main()
