"""From a PyTorch checkpoint to TensorFlow Serving: train with plain torch, load the file on TensorFlow, export, serve.

    python examples/checkpoint.py

No graph is converted. The file holds what training scripts write: nested, half of it about the optimiser, and with the
prefix that DataParallel puts before each name. The images come with scikit-learn; nothing is downloaded.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
import torch
from sklearn.datasets import load_digits

import unifw


def network(nn: Any) -> Any:
    """The model, of the layers of `torch.nn` or of `unifw.nn`: their names and arguments are the same."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1),
        nn.BatchNorm2d(16),
        nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.BatchNorm2d(32),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Flatten(),
        nn.Linear(4 * 4 * 32, 10),
    )


def train_with_torch(images: np.ndarray, labels: np.ndarray, epochs: int, path: Path) -> torch.nn.Module:
    """Plain PyTorch, with channels second, and a checkpoint as training scripts write it."""
    torch.manual_seed(0)
    model = network(torch.nn)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    x, y = torch.from_numpy(images).permute(0, 3, 1, 2), torch.from_numpy(labels)
    for _ in range(epochs):
        for batch in torch.randperm(len(x)).split(64):
            optimizer.zero_grad()
            torch.nn.functional.cross_entropy(model(x[batch]), y[batch]).backward()
            optimizer.step()
    state = {f"module.{name}": tensor for name, tensor in model.state_dict().items()}
    torch.save({"epoch": epochs, "state_dict": state, "optimizer": optimizer.state_dict()}, path)
    return model.eval()


def load_on_tensorflow(path: Path) -> Any:
    """The same model with its parameters in TensorFlow variables, and the report of what was loaded."""
    with unifw.using_backend("tensorflow"):
        model = network(unifw.nn).eval()
    print(f"{path.name}:\n{unifw.load_checkpoint(model, path)}")
    return model


def serve(folder: Path, images: np.ndarray) -> np.ndarray:
    """The logits as TensorFlow Serving computes them: by the signature in the file, without unifw."""
    signature = tf.saved_model.load(str(folder)).signatures["serving_default"]
    result: np.ndarray = signature(x=tf.constant(images))["output"].numpy()
    return result


def main() -> None:
    """Run the whole path and fail loudly if a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--out", type=Path, help="a folder for the checkpoint and the SavedModel; else a temporary one")
    arguments = parser.parse_args()
    digits = load_digits()
    images, labels = (digits.images / 16).astype(np.float32)[..., None], digits.target.astype(np.int64)
    held_out = images[1400:]

    with tempfile.TemporaryDirectory() as temporary:
        folder = arguments.out or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        reference = train_with_torch(images[:1400], labels[:1400], arguments.epochs, folder / "digits.pth")
        with torch.no_grad():
            expected = reference(torch.from_numpy(held_out).permute(0, 3, 1, 2)).numpy()
        model = load_on_tensorflow(folder / "digits.pth")
        live = model(unifw.asarray(held_out).to_backend("tensorflow")).numpy()
        (folder / "served").mkdir(exist_ok=True)
        unifw.export(model, folder / "served" / "1", format="saved_model", inputs=held_out[:2])
        served = serve(folder / "served" / "1", held_out)

    accuracy = float((served.argmax(1) == labels[1400:]).mean())
    differences = [float(np.abs(logits - expected).max()) for logits in (live, served)]
    print(f"accuracy of what is served: {accuracy:.4f} on {len(served)} images held out")
    print(f"largest difference from PyTorch's logits: live {differences[0]:.2e}, served {differences[1]:.2e}")
    if accuracy < 0.9 or max(differences) > 1e-4:
        raise SystemExit("checkpoint: expected an accuracy of at least 0.9 and logits within 1e-4")


if __name__ == "__main__":
    main()
