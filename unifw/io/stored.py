"""Tensors in a file, each read when it is asked for, so that a large file is never in memory as a whole."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from unifw.array.creation import asarray
from unifw.dtypes import BY_NAME, DType, bfloat16
from unifw.errors import FileFormatError
from unifw.tensor import Tensor

_DTYPES = {
    "BOOL": "bool", "I8": "int8", "I16": "int16", "I32": "int32", "I64": "int64", "U8": "uint8", "U16": "uint16",
    "U32": "uint32", "U64": "uint64", "F16": "float16", "BF16": "bfloat16", "F32": "float32", "F64": "float64",
    "C64": "complex64",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Stored:
    """A tensor in a file: its shape, its dtype (the file's word for one that unifw lacks), and how to read it."""

    shape: tuple[int, ...]
    dtype: DType | str
    read: Callable[[], Tensor]


def stored_in(path: Path) -> dict[str, Stored]:
    """Every tensor of a safetensors file, none of them read; each is read on the backend that is active then.

    A shared tensor stands under each of its names, which the file's free words hold: the others, with the first.
    Raises FileNotFoundError, and FileFormatError if the file is something else or damaged.

    >>> import tempfile, unifw
    >>> path = Path(tempfile.mkdtemp()) / "x.safetensors"
    >>> unifw.save({"x": unifw.asarray([1.0, 2.0])}, path)
    >>> stored_in(path)["x"].shape, stored_in(path)["x"].read().tolist()
    ((2,), [1.0, 2.0])
    """
    import safetensors

    try:
        with safetensors.safe_open(path, framework="numpy"):  # which compares the header with the size of the file
            pass
    except safetensors.SafetensorError as error:
        raise FileFormatError(
            f"load: {path} is not a safetensors file ({error}). "
            "Write unifw.save(model, path) to make one; other formats need their own loader."
        ) from error
    memory = np.memmap(path, np.uint8, "r")
    start = 8 + int.from_bytes(memory[:8].tobytes(), "little")
    header = json.loads(memory[8:start].tobytes())
    words = header.pop("__metadata__", {})
    words.pop("format", None)  # the one word that every writer puts there
    entries = {name: _entry(name, x, memory[start:]) for name, x in sorted(header.items())}
    shared = {name: entries[first] for name, first in words.items() if first in entries and name not in entries}
    return entries | shared


def _entry(name: str, x: dict[str, Any], memory: Any) -> Stored:
    first, last = x["data_offsets"]
    dtype: DType | str = BY_NAME[_DTYPES[x["dtype"]]] if x["dtype"] in _DTYPES else x["dtype"]
    shape = tuple(x["shape"])
    return Stored(shape, dtype, partial(_restored, name, memory[first:last], dtype, shape))


def _restored(name: str, data: Any, dtype: DType | str, shape: tuple[int, ...]) -> Tensor:
    if isinstance(dtype, str):
        raise FileFormatError(f"load: {name} has the dtype {dtype}; expected one of {', '.join(_DTYPES)}.")
    if dtype is bfloat16:  # the upper half of the float32 that holds the same value
        upper = np.frombuffer(data, np.uint16).astype(np.uint32) << 16
        return asarray(upper.view(np.float32).reshape(shape), dtype=bfloat16)
    return asarray(np.frombuffer(data, dtype.name).reshape(shape))
