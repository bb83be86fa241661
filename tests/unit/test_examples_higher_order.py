"""examples/higher_order.py solves its equation."""

from __future__ import annotations

import runpy
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "higher_order.py"


def test_the_network_solves_the_poisson_problem(backend: str, capsys: pytest.CaptureFixture[str]) -> None:
    runpy.run_path(str(EXAMPLE), run_name="__main__")
    assert capsys.readouterr().out.startswith(f"{backend}: largest error ")
