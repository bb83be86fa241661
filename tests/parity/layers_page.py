"""Writes docs/layers.md: for each layer and backend what was tried, whether it agreed, and the largest error seen.

Every variant of the table is run against `torch.nn` in float32, forward and with gradients; the first of each layer is
also compiled, and exported in each format of the backend and read back. A cell that fails shows why.
"""

from __future__ import annotations

import importlib
import sys
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import unifw

from .layer_table import LAYOUTS, ROWS, Row
from .test_layers import given, shown, train_step, twin

BACKENDS = ("torch", "tensorflow")
COLUMNS = ("forward", "gradient", "compile", "export")
PAGE = Path(__file__).parents[2] / "docs" / "layers.md"


class Results:
    """What was seen of one layer on one backend: the largest error of each column, or a failure."""

    def __init__(self) -> None:
        self.errors: dict[str, list[float]] = defaultdict(list)
        self.failures: dict[str, str] = {}

    def note(self, column: str, try_it: Callable[[], list[float]]) -> None:
        """Run a check and keep its errors, or why it failed."""
        try:
            self.errors[column] += try_it()
        except Exception as error:
            self.failures.setdefault(column, f"{type(error).__name__}: {error}".splitlines()[0][:80])

    def cell(self, column: str) -> str:
        """The column's text."""
        if column in self.failures:
            return f"fails: {self.failures[column]}"
        return f"{max(self.errors[column]):.0e}" if self.errors[column] else "-"


def against(found: Any, wanted: Any) -> float:
    """The largest difference, relative to the largest number."""
    return float(np.abs(found - wanted).max(initial=0.0) / max(np.abs(wanted).max(initial=0.0), 1e-3))


def run(row: Row, first: bool, results: Results, torch: Any) -> None:
    """All checks of one row on the active backend."""
    rng, layout = np.random.default_rng(1), LAYOUTS[0]
    module, layer = twin(row, torch, layout, "float32")
    results.note("gradient", lambda: train_step(module, layer, row, layout, "float32", rng, torch)[1:])
    values = row.inputs(rng, "float32")
    inputs = [given(x, row, layout) for x in values]
    wanted = module.eval()(*map(torch.tensor, values)).detach().numpy()
    layer.eval()
    results.note("forward", lambda: [against(shown(layer(*inputs), row, layout), wanted)])
    if first:
        results.note("compile", lambda: [against(shown(unifw.compile(layer)(*inputs), row, layout), wanted)])
        for form in unifw.get_backend().info.formats:
            results.note("export", lambda form=form: [exported(layer, inputs, form, row, wanted)])


def exported(layer: Any, inputs: list[Any], form: str, row: Row, wanted: Any) -> float:
    """The error of the artefact that is read back."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"layer{unifw.get_backend().info.formats[form]}"
        unifw.export(layer, path, inputs=tuple(inputs), format=form)
        return against(shown(unifw.load_artifact(path)(*inputs), row, LAYOUTS[0]), wanted)


def page(results: dict[tuple[str, str], Results], variants: dict[str, int]) -> str:
    """The page, in Markdown."""
    lines = [
        "# Layers",
        "",
        "Written by `make layers`: every variant of `tests/parity/layer_table.py` in float32 against `torch.nn` with",
        "the same weights, and for each layer the largest error seen, relative to the largest number of the result:",
        "of outputs, of the gradients for inputs and parameters, and for its first variant of the compiled layer, and",
        "of what is read back after an export in every format of the backend. A dash says that there is none.",
        "",
        f"| layer | variants | {' | '.join(f'{backend}: {column}' for backend in BACKENDS for column in COLUMNS)} |",
        "|---|---:|" + "---|" * (len(BACKENDS) * len(COLUMNS)),
    ]
    for name, count in variants.items():
        cells = [results[name, backend].cell(column) for backend in BACKENDS for column in COLUMNS]
        lines.append(f"| `{name}` | {count} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the table on both backends and write the page."""
    torch = importlib.import_module("torch")
    results: dict[tuple[str, str], Results] = defaultdict(Results)
    variants: dict[str, int] = defaultdict(int)
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", unifw.errors.CompileWarning)
    wanted = sys.argv[1:]  # names of layers; all without them
    for row in [row for row in ROWS if not wanted or row.name in wanted]:
        variants[row.name] += 1
        for backend in BACKENDS:
            torch.manual_seed(0)
            with unifw.using_backend(backend):
                run(row, variants[row.name] == 1, results[row.name, backend], torch)
    text = page(results, variants)
    print(text) if wanted else PAGE.write_text(text)


if __name__ == "__main__":
    main()
