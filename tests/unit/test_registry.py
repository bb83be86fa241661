"""Finding and choosing backends."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

import unifw
from unifw import registry
from unifw.errors import BackendNotInstalledError, MixedBackendError, UnifwError, UnknownBackendError, UnsupportedError
from unifw.spec import BackendInfo


def fresh(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run code in a fresh interpreter."""
    variables = (
        {k: v for k, v in os.environ.items() if k != "UNIFW_BACKEND"} | {"TF_CPP_MIN_LOG_LEVEL": "3"} | environment
    )
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=variables, check=False)


class Absent:
    """A plugin whose framework is not installed."""

    INFO = BackendInfo("absent", "framework_that_is_not_there", "pip install absent", preference=5)


@pytest.fixture
def absent_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    plugins = dict(registry._plugins()) | {"absent": Absent}
    monkeypatch.setattr(registry, "_plugins", lambda: plugins)


def test_the_environment_variable_chooses(backend: str) -> None:
    done = fresh("import unifw; print(unifw.zeros(2).backend.name)", UNIFW_BACKEND=backend)
    assert done.stdout.strip() == backend, done.stderr


def test_unset_means_the_first_installed() -> None:
    done = fresh("import unifw; print(unifw.get_backend().name, *unifw.backends())")
    chosen, *known = done.stdout.split()
    assert chosen == next(name for name in known if unifw.backends()[name])
    assert known[:2] == ["torch", "tensorflow"]


def test_an_unknown_name_in_the_environment_is_explained() -> None:
    done = fresh("import unifw; unifw.zeros(2)", UNIFW_BACKEND="jaxx")
    assert "UnknownBackendError: backend: got 'jaxx'; expected one of these" in done.stderr
    assert "torch: " in done.stderr
    assert "tensorflow: " in done.stderr


def test_unknown_names_list_what_is_there() -> None:
    for call in (unifw.set_backend, lambda name: unifw.using_backend(name).__enter__(), unifw.zeros(1).to_backend):
        with pytest.raises(UnknownBackendError, match=r"(?s)got 'nope'; expected one of these.*torch.*installed"):
            call("nope")
    assert issubclass(UnknownBackendError, (UnifwError, ValueError))


@pytest.mark.usefixtures("absent_backend")
def test_an_uninstalled_backend_names_its_pip_command() -> None:
    assert unifw.backends()["absent"] is False
    with pytest.raises(BackendNotInstalledError, match=r"(?s)needs the package 'framework_.*Run: pip install absent"):
        unifw.set_backend("absent")
    with pytest.raises(UnknownBackendError, match="absent: not installed; pip install absent"):
        unifw.set_backend("nope")
    assert issubclass(BackendNotInstalledError, ImportError)


def test_two_threads_load_one_backend(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []

    class Slow:
        INFO = BackendInfo("slow", "sys", "pip install slow", preference=5)

        @staticmethod
        def load() -> object:
            time.sleep(0.1)
            made.append(object())
            return made[-1]

    monkeypatch.setattr(registry, "_plugins", lambda: {"slow": Slow})
    monkeypatch.setattr(registry, "_loaded", {})
    monkeypatch.setattr(registry, "_on_load", [])
    with ThreadPoolExecutor(2) as pool:
        found = list(pool.map(registry.load_backend, ["slow", "slow"]))
    assert found[0] is found[1] is made[0]
    assert len(made) == 1


def test_using_backend_nests_and_restores(backend: str) -> None:
    before = unifw.get_backend()
    with unifw.using_backend("toy") as toy:
        assert unifw.get_backend() is toy
        with unifw.using_backend(backend):
            assert unifw.get_backend().name == backend
        assert unifw.zeros(2).backend is toy
    assert unifw.get_backend() is before


def test_using_backend_is_restored_after_an_error() -> None:
    before = unifw.get_backend()
    with pytest.raises(KeyError), unifw.using_backend("toy"):
        raise KeyError
    assert unifw.get_backend() is before


def test_using_backend_is_of_this_thread_only() -> None:
    seen = []
    with unifw.using_backend("toy"):
        thread = threading.Thread(target=lambda: seen.append(unifw.get_backend().name))
        thread.start()
        thread.join()
    assert seen[0] != "toy"


def test_set_backend_changes_the_default_for_the_process() -> None:
    done = fresh(
        "import unifw\nx = unifw.zeros(1)\nunifw.set_backend('toy')\ny = unifw.zeros(1)\n"
        "print(x.backend.name, y.backend.name, (x + 1).backend.name)",
        UNIFW_BACKEND="torch" if unifw.backends()["torch"] else "tensorflow",
    )
    native, toy, followed = done.stdout.split()
    assert (toy, followed) == ("toy", native)


def test_a_third_party_backend_is_found_by_its_entry_point(backend: str) -> None:
    assert unifw.backends()["toy"] is True
    with unifw.using_backend("toy"):
        x = unifw.asarray([[1.0, 2.0], [3.0, 4.0]])
        assert (x @ x).tolist() == [[7.0, 10.0], [15.0, 22.0]]
        layer = unifw.nn.Linear(2, 2)
        with pytest.raises(UnsupportedError, match=r"the backend 'toy' declares no 'nn' operations"):
            layer(x)
    with pytest.raises(MixedBackendError, match=f"toy and {backend}"):
        x + unifw.ones((2, 2))
    assert layer.to_backend(backend)(unifw.ones((1, 2))).shape == (1, 2)


def test_a_backend_loaded_after_seed_is_seeded_too(backend: str) -> None:
    code = """
import unifw
def draw(): return unifw.nn.functional.dropout(unifw.ones(64), 0.5).tolist()
unifw.seed(11)
first = draw()
unifw.seed(11)
print(first == draw())
"""
    assert fresh(code, UNIFW_BACKEND=backend).stdout.strip() == "True"
