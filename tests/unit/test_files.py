"""Saving and loading weights."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import safetensors.numpy

import unifw
from unifw import nn
from unifw.errors import FileFormatError, OperandError, PathMissingError, PathWriteError, StateDictError


def test_a_model_survives_the_file(backend: str, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))
    model(unifw.asarray(np.random.default_rng(0).normal(size=(3, 4, 4, 1)).astype(np.float32)))
    unifw.save(model, tmp_path / "model.safetensors")
    other = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Flatten(), nn.Linear(8, 2))
    other.load_state_dict(unifw.load(tmp_path / "model.safetensors"))
    for name, value in model.state_dict().items():
        loaded = other.state_dict()[name]
        assert loaded.dtype is value.dtype
        assert loaded.numpy().tobytes() == value.numpy().tobytes(), name
    assert [path.name for path in tmp_path.iterdir()] == ["model.safetensors"]


@pytest.mark.parametrize("dtype", unifw.dtypes.ALL, ids=str)
@pytest.mark.parametrize("shape", [(), (0, 2), (2, 3)], ids=str)
def test_every_dtype_and_shape(backend: str, tmp_path: Path, dtype: unifw.DType, shape: tuple[int, ...]) -> None:
    if dtype is unifw.complex128:  # the format has none
        with pytest.raises(FileFormatError, match=r"complex128.*x\.to\(unifw\.complex64\)"):
            unifw.save({"x": unifw.zeros(shape, dtype=dtype)}, tmp_path / "x.safetensors")
        assert not list(tmp_path.iterdir())
        return
    x = unifw.asarray(np.arange(int(np.prod(shape))).reshape(shape) * 0.3, dtype=dtype)
    unifw.save({"x": x}, tmp_path / "x.safetensors")
    loaded = unifw.load(tmp_path / "x.safetensors")["x"]
    assert (loaded.dtype, loaded.shape) == (dtype, shape)
    np.testing.assert_array_equal(loaded.numpy(), x.numpy())


def test_others_read_the_file_and_we_read_theirs(backend: str, tmp_path: Path) -> None:
    unifw.save({"x": unifw.asarray([1.5, 2.5])}, tmp_path / "ours.safetensors")
    np.testing.assert_array_equal(safetensors.numpy.load_file(tmp_path / "ours.safetensors")["x"], [1.5, 2.5])
    safetensors.numpy.save_file({"y": np.arange(6.0).reshape(2, 3)}, tmp_path / "theirs.safetensors")
    assert unifw.load(tmp_path / "theirs.safetensors")["y"].tolist() == [[0.0, 1.0, 2.0], [3.0, 4.0, 5.0]]


def test_a_non_contiguous_tensor_is_saved_in_order(backend: str, tmp_path: Path) -> None:
    unifw.save({"x": unifw.asarray([[1.0, 2.0], [3.0, 4.0]]).T}, tmp_path / "x.safetensors")
    assert unifw.load(tmp_path / "x.safetensors")["x"].tolist() == [[1.0, 3.0], [2.0, 4.0]]


def test_an_existing_file_survives_a_failed_save(backend: str, tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    unifw.save({"x": unifw.ones(1)}, path)
    before = path.read_bytes()
    with pytest.raises(OperandError):
        unifw.save({"x": unifw.ones(1), "y": object()}, path)
    with pytest.raises(OperandError, match="expected a Module or a dict"):
        unifw.save([unifw.ones(1)], path)  # type: ignore[arg-type]
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_a_full_disk_leaves_the_old_file(backend: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "model.safetensors"
    unifw.save({"x": unifw.ones(1)}, path)
    before = path.read_bytes()

    def fails(*_: object) -> None:
        raise safetensors.SafetensorError("I/O error: No space left on device")

    monkeypatch.setattr(safetensors, "serialize_file", fails)
    with pytest.raises(PathWriteError, match="No space left"):
        unifw.save({"x": unifw.zeros(1)}, path)
    assert path.read_bytes() == before
    assert [file.name for file in tmp_path.iterdir()] == [path.name]


def test_places_that_cannot_be_written(backend: str, tmp_path: Path) -> None:
    with pytest.raises(PathWriteError, match=r"expected an existing folder.*mkdir"):
        unifw.save({"x": unifw.ones(1)}, tmp_path / "no" / "x.safetensors")
    with pytest.raises(PathWriteError, match="is a folder"):
        unifw.save({"x": unifw.ones(1)}, tmp_path)


def test_files_that_are_something_else(backend: str, tmp_path: Path) -> None:
    (tmp_path / "text.safetensors").write_text("not weights")
    with pytest.raises(FileFormatError, match="is not a safetensors file"):
        unifw.load(tmp_path / "text.safetensors")
    unifw.save({"x": unifw.ones(100)}, tmp_path / "cut.safetensors")
    (tmp_path / "cut.safetensors").write_bytes((tmp_path / "cut.safetensors").read_bytes()[:-10])
    with pytest.raises(FileFormatError, match="is not a safetensors file"):
        unifw.load(tmp_path / "cut.safetensors")
    with pytest.raises(PathMissingError, match=r"nothing at .*unifw\.save"):
        unifw.load(tmp_path / "nothing.safetensors")


def test_weights_of_another_model_are_refused_whole(backend: str, tmp_path: Path) -> None:
    unifw.save(nn.Linear(3, 2), tmp_path / "model.safetensors")
    model = nn.Linear(4, 2, bias=False)
    before = model.weight.numpy()
    with pytest.raises(
        StateDictError, match=r"(?s)nothing was loaded:.*unexpected: bias.*weight: got \(2, 3\), expected"
    ):
        model.load_state_dict(unifw.load(tmp_path / "model.safetensors"))
    np.testing.assert_array_equal(model.weight.numpy(), before)
