"""What a checkpoint is made of: a file, a folder with one, or parts that an index lists."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from unifw.dtypes import DType
from unifw.errors import BackendNotInstalledError, FileFormatError, PathMissingError, StateDictError
from unifw.io.stored import Stored, stored_in
from unifw.registry import backend_of_checkpoint, backends, info, load_backend, part
from unifw.spec import Backend
from unifw.tensor import Tensor

_SAFE, _INDEX = ".safetensors", ".index.json"
_NESTED = ("state_dict", "model_state_dict", "model", "module", "net", "network", "weights", "params")


def read_checkpoint(path: Path, key: str | None) -> dict[str, Stored]:
    """Every tensor by its name in the file; `key` chooses the entry of a nested file.

    Raises PathMissingError, FileFormatError, BackendNotInstalledError, and StateDictError for a key that is not there.

    >>> import tempfile, unifw
    >>> folder = tempfile.mkdtemp()
    >>> unifw.save(unifw.nn.Linear(2, 1), folder + "/model.safetensors")
    >>> list(read_checkpoint(Path(folder), None))
    ['bias', 'weight']
    """
    source = _file_of(path)
    try:
        return _parts(source, key) if source.name.endswith(_INDEX) else _tensors(source, key)
    except FileNotFoundError as error:
        place = error.filename or error.args[0]
        raise PathMissingError(
            f"load_checkpoint: there is nothing at {place}; expected a file or folder of weights."
        ) from None


def _file_of(path: Path) -> Path:
    """The file to read at `path`: in a folder its index, else its only file of weights."""
    if not path.is_dir():
        return path
    endings = (_SAFE + _INDEX, _SAFE, ".bin" + _INDEX, *_framework_endings())
    for ending in endings:
        found = sorted(file for file in path.iterdir() if file.name.endswith(ending))
        if len(found) == 1:
            return found[0]
        if found:
            names = ", ".join(file.name for file in found[:5])
            raise FileFormatError(f"load_checkpoint: {path} has several files of weights ({names}); name one of them.")
    raise PathMissingError(f"load_checkpoint: the folder {path} has no file that ends in {', '.join(endings)}.")


def _framework_endings() -> list[str]:
    return [ending for name in backends() for ending in info(name).checkpoints]


def _parts(index: Path, key: str | None) -> dict[str, Stored]:
    """The tensors of every part; an index maps each name to the file, beside it, that has it."""
    try:
        files: dict[str, str] = json.loads(index.read_text())["weight_map"]
    except (ValueError, KeyError, TypeError) as error:
        raise FileFormatError(f"load_checkpoint: {index} is no index of weights ({error!r}).") from error
    outside = [file for file in files.values() if Path(file).name != file]
    if outside:
        raise FileFormatError(f"load_checkpoint: {index} names {outside[0]!r}; expected files beside it.")
    parts = {file: _tensors(index.parent / file, key) for file in sorted(set(files.values()))}
    absent = [name for name, file in files.items() if name not in parts[file]]
    if absent:
        raise FileFormatError(f"load_checkpoint: {files[absent[0]]} has no {absent[0]}, which {index} places there.")
    return {name: parts[file][name] for name, file in files.items()}


def _tensors(path: Path, key: str | None) -> dict[str, Stored]:
    """The tensors of one file."""
    if not path.exists():
        raise FileNotFoundError(path)
    if path.suffix == _SAFE or _is_safe(path):
        return stored_in(path)
    backend = _reader(path)
    try:
        tree = part(backend, "checkpoint").read(str(path))
    except ValueError as error:
        raise FileFormatError(f"load_checkpoint: {path} cannot be read: {error}.") from error
    return {name: _held(backend, x) for name, x in _weights_in(tree, path, key).items()}


def _is_safe(path: Path) -> bool:
    """Whether a file of another ending is in safetensors all the same: a length, and a header in JSON of it."""
    with path.open("rb") as file:
        start = file.read(9)
    return start[8:] == b"{" and int.from_bytes(start[:8], "little") < path.stat().st_size


def _reader(path: Path) -> Backend:
    """The backend that reads a file of this ending."""
    known = backend_of_checkpoint(path.suffix)
    if known is None:
        endings = ", ".join([_SAFE, _SAFE + _INDEX, *_framework_endings()])
        raise FileFormatError(f"load_checkpoint: {path} ends in {path.suffix!r}; expected one of {endings}.")
    try:
        return load_backend(known.name)
    except BackendNotInstalledError as error:
        raise BackendNotInstalledError(
            f"load_checkpoint: {path.name} is in {known.requires}'s own format, and {known.requires} is not installed; "
            f"the model itself may live elsewhere. Run: {known.install}, or, where it is installed, load the file into "
            "the model and write unifw.save(model, 'model.safetensors'), which needs no framework to be read."
        ) from error


def _held(backend: Backend, x: Any) -> Stored:
    """A tensor that the framework has opened; its word for a dtype that unifw lacks."""
    tensor = backend.Tensor(x)
    try:
        dtype: DType | str = tensor.dtype
    except KeyError:
        dtype = str(x.dtype)
    return Stored(tuple(x.shape), dtype, lambda: tensor)


def _weights_in(tree: Any, path: Path, key: str | None) -> dict[str, Any]:
    """The dict of tensors in what a file holds: itself, the entry that `key` names, or the one that is usual."""
    if key is not None:
        tree = _entry(tree, path, key)
    if not isinstance(tree, Mapping):
        raise FileFormatError(f"load_checkpoint: {path} holds a {type(tree).__name__}; expected a dict of tensors.")
    tensors = {name: x for name, x in tree.items() if _is_tensor(x)}
    if tensors:
        return tensors
    nested = [name for name, x in tree.items() if _has_tensors(x)]
    usual = [name for name in _NESTED if name in nested] or (nested if len(nested) == 1 else [])
    if usual:
        return _weights_in(tree[usual[0]], path, None)
    raise FileFormatError(
        f"load_checkpoint: {path} holds a dict of {', '.join(map(repr, tree)) or 'nothing'}; expected tensors, "
        f"or one of {', '.join(_NESTED)}. Write key=... to choose an entry."
    )


def _entry(tree: Any, path: Path, key: str) -> Any:
    if not isinstance(tree, Mapping) or key not in tree:
        known = ", ".join(map(repr, tree)) if isinstance(tree, Mapping) else type(tree).__name__
        raise StateDictError(f"load_checkpoint: {path} has no entry {key!r}; expected one of {known[:300]}.")
    return tree[key]


def _has_tensors(x: Any) -> bool:
    return isinstance(x, Mapping) and any(_is_tensor(value) or _has_tensors(value) for value in x.values())


def _is_tensor(x: Any) -> bool:
    return hasattr(x, "shape") and hasattr(x, "dtype") and not isinstance(x, Tensor)
