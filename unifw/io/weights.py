"""Weights in safetensors: no code in the file, PyTorch's names, any backend."""

from __future__ import annotations

from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from unifw.array.creation import asarray
from unifw.conversion import TensorLike
from unifw.dtypes import bfloat16, complex128
from unifw.errors import FileFormatError, OperandError, PathMissingError, PathWriteError, describe
from unifw.io.paths import written_whole
from unifw.io.stored import stored_in
from unifw.nn.module import Module
from unifw.spec import Numpy
from unifw.tensor import Tensor


def save(model: Module | Mapping[str, TensorLike], path: str | PathLike[str]) -> None:
    """Write a model's parameters and buffers, or a dict of tensors, to a `.safetensors` file.

    A tensor that stands under several names (tied weights) is written once; its other names are in the file's
    metadata, {other name: name}, as other readers of the format expect them. The file is replaced whole or not at all.
    Raises PathWriteError if it cannot be written.

    >>> import tempfile, unifw
    >>> path = tempfile.mkdtemp() + "/model.safetensors"
    >>> unifw.save(unifw.nn.Linear(2, 1), path)
    >>> list(unifw.load(path))
    ['bias', 'weight']
    """
    import safetensors

    named, shared = _named(model)
    values = {name: _stored(name, x) for name, x in named.items()}
    specs = {
        name: safetensors.TensorSpec(dtype=dtype, shape=array.shape, data_ptr=array.ctypes.data, data_len=array.nbytes)
        for name, (dtype, array) in values.items()
    }
    target = Path(path)
    if target.is_dir():
        raise PathWriteError(f"save: {target} is a folder; expected a file. Write {target / 'model.safetensors'}.")
    with written_whole(target) as temporary:
        try:
            safetensors.serialize_file(specs, temporary, {"format": "unifw", **shared})
        except safetensors.SafetensorError as error:
            raise PathWriteError(f"save: {target} cannot be written ({error}); nothing was changed.") from error


def _named(model: Any) -> tuple[Mapping[str, TensorLike], dict[str, str]]:
    """What to write, each tensor once, and the other names {other name: name}."""
    if isinstance(model, Module):
        return model.named_state(), model.shared_names()
    if not isinstance(model, Mapping):
        raise OperandError(f"save: got {describe(model)}; expected a Module or a dict of tensors.")
    first: dict[int, str] = {}
    for name, x in model.items():
        first.setdefault(id(x), name)
    shared = {name: first[id(x)] for name, x in model.items() if name != first[id(x)]}
    return {name: model[name] for name in first.values()}, shared


def _stored(name: str, x: TensorLike) -> tuple[str, Numpy]:
    """The dtype's name in the file, and contiguous little-endian values."""
    tensor = x if isinstance(x, Tensor) else asarray(x)
    if tensor.dtype is complex128:
        raise FileFormatError(f"save: {name} is complex128, which safetensors lacks. Write x.to(unifw.complex64).")
    values = np.asarray(tensor.numpy(), order="C")
    values = values.astype(values.dtype.newbyteorder("<"), copy=False)
    if tensor.dtype is bfloat16:  # the upper half of the float32 that holds the same value
        return "bfloat16", np.asarray(values.view(np.uint32) >> 16, np.uint16)
    return tensor.dtype.name, values


def load(path: str | PathLike[str]) -> dict[str, Tensor]:
    """Read a `.safetensors` file as a dict of tensors on the active backend, for `Module.load_state_dict`.

    What `save` wrote once for several names stands under each of them, as one Tensor.
    Raises PathMissingError, and FileFormatError if the file is something else or damaged.

    >>> import tempfile, unifw
    >>> path = tempfile.mkdtemp() + "/x.safetensors"
    >>> unifw.save({"x": unifw.asarray([1.0, 2.0])}, path)
    >>> unifw.load(path)["x"].tolist()
    [1.0, 2.0]
    """
    if Path(path).is_dir():
        raise FileFormatError(f"load: {path} is a folder; expected a file. Write unifw.load_checkpoint(model, path).")
    try:
        entries = stored_in(Path(path))
        values = {entry: entry.read() for entry in set(entries.values())}
        return {name: values[entry] for name, entry in entries.items()}
    except FileNotFoundError:
        raise PathMissingError(
            f"load: there is nothing at {path}; expected a file that unifw.save(model, path) wrote."
        ) from None
