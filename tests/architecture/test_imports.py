"""Imports go down only, framework names stay in `backends/`, and importing unifw imports no framework."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "unifw"
FRAMEWORKS = {"torch", "tensorflow", "tf"}

# From the bottom to the top; a module may import modules of its own layer and of those below it.
LAYERS = [
    {"errors", "tree", "dtypes", "keys", "changes", "eagerly", "names"},
    {"spec"},
    {"registry", "devices", "shortcuts", "streams"},
    {"operators"},
    {"tensor"},
    {"conversion"},
    {"variable", "array"},
    {"autodiff", "control", "tracing", "random", "custom"},
    {"nn", "optim", "data"},
    {"train", "io", "models", "debugging"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
BACKEND_MAY_IMPORT = LAYERS[0] | LAYERS[1] | {"tensor", "variable"}
SOURCES = sorted(ROOT.rglob("*.py"))
CORE = [path for path in SOURCES if "backends" not in path.relative_to(ROOT).parts]


def part_of(path: Path) -> str:
    """The top-level part of unifw that a file belongs to: "tensor", "nn", "backends.torch", ..."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:2]) if parts[0] == "backends" and len(parts) > 2 else parts[0]


def imports(path: Path) -> set[str]:
    """The dotted names that a file imports, wherever in it; those under TYPE_CHECKING cost nothing and do not count."""
    tree = ast.parse(path.read_text())
    typing_only = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    found: set[str] = set()
    for node in ast.walk(tree):
        if id(node) in typing_only:
            continue
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_imports_go_down_only(path: Path) -> None:
    own = part_of(path)
    if own in ("__init__", "backends"):
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] != "unifw" or len(parts) == 1:
            continue
        if parts[1] == "backends":
            assert own == "registry", f"{path.name} imports {name}; only the registry knows the backends"
            continue
        assert LEVEL[parts[1]] <= LEVEL[own], f"{path.name} ({own}) imports {name}, which is above it"


@pytest.mark.parametrize("path", sorted(set(SOURCES) - set(CORE)), ids=lambda path: str(path.relative_to(ROOT)))
def test_backends_import_the_bottom_and_their_siblings(path: Path) -> None:
    own = part_of(path)
    other = FRAMEWORKS - {own.rpartition(".")[2]} - ({"tf"} if own.endswith("tensorflow") else set())
    for name in imports(path):
        parts = name.split(".")
        assert parts[0] not in other, f"{path} imports {name}"
        if parts[0] != "unifw":
            continue
        allowed = parts[1] in BACKEND_MAY_IMPORT or name == f"unifw.{parts[1]}" or name.startswith(f"unifw.{own}")
        allowed = allowed or name in {f"unifw.{bottom}" for bottom in BACKEND_MAY_IMPORT}
        assert allowed, f"{path} imports {name}"


def code_without_docstrings(path: Path) -> ast.Module:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            statements = [s for s in body if not (isinstance(s, ast.Expr) and isinstance(s.value, ast.Constant))]
            node.body = statements or [ast.Pass()]  # type: ignore[attr-defined]
    return tree


@pytest.mark.parametrize("path", CORE, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_framework_name_in_code_outside_backends(path: Path) -> None:
    for node in ast.walk(code_without_docstrings(path)):
        names = [getattr(node, "id", None), getattr(node, "attr", None), getattr(node, "arg", None)]
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            names += [part for alias in node.names for part in alias.name.split(".")]
            names += (getattr(node, "module", None) or "").split(".")
        assert not FRAMEWORKS & set(names), f"{path.name}:{node.lineno}"  # type: ignore[attr-defined]
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert node.value not in FRAMEWORKS, f"{path.name}:{node.lineno}"


def modules_after(code: str, **environment: str) -> set[str]:
    """The top-level modules that a fresh interpreter has imported after running `code`."""
    program = f"{code}\nimport sys; print(*sorted({{name.partition('.')[0] for name in sys.modules}}))"
    variables = {"PATH": "/usr/bin:/bin", "TF_CPP_MIN_LOG_LEVEL": "3", **environment}
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, env=variables)
    return set(done.stdout.split())


def test_importing_unifw_imports_no_framework() -> None:
    loaded = modules_after("import unifw; unifw.backends(); dir(unifw.nn)")
    assert not FRAMEWORKS & loaded
    assert not {"rich", "safetensors", "keras"} & loaded, "extras are imported when they are used"


def imported_by(code: str, before: str) -> set[str]:
    """The modules that a fresh interpreter imports for `code`, beyond those that it imports for `before`."""
    program = f"{before}\nimport sys; seen = set(sys.modules)\n{code}\nprint(*sorted(set(sys.modules) - seen))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_importing_unifw_is_quick() -> None:
    """By the number of modules, as a clock would tell what else the machine does."""
    new = imported_by("import unifw", before="import numpy, numpy.random, dataclasses")
    others = {name for name in new if name.partition(".")[0] != "unifw"}
    assert len(others) < 20, sorted(others)
    assert len(new) < 300
    assert not {"statistics", "tempfile", "difflib", "email", "importlib.metadata"} & others


@pytest.mark.parametrize("name", ["torch", "tensorflow"])
def test_loading_a_backend_is_quick_once_its_framework_is_there(name: str) -> None:
    """Tracers and compilers, which take seconds and tens of MiB, are imported when something is traced."""
    new = imported_by(f"import unifw; unifw.set_backend({name!r}); unifw.zeros(2)", before=f"import {name}")
    others = {module for module in new if module.partition(".")[0] != "unifw"}
    assert len(others) < 40, sorted(others)
    assert not {"sympy", "torch._dynamo", "torch._inductor", "keras"} & others


def test_models_and_layers_are_imported_when_they_are_used() -> None:
    program = (
        "import sys, unifw; assert not {'unifw.models', 'unifw.nn', 'unifw.train', 'numpy.random'} & {*sys.modules}; "
        "assert {'models', 'nn', 'Trainer', 'compile'} <= {*dir(unifw)}; "
    )
    uses = (
        "unifw.models.MLP",
        "from unifw import models; models.MLP",
        "import unifw.models",
        "unifw.nn.Linear",
        "from unifw import Trainer, compile, nn; assert unifw.compile is compile",
        "unifw.save, unifw.load",
        "from unifw import *; assert Trainer and io.save is save and nn.Linear and optim and data and train",
    )
    for use in uses:
        subprocess.run([sys.executable, "-c", program + use], check=True)
    import unifw

    with pytest.raises(AttributeError, match="module 'unifw' has no attribute 'modles'"):
        getattr(unifw, "modles")  # noqa: B009  # mypy would see it
    with pytest.raises(AttributeError, match=r"no attribute 'randn'\. Write unifw\.random\.uniform"):
        getattr(unifw, "randn")  # noqa: B009


USE = """
import unifw
model = unifw.nn.Sequential(unifw.nn.Linear(3, 2), unifw.nn.ReLU())
loss = lambda model, x: unifw.mean(model(x))
value, gradients = unifw.value_and_grad(loss)(model, unifw.ones((4, 3)))
unifw.optim.SGD(model, lr=0.1).step(gradients)
"""


def test_using_a_backend_never_imports_the_other(backend: str) -> None:
    other = ({"torch", "tensorflow"} - {backend}).pop()
    loaded = modules_after(USE, UNIFW_BACKEND=backend)
    assert backend in loaded
    assert other not in loaded


def test_backend_folders_have_the_same_files() -> None:
    folders = [folder for folder in (ROOT / "backends").iterdir() if (folder / "__init__.py").exists()]
    names = [{str(path.relative_to(f)) for path in f.rglob("*") if path.suffix in (".py", ".txt")} for f in folders]
    assert len(folders) >= 2
    assert all(found == names[0] for found in names), names


def test_dir_shows_public_names_only() -> None:
    import unifw

    shown = set(dir(unifw))
    assert {"asarray", "nn", "linalg", "Tensor", "bool", "float32", "errors"} <= shown
    assert not {"operators", "registry", "tensor", "array", "spec", "annotations"} & shown
    assert not [name for name in shown if name.startswith("_")]
