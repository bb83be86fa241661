"""The README's own snippets, run from the first to the last in one namespace, as a reader would."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from unifw import registry
from unifw.train import decisions, tuner
from unifw.train.tuning import time_each

README = Path(__file__).parents[2] / "README.md"


def snippets() -> list[str]:
    return re.findall(r"```python\n(.*?)```", README.read_text(), flags=re.DOTALL)


@pytest.mark.usefixtures("backend")
def test_the_snippets_run_and_print_what_they_say(
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(decisions, "cache_file", lambda: tmp_path_factory.mktemp("cache") / "tuning.json")
    monkeypatch.setattr(tuner, "time_each", lambda names, make, budget: time_each(names[:2], make, budget))
    monkeypatch.setattr(registry, "_default", None)  # which a snippet sets
    namespace: dict[str, Any] = {}
    for source in snippets():
        exec(compile(source, str(README), "exec"), namespace)
    shown = capsys.readouterr().out
    for words in (
        "(32, 10)\n",
        "Total parameters",
        " (10, 128)\n",
        "[[6.0, 0.0, 0.0], [0.0, 12.0, 0.0], [0.0, 0.0, 18.0]]\n12.0 (4, 3)\n",
        "(3, 4) (5, 4)\n1\n",
        "7 loaded",
        "(2, 10)\n",
        "the best",
    ):
        assert words in shown
    assert abs(namespace["ours"].numpy() - namespace["theirs"].numpy()).max() < 1e-5
    assert namespace["report"].max_difference < 1e-5
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "model.pt", "model.pt2", "model.safetensors", "saved_model", "trained.pth",
    ]  # fmt: skip


def test_every_file_that_the_readme_names_is_there() -> None:
    root = README.parent
    for name in re.findall(r"`((?:tests|docs|benchmarks|examples)/[\w./]*)`", README.read_text()):
        assert (root / name).exists(), name
    for name in re.findall(r"\]\((\w[\w./]*\.md)\)", README.read_text()):
        assert (root / name).exists(), name
