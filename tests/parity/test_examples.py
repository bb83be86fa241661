"""The examples that need both frameworks, run as a reader would."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_from_a_pytorch_checkpoint_to_tensorflow_serving(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It fails by itself if the logits differ or the accuracy is too low."""
    monkeypatch.setattr(sys, "argv", ["checkpoint.py", "--epochs", "3", "--out", str(tmp_path)])
    runpy.run_path(str(EXAMPLES / "checkpoint.py"), run_name="__main__")
    assert "16 loaded, prefix 'module.' taken off" in capsys.readouterr().out
    assert (tmp_path / "served" / "1" / "saved_model.pb").exists()
