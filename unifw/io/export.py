"""Exporting: move the model to the framework that owns the format, let that framework write it, check the result."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import Any

from unifw.array.creation import asarray
from unifw.array.manipulation import concat
from unifw.conversion import TensorLike
from unifw.errors import ExportError, ShapeError, UnifwError, describe, first_line
from unifw.io.artifact import Artifact, load_artifact
from unifw.io.paths import refuse_existing, written_whole
from unifw.io.verify import largest_difference
from unifw.nn.modes import mode
from unifw.nn.module import Module
from unifw.registry import backend_of_format, load_backend, part, using_backend
from unifw.spec import Backend
from unifw.spec.export import ExportRequest
from unifw.tensor import Tensor
from unifw.variable import Buffer


@dataclass(frozen=True)
class ExportReport:
    """What was written, and the largest difference from the live model on the batch sizes that were compared.

    >>> import tempfile, unifw
    >>> path = tempfile.mkdtemp() + "/model.pt2"
    >>> report = unifw.export(unifw.nn.ReLU(), path, format="pt2", inputs=unifw.zeros((2, 1)))
    >>> report.format, report.max_difference
    ('pt2', 0.0)
    """

    path: Path
    format: str
    max_difference: float
    batch_sizes: tuple[int, ...]


def export(
    model: Module,
    path: str | PathLike[str],
    *,
    format: str,
    inputs: TensorLike | tuple[TensorLike, ...] | Mapping[str, TensorLike],
) -> ExportReport:
    """Write a model for another program to run: "torchscript", "pt2" or "saved_model", from either backend.

    `inputs` is an example batch: one array, a tuple of them, or a dict by the names of the arguments of `forward`. Its
    values do not matter; axis 0 of each, the batch, stays free in the artefact. The model is exported in evaluation
    mode; it keeps its own, and its state: what `forward` assigns to buffers, the artefact assigns to its own. `forward`
    may take derivatives. Before the call returns, the artefact is read back, run with this and another batch size
    and compared with the live model.

    Raises PathExistsError, PathWriteError, ArgumentError for an unknown format, and ExportError for a model that
    cannot be traced or an artefact that differs; then nothing is left at `path`.

    >>> import tempfile, unifw
    >>> path = tempfile.mkdtemp() + "/model.pt2"
    >>> report = unifw.export(unifw.nn.Linear(3, 2), path, format="pt2", inputs=unifw.zeros((4, 3)))
    >>> report.max_difference < 1e-6, report.batch_sizes
    (True, (4, 5))
    """
    target = load_backend(backend_of_format(format).name)
    refuse_existing(Path(path))
    named = _named_inputs(model, inputs)
    larger = [concat([x, x[:1]]) for x in named.values()]
    with mode(model, training=False), _kept_state(model), written_whole(Path(path)) as temporary:
        twin = model.to_backend(target)
        _write(twin, target, format, temporary, dict(zip(named, larger, strict=True)))
        artifact = load_artifact(temporary, format)
        batches = (list(named.values()), larger)
        worst = max(_compare(model, artifact, batch) for batch in batches)
    return ExportReport(Path(path), format, worst, tuple(len(batch[0]) for batch in batches))


@contextmanager
def _kept_state(model: Module) -> Iterator[None]:
    """Undo what calls of the model assign to its parameters and buffers inside the `with` block."""
    # A kernel may write to a buffer's memory; a parameter gets new memory with each value.
    before = [(x, x.ops.copy(x._stored) if isinstance(x, Buffer) else x._stored) for x in model.named_state().values()]
    try:
        yield
    finally:
        for variable, value in before:
            variable._set_stored(value)


def _named_inputs(model: Module, inputs: Any) -> dict[str, Tensor]:
    """The example inputs by the names of the arguments of `forward`, on the model's backend."""
    names = [p.name for p in inspect.signature(model.forward).parameters.values() if p.kind is not p.KEYWORD_ONLY]
    if isinstance(inputs, Mapping):
        unknown = [name for name in inputs if name not in names]
        if unknown:
            raise ShapeError(f"export: got inputs {', '.join(unknown)}; expected names among {', '.join(names)}.")
        given = {name: inputs[name] for name in names if name in inputs}
    else:
        values = inputs if isinstance(inputs, (tuple, list)) else (inputs,)
        if len(values) > len(names) or not values:
            raise ShapeError(f"export: got {len(values)} inputs; expected those of forward({', '.join(names)}).")
        given = dict(zip(names, values, strict=False))
    with using_backend(model.backend) as backend:
        named = {name: asarray(value).to_backend(backend).to(model.device) for name, value in given.items()}
    for name, x in named.items():
        if not x.ndim or not len(x):
            raise ShapeError(f"export: got {describe(x)} for {name}; expected a batch of at least one row on axis 0.")
    return named


def _write(model: Module, backend: Backend, format: str, path: Path, inputs: Mapping[str, Tensor]) -> None:
    def forward(*tensors: Tensor) -> Any:
        return model(**dict(zip(inputs, tensors, strict=True)))

    moved = {name: x.to_backend(backend).native for name, x in inputs.items()}
    request = ExportRequest(format, str(path), forward, model.named_state(), moved)
    try:
        with using_backend(backend):  # a model without parameters is on whichever is active
            part(backend, "export").write(request)
    except UnifwError:
        raise
    except Exception as error:
        raise ExportError(
            f"export: {type(model).__name__} cannot be traced for {format}: {first_line(error)}. Nothing was written. "
            "Make forward() of tensor functions: write unifw.where instead of `if`, and shapes instead of values."
        ) from error


def _compare(model: Module, artifact: Artifact, batch: list[Tensor]) -> float:
    try:
        return largest_difference(model, artifact.outputs, batch)
    except UnifwError:
        raise
    except Exception as error:
        raise ExportError(
            f"export: the artefact failed on a batch of {len(batch[0])} rows: {error}. Nothing was written. "
            "Does forward() turn the batch size into a Python number?"
        ) from error
