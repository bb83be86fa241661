"""How unifw grows: time per step over depth and batch, memory over many steps, and what an import costs."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from suite.measure import environment

DEPTHS = (1, 2, 4, 8, 16, 32, 64)
BATCHES = (1, 4, 16, 64, 256)
WIDTH = 64
STEPS = 500


@dataclass(frozen=True)
class Growth:
    """Milliseconds per step by depth (batch 16) and by batch (depth 8), MiB that many steps add to the process, and
    how often a compiled step is traced in them.
    """

    framework: str
    by_depth: dict[int, float]
    by_batch: dict[int, float]
    added_mebibytes: float
    traces: int


def growth(framework: str) -> Growth:
    """Measured in a process of its own."""
    command = [sys.executable, "-m", "suite.growth"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment(framework))
    found = json.loads(done.stdout.splitlines()[-1])
    by_depth, by_batch = ({int(k): v for k, v in found[name].items()} for name in ("by_depth", "by_batch"))
    return Growth(framework, by_depth, by_batch, found["added_mebibytes"], found["traces"])


def _trainer(depth: int, **options: Any) -> Any:
    import unifw
    from unifw import nn

    model = nn.Sequential(*(layer for _ in range(depth) for layer in (nn.Linear(WIDTH, WIDTH), nn.ReLU())))
    return unifw.Trainer(model, unifw.optim.AdamW(model), nn.functional.cross_entropy, progress=False, **options)


def _batch(rows: int) -> tuple[Any, Any]:
    import unifw

    rng = np.random.default_rng(0)
    return unifw.asarray(rng.normal(size=(rows, WIDTH)).astype(np.float32)), unifw.asarray(rng.integers(0, WIDTH, rows))


def _milliseconds(trainer: Any, batch: Any, steps: int = 40, blocks: int = 7) -> float:
    """The fastest of several blocks: what else the machine does only adds."""
    trainer.fit([batch] * 5)
    times = []
    for _ in range(blocks):
        start = perf_counter()
        trainer.fit([batch] * steps)
        times.append((perf_counter() - start) / steps * 1e3)
    return min(times)


def _added_mebibytes() -> float:
    trainer, batch = _trainer(8), _batch(16)
    trainer.fit([batch] * 100)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    trainer.fit([batch] * STEPS)
    return (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024


def _traces() -> int:
    """How often Python runs the model's forward in many compiled steps."""
    trainer, batch, runs = _trainer(8, compile=True), _batch(16), []
    forward = trainer.model.forward

    def counted(x: Any) -> Any:
        runs.append(1)
        return forward(x)

    object.__setattr__(trainer.model, "forward", counted)
    trainer.fit([batch] * STEPS)
    return len(runs)


def _measure() -> dict[str, Any]:
    return {
        "added_mebibytes": _added_mebibytes(),
        "by_depth": {depth: _milliseconds(_trainer(depth), _batch(16)) for depth in DEPTHS},
        "by_batch": {rows: _milliseconds(_trainer(8), _batch(rows)) for rows in BATCHES},
        "traces": _traces(),
    }


# ---- imports

_IMPORTS = {
    "python -c pass": "pass",
    "import numpy": "import numpy",
    "import unifw": "import unifw",
    "import torch": "import torch",
    "import unifw, torch backend": "import unifw; unifw.set_backend('torch'); unifw.zeros(1)",
    "import tensorflow": "import tensorflow",
    "import unifw, tensorflow backend": "import unifw; unifw.set_backend('tensorflow'); unifw.zeros(1)",
}


def _installed(name: str) -> bool:
    return all(find_spec(framework) for framework in ("torch", "tensorflow") if framework in name)


def import_seconds(rounds: int = 7) -> dict[str, list[float]]:
    """Each round's time of a fresh interpreter that imports what the name says, in turns."""
    times: dict[str, list[float]] = {name: [] for name in _IMPORTS if _installed(name)}
    for _ in range(rounds):
        for name in times:
            start = perf_counter()
            subprocess.run(
                [sys.executable, "-c", _IMPORTS[name]], check=True, capture_output=True, cwd=Path(__file__).parents[2]
            )
            times[name].append(perf_counter() - start)
    return times


if __name__ == "__main__":
    print(json.dumps(_measure()))
