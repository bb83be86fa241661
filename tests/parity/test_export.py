"""Every format, from a model on either backend: read back, run, compared; and what happens when it cannot be."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import (
    ArgumentError,
    ExportError,
    FileFormatError,
    OperationError,
    PathExistsError,
    PathMissingError,
    PathWriteError,
    ShapeError,
    TracedValueError,
)
from unifw.io.verify import largest_difference

FORMATS = {"torchscript": "model.pt", "pt2": "model.pt2", "saved_model": "model"}
EVERY_FORMAT = pytest.mark.parametrize("format", FORMATS)


class Classifier(nn.Module):
    """Convolution, normalisation, pooling, dropout and a dense layer."""

    def __init__(self) -> None:
        self.features = nn.Sequential(
            nn.Conv2d(1, 4, 3, stride=2, padding="same"), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2)
        )
        self.head = {"flatten": nn.Flatten(), "dropout": nn.Dropout(0.5), "dense": nn.Linear(16, 3)}

    def forward(self, image: unifw.Tensor) -> unifw.Tensor:
        """Images (N, 8, 8, 1) to logits (N, 3)."""
        x = self.features(image)
        for layer in self.head.values():
            x = layer(x)
        return x


class TwoInputs(nn.Module):
    """Two named inputs, several outputs, a constant made inside, and the batch size used as a number."""

    def __init__(self) -> None:
        self.dense = nn.Linear(3, 2)

    def forward(self, left: unifw.Tensor, right: unifw.Tensor) -> dict[str, unifw.Tensor]:
        """(N, 3) and (N, 3) to a dict."""
        hidden = self.dense(left * right + unifw.arange(3, dtype=unifw.float32))
        rows = hidden.shape[0]
        return {"wide": unifw.reshape(hidden, (rows, 2, 1)), "narrow": unifw.zeros((rows, 1)) + hidden[:, :1]}


class _Widening(nn.Module):
    """A layer of any dtype, and its output as float64."""

    def __init__(self, part: nn.Linear) -> None:
        self.part = part

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 1) to (N, 1)."""
        return self.part(x.to(self.part.weight.dtype)).to(unifw.float64)


class Constants(nn.Module):
    """Numbers of the host and truth values, made inside."""

    def __init__(self) -> None:
        self.dense = nn.Linear(2, 2)

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 2) to (N, 2)."""
        rows = x.shape[0]
        open = unifw.full((rows, 1), True) & unifw.ones_like(x, dtype=unifw.bool)
        return unifw.where(open, self.dense(x) * unifw.asarray(np.asarray([1.5, -2.0], np.float32)), 0.0)


class Baking(Constants):
    """Values of the input as numbers of the host, which no graph can hold."""

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 2) to (N, 2)."""
        return self.dense(x) * unifw.asarray(x.numpy()[:1] * 2)


class Branching(nn.Module):
    """A Python `if` on a value, which no graph can hold."""

    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        """(N, 3) to (N, 3)."""
        return x if unifw.sum(x) > 0 else -x


def example(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).normal(size=shape).astype(np.float32)


@EVERY_FORMAT
def test_each_format_gives_the_live_models_numbers(backend: str, format: str, tmp_path: Path) -> None:
    model = Classifier()
    model(unifw.asarray(example(16, 8, 8, 1)))  # moves the running statistics
    report = unifw.export(model, tmp_path / FORMATS[format], format=format, inputs=example(4, 8, 8, 1))
    assert report.max_difference < 1e-5
    assert report.batch_sizes == (4, 5)
    assert model.training, "the model keeps its mode"
    assert model.backend.name == backend, "the model stays where it was"
    artifact = unifw.load_artifact(tmp_path / FORMATS[format])
    images = example(9, 8, 8, 1)
    got = artifact(unifw.asarray(images))
    np.testing.assert_allclose(got.numpy(), model.eval()(unifw.asarray(images)).numpy(), atol=1e-5)
    assert [path.name for path in tmp_path.iterdir()] == [FORMATS[format]]


@EVERY_FORMAT
def test_a_batch_of_one_row_is_enough(backend: str, format: str, tmp_path: Path) -> None:
    report = unifw.export(nn.Linear(3, 2), tmp_path / FORMATS[format], format=format, inputs=example(1, 3))
    assert report.batch_sizes == (1, 2)
    artifact = unifw.load_artifact(report.path)
    assert artifact(example(7, 3)).shape == (7, 2)
    for wrong in ((example(7, 4),), (), (example(7, 3), example(7, 3))):
        with pytest.raises(
            OperationError, match=r"Artifact\(.*: failed on .*; expected those that it was exported for"
        ):
            artifact(*wrong)


@EVERY_FORMAT
def test_constants_made_in_forward(backend: str, format: str, tmp_path: Path) -> None:
    model, x = Constants(), example(5, 2) + 1
    unifw.export(model, tmp_path / FORMATS[format], format=format, inputs=example(3, 2))
    got, wanted = unifw.load_artifact(tmp_path / FORMATS[format])(x), model.dense(unifw.asarray(x)).numpy()
    np.testing.assert_allclose(got.numpy(), wanted * [1.5, -2.0], rtol=1e-6, atol=1e-6)
    with pytest.raises(TracedValueError, match=r"numpy\(\): the value of a traced tensor"):
        unifw.export(Baking(), tmp_path / f"baking-{FORMATS[format]}", format=format, inputs=example(3, 2))
    assert [path.name for path in tmp_path.iterdir()] == [FORMATS[format]]


class Halved(nn.Module):
    def forward(self, x: unifw.Tensor) -> unifw.Tensor:
        return x * unifw.full((2,), 0.5)


@EVERY_FORMAT
def test_a_model_without_parameters(backend: str, format: str, tmp_path: Path) -> None:
    report = unifw.export(Halved(), tmp_path / FORMATS[format], format=format, inputs=example(3, 2))
    assert report.max_difference == 0


@EVERY_FORMAT
def test_named_inputs_and_outputs(backend: str, format: str, tmp_path: Path) -> None:
    model = TwoInputs()
    inputs = {"right": example(3, 3) + 1, "left": example(3, 3)}
    report = unifw.export(model, tmp_path / FORMATS[format], format=format, inputs=inputs)
    left, right = example(6, 3), example(6, 3) * 2
    got = unifw.load_artifact(report.path)(left, right)
    want = model(unifw.asarray(left), unifw.asarray(right))
    assert sorted(got) == ["narrow", "wide"]
    for name, x in want.items():
        np.testing.assert_allclose(got[name].numpy(), x.numpy(), atol=1e-5)


def test_a_saved_model_serves_by_the_names_of_forward(backend: str, tmp_path: Path) -> None:
    import tensorflow as tf

    unifw.export(TwoInputs(), tmp_path / "model", format="saved_model", inputs=(example(2, 3), example(2, 3)))
    serving = tf.saved_model.load(str(tmp_path / "model")).signatures["serving_default"]
    assert sorted(serving.structured_input_signature[1]) == ["left", "right"]
    assert sorted(serving.structured_outputs) == ["narrow", "wide"]


def test_an_exported_program_has_the_parameters_names(backend: str, tmp_path: Path) -> None:
    import torch

    unifw.export(Classifier(), tmp_path / "model.pt2", format="pt2", inputs=example(2, 8, 8, 1))
    program = torch.export.load(tmp_path / "model.pt2")
    assert {"features.0.weight", "features.1.running_mean", "head.dense.bias"} <= set(program.state_dict)
    assert "image" in program.graph_signature.user_inputs


@EVERY_FORMAT
def test_a_python_branch_on_a_value_is_named(backend: str, format: str, tmp_path: Path) -> None:
    with pytest.raises(TracedValueError, match=r"bool\(\).*traced.*Write unifw\.cond\(p, f, g\) or unifw\.where"):
        unifw.export(Branching(), tmp_path / FORMATS[format], format=format, inputs=example(2, 3))
    assert not list(tmp_path.iterdir())


@EVERY_FORMAT
def test_a_forward_that_fails_is_explained(backend: str, format: str, tmp_path: Path) -> None:
    class Broken(nn.Module):
        def forward(self, x: unifw.Tensor) -> unifw.Tensor:
            return x.no_such_method()  # type: ignore[attr-defined,no-any-return]

    with pytest.raises(ExportError, match=r"Broken cannot be traced for .*no_such_method.*Nothing was written"):
        unifw.export(Broken(), tmp_path / FORMATS[format], format=format, inputs=example(2, 3))
    assert not list(tmp_path.iterdir())


@EVERY_FORMAT
def test_an_artefact_that_differs_is_refused(backend: str, format: str, tmp_path: Path) -> None:
    class Counting(nn.Module):
        calls = 0

        def forward(self, x: unifw.Tensor) -> unifw.Tensor:
            Counting.calls += 1
            return x + float(Counting.calls)

    with pytest.raises(ExportError, match=r"differs from the live model by .*expected at most"):
        unifw.export(Counting(), tmp_path / FORMATS[format], format=format, inputs=example(2, 3))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("dtype", "allowed"),
    [("float64", 1e-12), ("float32", 1e-4), ("float16", 1e-2), ("bfloat16", 5e-2), ("complex128", 1e-12)],
)
def test_the_difference_allowed_follows_the_dtype(backend: str, dtype: str, allowed: float) -> None:
    zero = unifw.asarray([0.0]).to(dtype)
    largest_difference(lambda x: x, lambda x: x + allowed / 2, [zero])
    with pytest.raises(ExportError, match=r"differs from the live model by .*expected at most"):
        largest_difference(lambda x: x, lambda x: x + 2 * allowed, [zero])


def test_what_passed_through_a_coarser_dtype_is_compared_as_coarsely(backend: str) -> None:
    model = nn.Linear(1, 1)  # of float32
    wide = [unifw.zeros((1, 1), dtype=unifw.float64)]
    live = _Widening(model)
    assert largest_difference(live, lambda x: live(x) + 1e-6, wide) == pytest.approx(1e-6, rel=1e-3)
    with pytest.raises(ExportError, match="expected at most 1e-12"):
        largest_difference(_Widening(model.to(unifw.float64)), lambda x: live(x) + 1e-6, wide)


@EVERY_FORMAT
@pytest.mark.parametrize("dtype", ["float64", "bfloat16"])
def test_models_of_other_dtypes_pass_the_comparison(backend: str, format: str, dtype: str, tmp_path: Path) -> None:
    model = nn.Sequential(nn.Linear(64, 256), nn.ReLU(), nn.LayerNorm(256), nn.Linear(256, 256), nn.Softmax(-1)).to(
        dtype
    )
    batch = unifw.asarray(example(4, 64)).to(dtype)
    report = unifw.export(model, tmp_path / FORMATS[format], format=format, inputs=batch)
    assert report.max_difference <= (1e-14 if dtype == "float64" else 1e-3)


@EVERY_FORMAT
def test_an_existing_path_survives(backend: str, format: str, tmp_path: Path) -> None:
    path = tmp_path / FORMATS[format]
    path.write_text("precious")
    with pytest.raises(PathExistsError, match="exists already"):
        unifw.export(nn.Linear(3, 2), path, format=format, inputs=example(2, 3))
    assert path.read_text() == "precious"


@EVERY_FORMAT
def test_a_missing_folder_is_named(backend: str, format: str, tmp_path: Path) -> None:
    with pytest.raises(PathWriteError, match=r"cannot be written.*mkdir"):
        unifw.export(nn.Linear(3, 2), tmp_path / "no" / FORMATS[format], format=format, inputs=example(2, 3))
    assert not list(tmp_path.iterdir())


def test_other_bad_input(backend: str, tmp_path: Path) -> None:
    model = nn.Linear(3, 2)
    with pytest.raises(ArgumentError, match=r"expected one of .*pt2.*saved_model.*torchscript"):
        unifw.export(model, tmp_path / "x", format="onyx", inputs=example(2, 3))
    with pytest.raises(ShapeError, match=r"got inputs y; expected names among x"):
        unifw.export(model, tmp_path / "x", format="pt2", inputs={"y": example(2, 3)})
    with pytest.raises(ShapeError, match=r"got 2 inputs; expected those of forward\(x\)"):
        unifw.export(model, tmp_path / "x", format="pt2", inputs=(example(2, 3), example(2, 3)))
    with pytest.raises(ShapeError, match="expected a batch of at least one row"):
        unifw.export(model, tmp_path / "x", format="pt2", inputs=example(0, 3))
    with pytest.raises(ShapeError, match="expected a last axis of 3"):
        unifw.export(model, tmp_path / "x", format="saved_model", inputs=example(2, 4))
    with pytest.raises(PathMissingError, match="nothing at"):
        unifw.load_artifact(tmp_path / "nothing.pt2")
    (tmp_path / "text.pt2").write_text("no archive")
    with pytest.raises(FileFormatError, match="cannot be read as pt2"):
        unifw.load_artifact(tmp_path / "text.pt2")
    (tmp_path / "text.xyz").write_text("no model")
    with pytest.raises(FileFormatError, match="expected one of"):
        unifw.load_artifact(tmp_path / "text.xyz")
