"""Loading checkpoints: names that differ, shapes and dtypes that do not fit, files in several parts."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import safetensors.numpy

import unifw
from unifw import nn
from unifw.errors import ArgumentError, DTypeError, FileFormatError, PathMissingError, StateDictError
from unifw.io import stored


class Encoder(nn.Module):
    """Two layers under names that tell them apart."""

    def __init__(self, width: int = 3) -> None:
        self.embed = nn.Linear(2, width)
        self.norm = nn.BatchNorm2d(width)


class Classifier(nn.Module):
    """An Encoder below a name, and a head."""

    def __init__(self) -> None:
        self.bert = Encoder()
        self.head = nn.Linear(3, 2)


def values(model: nn.Module) -> dict[str, Any]:
    return {name: x.numpy().copy() for name, x in model.state_dict().items()}


def trained(model: nn.Module) -> dict[str, Any]:
    """Other values for every name, as training would leave them."""
    rng = np.random.default_rng(7)
    return {name: (rng.normal(size=x.shape) * 4).astype(x.dtype) for name, x in values(model).items()}


def written(path: Path, state: Mapping[str, Any], prefix: str = "") -> Path:
    safetensors.numpy.save_file({prefix + name: np.array(x, order="C") for name, x in state.items()}, path)
    return path


def same(model: nn.Module, state: Mapping[str, Any], prefix: str = "") -> None:
    for name, x in values(model).items():
        np.testing.assert_array_equal(x, state[prefix + name], err_msg=name)


@pytest.mark.parametrize(
    "pattern", ["{}", "module.{}", "_orig_mod.{}", "module._orig_mod.{}", "model.{}", "bert.{}", "a.b.c.{}"]
)
def test_wrappers_and_prefixes_come_off(backend: str, tmp_path: Path, pattern: str) -> None:
    model = Encoder()
    state = trained(model)
    path = written(tmp_path / "x.safetensors", {pattern.format(name): x for name, x in state.items()})
    report = unifw.load_checkpoint(model, path)
    assert not report
    assert sorted(report.loaded) == sorted(state)
    assert not report.unchanged
    same(model, state)


def test_a_wrapper_in_the_middle_comes_off(backend: str, tmp_path: Path) -> None:
    model = Classifier()
    state = trained(model)
    stored = {name.replace("bert.", "bert._orig_mod."): x for name, x in state.items()}
    assert not unifw.load_checkpoint(model, written(tmp_path / "x.safetensors", stored))
    same(model, state)


def test_a_head_that_the_model_lacks_is_skipped_and_named(backend: str, tmp_path: Path) -> None:
    state, model = trained(Classifier()), Encoder()
    report = unifw.load_checkpoint(model, written(tmp_path / "x.safetensors", state))
    assert not report
    assert report.skipped == ("head.bias", "head.weight")
    assert report.change == "prefix 'bert.' taken off"
    same(model, state, "bert.")


def test_a_prefix_that_the_file_lacks_is_put_before(backend: str, tmp_path: Path) -> None:
    model, state = Classifier(), trained(Encoder())
    head = model.head.weight.numpy().copy()
    path = written(tmp_path / "x.safetensors", state)
    with pytest.raises(StateDictError, match=r"(?s)prefix 'bert\.' put before.*missing: head\.weight"):
        unifw.load_checkpoint(model, path)
    report = unifw.load_checkpoint(model, path, strict=False)
    assert report.missing == ("head.weight", "head.bias")
    same(model.bert, state)
    np.testing.assert_array_equal(model.head.weight.numpy(), head)


def test_two_prefixes_that_fit_equally_are_a_question(backend: str, tmp_path: Path) -> None:
    model = Encoder()
    student, teacher = trained(model), {name: x + 1 for name, x in trained(model).items()}
    both = {f"student.{name}": x for name, x in student.items()} | {f"teacher.{name}": x for name, x in teacher.items()}
    path = written(tmp_path / "x.safetensors", both)
    with pytest.raises(StateDictError, match=r"'student\.' and 'teacher\.'|'teacher\.' and 'student\.'"):
        unifw.load_checkpoint(model, path)
    report = unifw.load_checkpoint(model, path, prefix="teacher.")
    assert len(report.skipped) == len(student)
    same(model, teacher)


def test_a_foreign_file_suggests_no_prefix(backend: str, tmp_path: Path) -> None:
    """A "weight" and a "bias" are somewhere in every model."""
    files = {"small": nn.Linear(3, 2), "large": nn.Sequential({f"part{i}": nn.Linear(3, 2) for i in range(5)})}
    for name, model in (("small", "large"), ("large", "small")):
        path = written(tmp_path / f"{name}.safetensors", trained(files[name]))
        with pytest.raises(StateDictError, match="nothing was loaded") as caught:
            unifw.load_checkpoint(files[model], path)
        assert "prefix" not in str(caught.value)


def test_a_small_part_of_a_file_is_taken_only_when_asked_for(backend: str, tmp_path: Path) -> None:
    state = {f"blocks.{i}.{name}": x for i in range(5) for name, x in trained(nn.Linear(3, 2)).items()}
    state |= {"neck." + name: x for name, x in trained(Encoder()).items()}
    model, path = Encoder(), written(tmp_path / "x.safetensors", state)
    with pytest.raises(StateDictError, match=r"(?s)nothing was loaded.*With prefix='neck\.' 7 of its names fit"):
        unifw.load_checkpoint(model, path)
    assert not unifw.load_checkpoint(model, path, prefix="neck.")
    same(model, state, "neck.")


def test_renames_of_the_caller_and_of_the_model(backend: str, tmp_path: Path) -> None:
    class Renamed(Encoder):
        old_names: Mapping[str, str | None] = {r"\.gamma$": ".weight", r"\.beta$": ".bias", r"position_ids$": None}

    model = Renamed()
    state = trained(model)
    old = {name: x for name, x in state.items() if not name.startswith("norm.")}
    old |= {"norm.gamma": state["norm.weight"], "norm.beta": state["norm.bias"], "position_ids": np.arange(3)}
    old |= {f"norm.{name}": state[f"norm.{name}"] for name in ("running_mean", "running_var", "num_batches_tracked")}
    assert not unifw.load_checkpoint(model, written(tmp_path / "x.safetensors", old))
    same(model, state)
    other = {name.replace("embed", "patch"): x for name, x in state.items()}
    path = written(tmp_path / "y.safetensors", other)
    model = Renamed()
    with pytest.raises(StateDictError, match=r"perhaps embed\.weight is patch\.weight"):
        unifw.load_checkpoint(model, path)
    assert not unifw.load_checkpoint(model, path, rename={r"^patch\.": "embed."})
    same(model, state)
    with pytest.raises(ArgumentError, match="expected a regular expression"):
        unifw.load_checkpoint(model, path, rename={"(": None})
    with pytest.raises(StateDictError, match="both become embed"):
        unifw.load_checkpoint(model, path, rename={r"^patch\.\w+": "embed"})


@pytest.mark.parametrize("kept", ["first", "second", "both"])
def test_tied_weights_stay_tied_whichever_name_the_file_has(backend: str, tmp_path: Path, kept: str) -> None:
    class Tied(nn.Module):
        def __init__(self) -> None:
            self.embed, self.head = nn.Linear(3, 3, bias=False), nn.Linear(3, 3)
            self.head.weight = self.embed.weight

    model, weight, bias = Tied(), np.full((3, 3), 2.0, np.float32), np.ones(3, np.float32)
    state = {"embed.weight": weight, "head.weight": weight, "head.bias": bias}
    for name in {"first": ["head.weight"], "second": ["embed.weight"], "both": []}[kept]:
        del state[name]
    assert not unifw.load_checkpoint(
        model, written(tmp_path / "x.safetensors", {f"bert.{n}": x for n, x in state.items()})
    )
    assert model.head.weight is model.embed.weight
    np.testing.assert_array_equal(model.embed.weight.numpy(), weight)
    unifw.save(model, tmp_path / "ours.safetensors")
    assert not unifw.load_checkpoint(Tied(), tmp_path / "ours.safetensors")


def test_files_from_before_batch_counts(backend: str, tmp_path: Path) -> None:
    model = Encoder()
    state = {name: x for name, x in trained(model).items() if "num_batches" not in name}
    assert not unifw.load_checkpoint(model, written(tmp_path / "x.safetensors", state))
    assert model.norm.num_batches_tracked.item() == 0


def test_other_shapes_are_refused_whole_and_a_head_can_be_left_out(backend: str, tmp_path: Path) -> None:
    model, state = Classifier(), trained(Classifier())
    state |= {"head.weight": np.ones((9, 3), np.float32), "head.bias": np.ones(9, np.float32)}
    path, before = written(tmp_path / "x.safetensors", state), values(model)
    for strict in (True, False):
        with pytest.raises(StateDictError, match=r"head\.weight: got \(9, 3\), expected \(2, 3\)"):
            unifw.load_checkpoint(model, path, strict=strict)
        same(model, before)
    report = unifw.load_checkpoint(model, path, strict=False, rename={r"^head\.": None})
    assert report.missing == ("head.weight", "head.bias")
    same(model.bert, state, "bert.")
    np.testing.assert_array_equal(model.head.bias.numpy(), before["head.bias"])


def test_another_architecture_is_explained_in_few_lines(backend: str, tmp_path: Path) -> None:
    model = Encoder()
    path = written(tmp_path / "x.safetensors", {f"layer{i}.weight": np.ones((2, 2), np.float32) for i in range(300)})
    before = values(model)
    for strict in (True, False):  # of which nothing fits: loading nothing is no success
        with pytest.raises(StateDictError, match=r"does not fit this Encoder; nothing was loaded") as caught:
            unifw.load_checkpoint(model, path, strict=strict)
        message = str(caught.value)
        assert "Of the model's 7 tensors 0 fit in name and shape; the file has 300." in message
        assert "missing: embed.weight" in message
        assert "unexpected: 295 more" in message
        assert len(message.splitlines()) < 25
        same(model, before)


def test_unchanged_parameters_are_named(backend: str, tmp_path: Path) -> None:
    model = Encoder()
    state = {**trained(model), "embed.weight": model.embed.weight.numpy(), "norm.weight": np.ones(3, np.float32)}
    report = unifw.load_checkpoint(model, written(tmp_path / "x.safetensors", state))
    assert report.unchanged == ("embed.weight", "norm.weight")
    assert "unchanged, the same as before: embed.weight" in str(report)
    again = unifw.load_checkpoint(model, tmp_path / "x.safetensors")
    assert sorted(again.unchanged) == ["embed.bias", "embed.weight", "norm.bias", "norm.weight"]


@pytest.mark.parametrize("stored", ["float16", "bfloat16", "float64"])
def test_conversions_are_reported(backend: str, tmp_path: Path, stored: str) -> None:
    model = nn.Linear(3, 2)
    state = {name: unifw.asarray(x, dtype=getattr(unifw, stored)) for name, x in trained(model).items()}
    unifw.save(state, tmp_path / "x.safetensors")
    report = unifw.load_checkpoint(model, tmp_path / "x.safetensors")
    assert report.converted == dict.fromkeys(("bias", "weight"), (getattr(unifw, stored), unifw.float32))
    assert f"2 converted from {stored} to float32" in str(report)
    assert model.weight.dtype is unifw.float32
    same(model, {name: x.to(unifw.float32).numpy() for name, x in state.items()})


def test_other_kinds_of_numbers_are_refused_whole(backend: str, tmp_path: Path) -> None:
    model = nn.Linear(3, 2)
    before = values(model)
    for dtype in ("int8", "complex64"):
        state = {"weight": np.ones((2, 3), dtype), "bias": np.ones(2, np.float32)}
        with pytest.raises(DTypeError, match=rf"weight is {dtype} in the file and float32.*Nothing was loaded"):
            unifw.load_checkpoint(model, written(tmp_path / "x.safetensors", state))
        same(model, before)
    entries = {"weight": ([2, 3], [0, 6]), "bias": ([2], [6, 8])}
    described = {
        name: {"dtype": "F8_E4M3", "shape": shape, "data_offsets": place} for name, (shape, place) in entries.items()
    }
    header = json.dumps(described)
    (tmp_path / "x.safetensors").write_bytes(len(header).to_bytes(8, "little") + header.encode() + bytes(8))
    with pytest.raises(FileFormatError, match=r"has the dtype F8_E4M3, which unifw lacks; nothing was loaded"):
        unifw.load_checkpoint(model, tmp_path / "x.safetensors")
    same(model, before)


def sharded(folder: Path, state: Mapping[str, Any]) -> Path:
    """Files as Hugging Face writes a large model."""
    folder.mkdir()
    names = sorted(state)
    parts = {"model-00001-of-00002.safetensors": names[::2], "model-00002-of-00002.safetensors": names[1::2]}
    for file, own in parts.items():
        written(folder / file, {name: state[name] for name in own})
    index = {"metadata": {"total_size": 1}, "weight_map": {name: file for file, own in parts.items() for name in own}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def test_a_model_in_several_files(backend: str, tmp_path: Path) -> None:
    state = trained(Encoder())
    folder = sharded(tmp_path / "shards", {f"bert.{name}": x for name, x in state.items()})
    for path in (folder, folder / "model.safetensors.index.json"):
        model = Encoder()
        assert not unifw.load_checkpoint(model, path)
        same(model, state)
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(PathMissingError, match="nothing at"):
        unifw.load_checkpoint(Encoder(), folder)
    written(folder / "model-00002-of-00002.safetensors", {"other": np.ones(1, np.float32)})
    with pytest.raises(FileFormatError, match=r"00002\.safetensors has no bert\.\S+, which .* places there"):
        unifw.load_checkpoint(Encoder(), folder)
    for text in ("{}", "no json", '{"weight_map": {"x": "../x.safetensors"}}'):
        (folder / "model.safetensors.index.json").write_text(text)
        with pytest.raises(FileFormatError, match=r"is no index of weights|expected files beside it"):
            unifw.load_checkpoint(Encoder(), folder)


def test_places_and_files_that_are_something_else(backend: str, tmp_path: Path) -> None:
    model = nn.Linear(3, 2)
    with pytest.raises(PathMissingError, match="nothing at"):
        unifw.load_checkpoint(model, tmp_path / "no.safetensors")
    with pytest.raises(PathMissingError, match="nothing at"):
        unifw.load_checkpoint(model, tmp_path / "no.pt")
    with pytest.raises(PathMissingError, match=r"has no file that ends in .*\.safetensors"):
        unifw.load_checkpoint(model, tmp_path)
    (tmp_path / "x.safetensors").write_text("not weights")
    with pytest.raises(FileFormatError, match="is not a safetensors file"):
        unifw.load_checkpoint(model, tmp_path)
    (tmp_path / "y.safetensors").write_text("not weights")
    with pytest.raises(FileFormatError, match=r"several files of weights \(x\.safetensors, y\.safetensors\)"):
        unifw.load_checkpoint(model, tmp_path)
    (tmp_path / "x.h5").write_text("not weights")
    with pytest.raises(FileFormatError, match=re.escape("ends in '.h5'; expected one of .safetensors")):
        unifw.load_checkpoint(model, tmp_path / "x.h5")


@pytest.mark.parametrize("name", ["model.pt", "model.bin", "model"])
def test_safetensors_by_another_ending(backend: str, tmp_path: Path, name: str) -> None:
    model, other = nn.Linear(3, 2), nn.Linear(3, 2)
    unifw.save(model, tmp_path / name)
    assert len(unifw.load_checkpoint(other, tmp_path / name).loaded) == 2
    np.testing.assert_array_equal(other.weight.numpy(), model.weight.numpy())


def test_tensors_are_read_one_by_one(backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No tensor is read before all names are compared, and none that the model lacks is read at all."""
    read: list[str] = []
    original = stored._restored

    def counted(name: str, *rest: Any) -> unifw.Tensor:
        read.append(name)
        return original(name, *rest)

    monkeypatch.setattr(stored, "_restored", counted)
    state = trained(Classifier())
    path = written(tmp_path / "x.safetensors", state)
    with pytest.raises(StateDictError):
        unifw.load_checkpoint(Encoder(4), path)
    assert not read
    unifw.load_checkpoint(Encoder(), path)
    assert sorted(read) == sorted(name for name in state if name.startswith("bert."))


@pytest.mark.parametrize("prefix", ["", "module.", "bert."])
def test_layers_that_wait_take_their_sizes_from_the_file(backend: str, tmp_path: Path, prefix: str) -> None:
    source = nn.Sequential(nn.Linear(4, 6), nn.GroupNorm(2, 6), nn.Linear(6, 3))
    model = nn.Sequential(nn.Linear(None, 6), nn.GroupNorm(2, None), nn.Linear(None, 3))
    state = trained(source)
    report = unifw.load_checkpoint(model, written(tmp_path / "x.safetensors", state, prefix))
    assert sorted(report.loaded) == sorted(state)
    same(model, state)
    assert model(unifw.ones((1, 4))).shape == (1, 3)


def test_a_file_that_does_not_fit_leaves_layers_waiting(backend: str, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(None, 6), nn.Linear(6, 3))
    state = values(nn.Sequential(nn.Linear(4, 6), nn.Linear(5, 3)))
    with pytest.raises(StateDictError, match=r"misshapen: 1\.weight"):
        unifw.load_checkpoint(model, written(tmp_path / "x.safetensors", state))
    assert model[0].in_features is None
    assert model(unifw.ones((1, 7))).shape == (1, 3)
