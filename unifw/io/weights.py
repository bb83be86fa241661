"""Weights in safetensors: no code in the file, PyTorch's names, any backend."""

from __future__ import annotations

import json
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
from unifw.nn.module import Module
from unifw.spec import Numpy
from unifw.tensor import Tensor

_FROM_FILE = {
    "BOOL": "bool", "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64", "U8": "uint8", "U16": "uint16",
    "U32": "uint32", "U64": "uint64", "F16": "float16", "F32": "float32", "F64": "float64", "C64": "complex64",
}  # fmt: skip


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
    import safetensors

    try:
        data = Path(path).read_bytes()
    except FileNotFoundError:
        raise PathMissingError(
            f"load: there is nothing at {path}; expected a file that unifw.save(model, path) wrote."
        ) from None
    try:
        entries = safetensors.deserialize(data)  # type: ignore[no-untyped-call]
        values = {name: _restored(name, entry) for name, entry in sorted(entries)}
        shared = _metadata(data)
    except safetensors.SafetensorError as error:
        raise FileFormatError(
            f"load: {path} is not a safetensors file ({error}). "
            "Write unifw.save(model, path) to make one; other formats need their own loader."
        ) from error
    return values | {name: values[first] for name, first in shared.items() if first in values and name not in values}


def _metadata(data: bytes) -> dict[str, str]:
    """The free words of a file's header, which its reader passes over: 8 bytes of length, then JSON."""
    header = json.loads(data[8 : 8 + int.from_bytes(data[:8], "little")])
    found: dict[str, str] = header.get("__metadata__", {})
    return {name: value for name, value in found.items() if name != "format"}


def _restored(name: str, entry: Mapping[str, Any]) -> Tensor:
    kind, shape, data = entry["dtype"], entry["shape"], entry["data"]
    if kind == "BF16":
        upper = np.frombuffer(data, np.uint16).astype(np.uint32) << 16
        return asarray(upper.view(np.float32).reshape(shape), dtype=bfloat16)
    if kind not in _FROM_FILE:
        raise FileFormatError(f"load: {name} has the dtype {kind}; expected one of {', '.join(_FROM_FILE)}, BF16.")
    return asarray(np.frombuffer(data, _FROM_FILE[kind]).reshape(shape))
