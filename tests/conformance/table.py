"""The table of docs/array-api.md: on which functions of the standard each backend conforms, taken from a test run.

While the tests run, the public functions are wrapped to note which test calls which of them on which backend. One
conforms where tests called it and all of those passed; the lines of `deviations.txt` that name it qualify that.
"""

from __future__ import annotations

import functools
import re
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import array_api_strict
import pytest

import unifw

NAMESPACES: dict[str, tuple[ModuleType, ModuleType]] = {
    "": (unifw, array_api_strict),
    "linalg.": (unifw.linalg, array_api_strict.linalg),
    "fft.": (unifw.fft, array_api_strict.fft),
}
SHOWN = ("torch", "tensorflow")


def standard_functions() -> list[str]:
    """The names of the standard's functions, as the oracle offers them."""
    names = []
    for prefix, (ours, oracle) in NAMESPACES.items():
        homes = (f"array_api_strict._{prefix[:-1]}",) if prefix else ("array_api_strict",)
        for name in sorted(vars(oracle)):
            value = getattr(oracle, name)
            inside = str(getattr(value, "__module__", "")).startswith(homes) and not isinstance(value, type)
            if inside and callable(value) and not name.startswith("_") and hasattr(ours, name):
                names.append(prefix + name)
    return names


def find(name: str) -> tuple[ModuleType, str]:
    """The namespace of a function and its name there."""
    prefix, _, last = name.rpartition(".")
    return NAMESPACES[prefix + "." if prefix else ""][0], last


class Recorder:
    """A pytest plugin that notes calls and outcomes, and writes the table at the end."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.test = ""
        self.calls: dict[tuple[Any, str], set[str]] = defaultdict(set)
        self.failed: set[str] = set()
        wrapped: dict[Any, Any] = {}
        for name in standard_functions():
            module, last = find(name)
            function = getattr(module, last)
            wrapped.setdefault(function, self._noting(function))
        for module, _ in NAMESPACES.values():  # also under their other names, so that an alias stays one
            for name, value in list(vars(module).items()):
                if callable(value) and value in wrapped:
                    setattr(module, name, wrapped[value])

    def _noting(self, function: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(function)
        def noting(*args: Any, **kwargs: Any) -> Any:
            self.calls[noting, unifw.get_backend().name].add(self.test)
            return function(*args, **kwargs)

        return noting

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Remember which test is running."""
        self.test = item.nodeid

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remember which tests failed."""
        if report.failed:
            self.failed.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        """Write the table."""
        self.path.write_text(self.table())

    def table(self) -> str:
        """The page, in Markdown."""
        names = standard_functions()
        listed = {backend: deviations(backend) for backend in SHOWN}
        rows = [f"| `{name}` | " + " | ".join(self._cell(name, b, listed[b]) for b in SHOWN) + " |" for name in names]
        conform = [sum(self._cell(name, b, listed[b]).startswith("conforms") for name in names) for b in SHOWN]
        head = [
            "# The array API standard, function by function",
            "",
            f"Version {unifw.__array_api_version__}. Written by `make array-api` from a run of `tests/conformance`: a",
            "function conforms where tests called it and all of them passed; a deviation is a line of the backend's",
            "`deviations.txt`.",
            "",
            ", ".join(f"{b}: {n} of {len(names)} conform" for b, n in zip(SHOWN, conform, strict=True)) + ".",
            "",
            f"| function | {' | '.join(SHOWN)} |",
            "|---|" + "---|" * len(SHOWN),
        ]
        rest = ["", "## Every deviation"]
        for backend in SHOWN:
            rest += ["", f"### {backend}", "", *(f"- {line}" for line in listed[backend])]
        return "\n".join([*head, *rows, *rest]) + "\n"

    def _cell(self, name: str, backend: str, listed: list[str]) -> str:
        module, last = find(name)
        tests = self.calls[getattr(module, last), backend]
        if not tests:
            return "not tested"
        if tests & self.failed:
            return "fails"
        reasons = [line for line in listed if re.search(rf"\b{last}\b", line.partition(":")[0])]
        return "conforms" if not reasons else "deviates: " + "; ".join(reasons)


def deviations(backend: str) -> list[str]:
    """The lines of a backend's `deviations.txt`, without its heading."""
    path = Path(unifw.__file__).parent / "backends" / backend / "deviations.txt"
    return [line for line in path.read_text().splitlines() if line and not line.startswith("#")]


def main() -> int:
    """Run the conformance tests on every installed backend and write the table."""
    here = Path(__file__).parent
    return int(pytest.main([str(here), "-q"], plugins=[Recorder(here.parents[1] / "docs" / "array-api.md")]))


if __name__ == "__main__":
    raise SystemExit(main())
