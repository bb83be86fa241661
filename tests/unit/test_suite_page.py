"""The page that the suite of benchmarks writes, from results made up here."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


def result(name: str, workload: str, train: float, infer: float, mebibytes: tuple[int, int]) -> Any:
    from suite.measure import Result

    seconds = {"train": [train, train * 1.1, train], "infer": [infer] * 3}
    memory = dict(zip(seconds, (x * 2**20 for x in mebibytes), strict=True))
    return Result("torch", name, workload, 8, seconds, {"train": 0.5, "infer": 2.0}, memory, dict.fromkeys(memory, 0))


def growths() -> Any:
    from suite.growth import BATCHES, DEPTHS, Growth
    from suite.growth_page import Growths

    imports = {
        "import unifw": [0.16, 0.12, 0.11],
        "import torch": [1.0, 3.0, 2.0],
        "import unifw, torch backend": [1.2, 3.05, 2.2],
    }
    return Growths([Growth("torch", dict.fromkeys(DEPTHS, 1.0), dict.fromkeys(BATCHES, 1.0), 0.5, 1)], imports)


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from suite import report

    results = [
        result("native", "tiny", 0.002, 0.001, (300, 300)),
        result("keras", "tiny", 0.008, 0.004, (450, 450)),
        result("unifw", "tiny", 0.001, 0.0005, (240, 390)),
        result("native", "mlp", 0.002, 0.001, (300, 300)),
        result("keras", "mlp", 0.003, 0.004, (450, 450)),
        result("unifw", "mlp", 0.0022, 0.0011, (240, 390)),
    ]
    for module in (report, report.growth_page):
        monkeypatch.setattr(module, "plot", lambda results, path: None)
    how = {"rounds": 3, "starts": 1, "device": "cpu", "threads": 2}
    report.write(results, tmp_path, how, growths())
    modes = [result(name, "tiny", 0.0005, 0.0005, (390, 390)) for name in ("compiled", "graphs")]
    report.write([*results, *modes], tmp_path, how | {"device": "gpu:0"})
    assert (tmp_path / "performance.json").exists()
    return (tmp_path / "performance.md").read_text()


def test_it_says_which_targets_are_reached(page: str) -> None:
    rows = [line for line in page.splitlines() if "at most" in line or "at least" in line]
    assert "| unifw / native, training step, geometric mean | torch | at most 1.00 | 0.74 | yes |" in rows
    assert "| unifw / native, training step, worst | torch | at most 1.05 | 1.10 | **no** |" in rows
    assert "| keras / unifw, training step, worst | torch | at least 1.00 | 1.36 | yes |" in rows
    assert "| keras / unifw, inference, batch 1, geometric mean | torch | at least 5.00 | 5.39 | yes |" in rows
    assert "| unifw / native, peak memory, training or decoding, worst | torch | at most 1.05 | 0.80 | yes |" in rows
    assert "| seconds of `import unifw` | none | at most 0.15 | 0.12 | yes |" in rows
    beyond = "seconds to the first tensor beyond the framework's import"
    assert f"| {beyond} | torch | at most 0.10 | 0.20 | **no** |" in rows
    assert "| import unifw, torch backend | 2.20 |" in page


def test_it_shows_what_compiling_costs(page: str) -> None:
    assert "| peak memory, with inference, worst | 1.30 | 1.15 |" in page
    assert "| mlp | 300 / 300 | 450 / 450 | 240 / 390 | 0.80 / 1.30 |" in page
    assert "| tiny, infer | 2.00 | 2.00 | 2.00 |" in page


def test_another_device_has_a_page_of_its_own_and_modes_have_columns(page: str, tmp_path: Path) -> None:
    other = (tmp_path / "performance-gpu.md").read_text()
    assert "device gpu:0" in other
    assert "](performance-gpu.svg)" in other
    assert "| unifw | unifw, compiled | unifw, CUDA graphs | unifw / native | keras / unifw |" in other
    assert "Compiled steps are TorchInductor's" in other
    assert "aimed at" in page
    assert "aimed at" not in other  # what is aimed at is for two cores
    assert "TorchInductor" not in page


def test_a_gpu_computes_exactly_while_results_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    from suite import measure, worker

    seen: list[Any] = []

    class Contestant:
        def parameters(self) -> int:
            return 7

        def result(self) -> list[float]:
            seen.append("run")
            return [1.0]

    answer = worker._checked(Contestant(), seen.append)
    assert (answer, seen) == ({"parameters": 7, "result": [1.0]}, [True, "run", False])
    assert measure.environment("torch")["CUDA_VISIBLE_DEVICES"] == "-1"
    assert measure.environment("torch", "gpu:0").get("CUDA_VISIBLE_DEVICES") != "-1"
