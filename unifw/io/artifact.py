"""Exported models: load one and run it, by the framework it was written for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from unifw import tree
from unifw.array.creation import asarray
from unifw.conversion import TensorLike
from unifw.errors import FileFormatError, OperationError, PathMissingError, UnifwError, describe, first_line
from unifw.registry import backends, info, load_backend, part, using_backend
from unifw.spec import Backend


class Artifact:
    """An exported model: call it with the inputs of the model, as Tensors of any backend or NumPy arrays.

    Raises OperationError for inputs that it cannot take.

    >>> import tempfile, unifw
    >>> path = tempfile.mkdtemp() + "/model.pt2"
    >>> report = unifw.export(unifw.nn.ReLU(), path, format="pt2", inputs=unifw.zeros((2, 1)))
    >>> artifact = unifw.load_artifact(path)
    >>> artifact.format, artifact.backend.name, artifact(unifw.ones((3, 1))).shape
    ('pt2', 'torch', (3, 1))
    """

    def __init__(self, format: str, backend: Backend, run: Callable[[Sequence[Any]], Any]) -> None:
        self.format = format
        self.backend = backend
        self._run = run

    def __call__(self, *inputs: TensorLike) -> Any:
        try:
            return self.outputs(*inputs)
        except UnifwError:
            raise
        except Exception as error:
            raise OperationError(
                f"{self!r}: failed on {', '.join(map(describe, inputs)) or 'no inputs'}; expected those that it was "
                f"exported for, with any number of rows. The native framework says: {first_line(error)}"
            ) from error

    def outputs(self, *inputs: TensorLike) -> Any:
        """What a call gives, with the framework's own errors."""
        with using_backend(self.backend):
            tensors = [asarray(x).to_backend(self.backend) for x in inputs]
        outputs = self._run([x.native for x in tensors])
        return tree.map_leaves(self.backend.Tensor, outputs)

    def __repr__(self) -> str:
        return f"Artifact({self.format}, backend={self.backend.name})"


def load_artifact(path: str | PathLike[str], format: str | None = None) -> Artifact:
    """Load what `export` wrote; the format follows from the ending unless given.

    Raises PathMissingError, and FileFormatError for an unknown ending or a file that is something else.

    >>> import tempfile, unifw
    >>> path = tempfile.mkdtemp() + "/model.pt2"
    >>> report = unifw.export(unifw.nn.ReLU(), path, format="pt2", inputs=unifw.asarray([[-1.0], [2.0]]))
    >>> unifw.load_artifact(path)(unifw.asarray([[-3.0], [4.0], [5.0]])).tolist()
    [[0.0], [4.0], [5.0]]
    """
    target = Path(path)
    if not target.exists():
        raise PathMissingError(f"load_artifact: there is nothing at {target}; expected what unifw.export wrote.")
    name, format = _owner(target, format)
    backend = load_backend(name)
    try:
        return Artifact(format, backend, part(backend, "export").read(format, str(target)))
    except Exception as error:
        raise FileFormatError(f"load_artifact: {target} cannot be read as {format}: {error}") from error


def _owner(path: Path, format: str | None) -> tuple[str, str]:
    """The backend and the format of what lies at `path`."""
    known = [(name, form, ending) for name in backends() for form, ending in info(name).formats.items()]
    for name, form, ending in known:
        if form == format or (format is None and ending == ("" if path.is_dir() else path.suffix)):
            return name, form
    endings = ", ".join(f"{form} ({ending or 'a folder'})" for _, form, ending in known)
    raise FileFormatError(f"load_artifact: got {path.name}, format={format!r}; expected one of {endings}.")
