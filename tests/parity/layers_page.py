"""Writes docs/layers.md: for each layer and backend what was tried, whether it agreed, and the largest error seen.

    python -m tests.parity.layers_page             # what is not in the cache, on both backends at once; then the page
    python -m tests.parity.layers_page GELU GRU    # these anew; then the page

Every variant of `layer_table` is run against `torch.nn` in float32, forward and with gradients; the first of each layer
is also compiled, and exported in each format of the backend and read back; so is every one of `case_table`. A cell that
fails shows why. Each layer is kept in a cache when it is done, so that a run that was stopped goes on; remove the
folder to begin anew.
"""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import tempfile
import warnings
from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

import unifw

from .case_table import CASES
from .layer_table import LAYOUTS, ROWS, Row
from .test_layer_cases import Twins
from .test_layers import given, shown, train_step, twin

BACKENDS = ("torch", "tensorflow")
COLUMNS = ("forward", "gradient", "compile", "export")
PAGE = Path(__file__).parents[2] / "docs" / "layers.md"
CACHE = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "unifw-layers-page"

VARIANTS = Counter(x.name for x in (*ROWS, *CASES))
"""How many there are of each layer."""

# Inductor takes seconds for each graph; the other layers of this backend run the graph as it was captured.
BY_INDUCTOR = (
    "Linear", "Conv2d", "MaxPool2d", "BatchNorm2d", "LayerNorm", "GELU", "Embedding", "Softmax", "LSTMCell",
    "TransformerEncoderLayer",
)  # fmt: skip


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


def run_layer(name: str, backend: str, torch: Any) -> dict[str, str]:
    """The cells of one layer on one backend."""
    results = Results()
    with unifw.using_backend(backend):
        for number, row in enumerate(row for row in ROWS if row.name == name):
            torch.manual_seed(0)
            run(row, number == 0, results, torch)
        for case in (case for case in CASES if case.name == name):
            torch.manual_seed(0)
            for column, checks in Twins(case, torch).checks().items():
                for check in checks:
                    results.note(column, check)
    return {column: results.cell(column) for column in COLUMNS}


def run_backend(backend: str) -> None:
    """Every layer that the cache lacks, each written when it is done."""
    torch = importlib.import_module("torch")
    torch.set_num_threads(1)
    tracing = importlib.import_module("unifw.backends.torch.tracing")
    inductor = tracing.compile_graph
    warnings.simplefilter("ignore")
    warnings.simplefilter("error", unifw.errors.CompileWarning)
    for name in VARIANTS:
        if not kept(name, backend).exists():
            tracing.compile_graph = inductor if name in BY_INDUCTOR else lambda module, *_: module.forward
            kept(name, backend).write_text(json.dumps(run_layer(name, backend, torch)))


def kept(name: str, backend: str) -> Path:
    """Where the cells of a layer are kept."""
    return CACHE / f"{name}.{backend}.json"


def page() -> str:
    """The page, in Markdown, of what is kept."""
    lines = [
        "# Layers",
        "",
        "Written by `make layers`: every variant of `tests/parity/layer_table.py` and `case_table.py` in float32",
        "against `torch.nn` with the same weights, or against the formula of a layer that it has not; and for each",
        "layer the largest error seen, relative to the largest number of the result: of outputs, of the gradients for",
        "inputs and parameters, of the compiled layer, and of what is read back after an export in every format of the",
        "backend. Of `layer_table.py` the first variant of each layer is compiled and exported; of `case_table.py`,",
        "which has states, masks and several outputs, every one. A dash says that there is none.",
        "",
        "On PyTorch, Inductor compiled the layers with a `*`; of the others the captured graph, which is what Inductor",
        "would get, was run as it is.",
        "",
        f"| layer | variants | {' | '.join(f'{backend}: {column}' for backend in BACKENDS for column in COLUMNS)} |",
        "|---|---:|" + "---|" * (len(BACKENDS) * len(COLUMNS)),
    ]
    for name, count in VARIANTS.items():
        found = [json.loads(kept(name, backend).read_text()) for backend in BACKENDS]
        found[0]["compile"] += " *" if name in BY_INDUCTOR else ""
        cells = [cells[column] for cells in found for column in COLUMNS]
        lines.append(f"| `{name}` | {count} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run what is missing, a process for each backend, and write the page."""
    CACHE.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:]:
        for backend in BACKENDS:
            kept(name, backend).unlink(missing_ok=True)
    code = f"from {__spec__.name} import run_backend; import sys; run_backend(sys.argv[1])"
    runs = [subprocess.Popen([sys.executable, "-c", code, backend]) for backend in BACKENDS]
    codes = [process.wait() for process in runs]
    if any(codes):
        raise SystemExit("A run failed; the page is as it was.")
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
