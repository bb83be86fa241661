"""An operation of one's own in C++, on both frameworks: eager, differentiated twice, compiled, exported, read back.

python examples/custom_op/run.py    # builds two small libraries first, once
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from swish import LIBRARIES, Swish, swish

import unifw
from unifw import nn

FORMATS = {"torch": {"pt2": "model.pt2", "torchscript": "model.pt"}, "tensorflow": {"saved_model": "model"}}


def reference(x: Any) -> Any:
    """The function by NumPy in double precision."""
    return x / (1 + np.exp(-x))


def show(backend: str) -> None:
    """Each way to run the operation, against NumPy and finite differences."""
    unifw.seed(0)
    values = np.linspace(-4, 4, 9)
    x = unifw.asarray(values)

    def total(x: unifw.Tensor) -> unifw.Tensor:
        return unifw.sum(swish(x))

    step = 1e-4
    slope = (reference(values + step) - reference(values - step)) / (2 * step)
    curve = (reference(values + step) - 2 * reference(values) + reference(values - step)) / step**2
    gradient = unifw.grad(total)
    second = unifw.grad(lambda x: unifw.sum(gradient(x)))
    model = nn.Sequential(nn.Linear(3, 4), Swish(), nn.Linear(4, 1))
    batch = unifw.asarray(np.random.default_rng(0).normal(size=(5, 3)), dtype=unifw.float32)
    errors = {
        "eager": np.abs(swish(x).numpy() - reference(values)).max(),
        "gradient": np.abs(gradient(x).numpy() - slope).max(),
        "second gradient": np.abs(second(x).numpy() - curve).max(),
        "compiled": np.abs(unifw.compile(model)(batch).numpy() - model(batch).numpy()).max(),
    }
    with tempfile.TemporaryDirectory() as folder:
        for format, name in FORMATS[backend].items():
            report = unifw.export(model, Path(folder) / name, format=format, inputs=batch)
            errors[f"exported as {format}"] = report.max_difference
    print(f"{backend}: largest difference from the reference")
    for name, error in errors.items():
        print(f"  {name:26}{error:.1e}")


def main() -> None:
    """Show every backend that is installed."""
    for backend in LIBRARIES:
        with unifw.using_backend(backend):
            show(backend)


if __name__ == "__main__":
    main()
