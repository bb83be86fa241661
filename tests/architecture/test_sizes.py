"""Files of one concept and functions that a reader can hold in mind: a report, and limits."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from pathlib import Path

import unifw

ROOT = Path(__file__).parents[2] / "unifw"
MOST_FILE_LINES = 400
MOST_FUNCTION_LINES = 40
SOURCES = sorted(ROOT.rglob("*.py"))


def functions(path: Path) -> Iterator[tuple[str, int]]:
    """Each function of a file with the lines of its body, docstring and signature not counted."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            body = node.body[1:] if ast.get_docstring(node) else node.body
            lines = (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0
            yield f"{path.relative_to(ROOT)}:{node.name}", lines


def test_files_and_functions_stay_small() -> None:
    files = sorted(
        ((len(path.read_text().splitlines()), str(path.relative_to(ROOT))) for path in SOURCES), reverse=True
    )
    bodies = sorted(((lines, name) for path in SOURCES for name, lines in functions(path)), reverse=True)
    print(f"\n{len(files)} files, {sum(lines for lines, _ in files)} lines; {len(bodies)} functions")
    for title, rows in (("longest files", files), ("longest functions", bodies)):
        print(f"{title}: " + ", ".join(f"{name} {lines}" for lines, name in rows[:8]))
    assert files[0][0] <= MOST_FILE_LINES
    assert bodies[0][0] <= MOST_FUNCTION_LINES
    median = sorted(lines for lines, _ in bodies)[len(bodies) // 2]
    assert median <= 6, "most functions are a few lines"


PUBLIC = (
    unifw,
    unifw.nn,
    unifw.nn.functional,
    unifw.nn.parametrize,
    unifw.nn.parametrizations,
    unifw.optim,
    unifw.optim.schedules,
    unifw.data,
    unifw.linalg,
    unifw.fft,
    unifw.models,
)
WITHOUT_CALL = {
    "Artifact",
    "CheckpointReport",
    "ExportReport",
    "LoadReport",
    "HookHandle",
    "Optimizer",
    "DType",
}  # what other calls return, or bases


def test_every_public_function_and_class_has_a_docstring_with_an_example() -> None:
    bare = []
    for module in PUBLIC:
        for name, value in ((name, getattr(module, name)) for name in dir(module)):
            home = "unifw" if hasattr(module, "__path__") else module.__name__  # a package offers what it imports
            own = callable(value) and str(getattr(value, "__module__", "")).startswith(home)
            if (
                own
                and not name.startswith("_")
                and name not in WITHOUT_CALL
                and not (inspect.isclass(value) and issubclass(value, Exception))
            ):
                bare += [] if ">>>" in (value.__doc__ or "") else [f"{module.__name__}.{name}"]
    classes = [value for module in PUBLIC for value in vars(module).values() if inspect.isclass(value)]
    bare += [cls.__name__ for cls in classes if cls.__module__.startswith("unifw") and not cls.__doc__]
    assert not bare, bare
