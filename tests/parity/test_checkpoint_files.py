"""Files that PyTorch and TensorFlow wrote, loaded into a model on either backend; and no code of a file runs."""

from __future__ import annotations

import json
import os
import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

import unifw
from unifw import nn, registry
from unifw.errors import BackendNotInstalledError, FileFormatError, PathMissingError, StateDictError


def network() -> nn.Module:
    return nn.Sequential(nn.Conv2d(2, 3, 2), nn.BatchNorm2d(3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 4))


def theirs() -> torch.nn.Module:
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Conv2d(2, 3, 2), torch.nn.BatchNorm2d(3), torch.nn.ReLU(), torch.nn.Flatten(), torch.nn.Linear(12, 4)
    )
    model(torch.randn(5, 2, 3, 3))  # moves the running statistics
    return model.eval()


def same_output(model: nn.Module, reference: torch.nn.Module) -> None:
    images = np.random.default_rng(0).normal(size=(4, 3, 3, 2)).astype(np.float32)
    with torch.no_grad():
        wanted = reference(torch.from_numpy(images).permute(0, 3, 1, 2)).numpy()
    got = model.eval()(unifw.asarray(images).to_backend(model.backend))
    np.testing.assert_allclose(got.numpy(), wanted, rtol=1e-5, atol=1e-6)


NESTINGS: dict[str, Any] = {
    "plain": lambda state: state,
    "state_dict": lambda state: {"epoch": 3, "state_dict": state, "optimizer": {"state": {0: {"m": torch.ones(1)}}}},
    "model": lambda state: {"model": state, "args": {"lr": 0.1}},
    "model_state_dict": lambda state: {"model_state_dict": state, "loss": 0.5},
    "twice": lambda state: {"model": {"state_dict": state}, "step": 1},
    "the only dict": lambda state: {"weights of mine": state, "step": 1},
    "data parallel": lambda state: {"state_dict": {f"module.{name}": x for name, x in state.items()}},
    "compiled": lambda state: {f"_orig_mod.{name}": x for name, x in state.items()},
    "half": lambda state: {name: x.half() if x.is_floating_point() else x for name, x in state.items()},
    "parameters": lambda state: {n: torch.nn.Parameter(x) if x.is_floating_point() else x for n, x in state.items()},
}


@pytest.mark.parametrize("nesting", NESTINGS)
def test_pytorchs_files_as_people_write_them(backend: str, tmp_path: Path, nesting: str) -> None:
    reference = theirs()
    torch.save(NESTINGS[nesting](reference.state_dict()), tmp_path / "model.pt")
    model = network()
    assert not unifw.load_checkpoint(model, tmp_path / "model.pt")
    assert model.backend.name == backend
    if nesting == "half":
        reference.load_state_dict(NESTINGS["half"](reference.state_dict()))
    same_output(model, reference)


@pytest.mark.parametrize("name", ["model.pth", "pytorch_model.bin", "last.ckpt", "checkpoint.pth.tar"])
@pytest.mark.parametrize("zipped", [True, False])
def test_every_ending_and_the_form_from_before_1_6(backend: str, tmp_path: Path, name: str, zipped: bool) -> None:
    reference = theirs()
    torch.save(reference.state_dict(), tmp_path / name, _use_new_zipfile_serialization=zipped)
    model = network()
    assert not unifw.load_checkpoint(model, tmp_path)
    same_output(model, reference)


def test_an_index_of_pytorchs_files(backend: str, tmp_path: Path) -> None:
    reference = theirs()
    state = reference.state_dict()
    files = {name: f"pytorch_model-0000{i % 2 + 1}-of-00002.bin" for i, name in enumerate(state)}
    for file in set(files.values()):
        torch.save({name: state[name] for name in state if files[name] == file}, tmp_path / file)
    (tmp_path / "pytorch_model.bin.index.json").write_text(json.dumps({"weight_map": files}))
    model = network()
    assert not unifw.load_checkpoint(model, tmp_path)
    same_output(model, reference)
    (tmp_path / files["4.bias"]).unlink()
    with pytest.raises(PathMissingError, match=f"nothing at .*{files['4.bias']}"):
        unifw.load_checkpoint(model, tmp_path)


def test_the_entry_of_a_nested_file(backend: str, tmp_path: Path) -> None:
    reference = theirs()
    other = {name: x + 1 for name, x in reference.state_dict().items()}
    torch.save({"student": other, "ema": reference.state_dict()}, tmp_path / "model.pt")
    model = network()
    with pytest.raises(FileFormatError, match=r"'student', 'ema'.*Write key="):
        unifw.load_checkpoint(model, tmp_path / "model.pt")
    with pytest.raises(StateDictError, match=r"no entry 'emma'; expected one of 'student', 'ema'"):
        unifw.load_checkpoint(model, tmp_path / "model.pt", key="emma")
    assert not unifw.load_checkpoint(model, tmp_path / "model.pt", key="ema")
    same_output(model, reference)


class Marker:
    """Unpickling this makes a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __reduce__(self) -> Any:
        return os.mkdir, (str(self.folder),)


def test_no_code_of_a_file_runs(backend: str, tmp_path: Path) -> None:
    model = network()
    before = {name: x.numpy().copy() for name, x in model.state_dict().items()}
    torch.save(theirs(), tmp_path / "whole.pt")
    torch.save({"state_dict": theirs().state_dict(), "extra": Marker(tmp_path / "ran")}, tmp_path / "marked.pt")
    with (tmp_path / "pickled.pt").open("wb") as file:
        pickle.dump({"weight": Marker(tmp_path / "ran")}, file)
    for name, reason in (
        ("whole.pt", r"torch\.nn\.modules\.container\.Sequential.*would run code.*torch\.save\(model\.state_dict"),
        ("marked.pt", r"mkdir.*would run code"),
        ("pickled.pt", r"mkdir.*would run code|damaged"),
    ):
        with pytest.raises(FileFormatError, match=rf"(?s)cannot be read: .*{reason}") as caught:
            unifw.load_checkpoint(model, tmp_path / name)
        assert "weights_only" not in str(caught.value), "torch's advice is to run the code"
    assert not (tmp_path / "ran").exists()
    for key, x in model.state_dict().items():
        np.testing.assert_array_equal(x.numpy(), before[key])


@pytest.mark.filterwarnings("ignore:.*torch.jit:DeprecationWarning")
def test_files_that_are_something_else(backend: str, tmp_path: Path) -> None:
    torch.jit.save(torch.jit.trace(torch.nn.Linear(2, 2), torch.ones(1, 2)), tmp_path / "program.pt")
    torch.save({"x": torch.ones(5000)}, tmp_path / "cut.pt")
    (tmp_path / "cut.pt").write_bytes((tmp_path / "cut.pt").read_bytes()[:-9000])
    (tmp_path / "text.pt").write_text("hello")
    (tmp_path / "empty.pt").touch()
    model = network()
    before = model.state_dict()
    torch.save([1, 2], tmp_path / "list.pt")
    torch.save({"epoch": 1}, tmp_path / "numbers.pt")
    torch.save({**theirs().state_dict(), "4.bias": torch.ones(4).to(torch.float8_e5m2)}, tmp_path / "float8.pt")
    torch.save({**theirs().state_dict(), "4.weight": torch.zeros(4, 12).to_sparse()}, tmp_path / "sparse.pt")
    torch.save({**theirs().state_dict(), "4.weight": torch.zeros(4, 12, device="meta")}, tmp_path / "meta.pt")
    for name, reason in (
        ("sparse", r"a tensor of the layout torch\.sparse_coo; expected dense ones with values"),
        ("meta", r"a tensor without values \(of the device meta\)"),
        ("program", r"TorchScript program.*unifw\.load_artifact"),
        ("cut", "damaged"),
        ("text", "damaged"),
        ("empty", "damaged"),
        ("list", "holds a list; expected a dict of tensors"),
        ("float8", r"4\.bias has the dtype torch\.float8_e5m2, which unifw lacks; nothing was loaded"),
        ("numbers", r"holds a dict of 'epoch'; expected tensors"),
    ):
        with pytest.raises(FileFormatError, match=reason):
            unifw.load_checkpoint(model, tmp_path / f"{name}.pt")
        for key, value in model.state_dict().items():
            np.testing.assert_array_equal(value.numpy(), before[key].numpy(), err_msg=f"{name}: {key}")


def test_the_weights_of_a_saved_model_come_back(backend: str, tmp_path: Path) -> None:
    served = network()
    unifw.export(served, tmp_path / "served", format="saved_model", inputs=unifw.zeros((2, 3, 3, 2)))
    model = network()
    assert not unifw.load_checkpoint(model, tmp_path / "served" / "variables")
    assert model.backend.name == backend
    for name, x in model.state_dict().items():
        np.testing.assert_array_equal(x.numpy(), served.state_dict()[name].numpy())
    (tmp_path / "text.index").write_text("hello")
    with pytest.raises(FileFormatError, match=r"text\.index cannot be read: it is damaged"):
        unifw.load_checkpoint(model, tmp_path / "text.index")


def test_a_file_whose_framework_is_not_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    torch.save(theirs().state_dict(), tmp_path / "model.pt")
    with unifw.using_backend("tensorflow"):
        model = network()
    monkeypatch.setattr(registry, "_loaded", {"tensorflow": model.backend})
    monkeypatch.setattr(registry, "_installed", lambda info: info.name != "torch")
    with pytest.raises(
        BackendNotInstalledError, match=r"model\.pt is in torch's own format.*not installed.*pip install.*unifw\.save"
    ):
        unifw.load_checkpoint(model, tmp_path / "model.pt")
