"""Reading what `torch.save` wrote, by torch's restricted unpickler alone."""

from __future__ import annotations

import re
import zipfile
from typing import Any

import torch

from unifw import tree

_OBJECTS = (
    "it holds more than tensors and plain values ({}), and rebuilding that would run code from the file. Where you "
    "trust it, write once, with the program that made it: torch.save(model.state_dict(), path)"
)
_PROGRAM = "it is a TorchScript program, not weights. Write unifw.load_artifact(path) to run it"


def read(path: str) -> Any:
    """The tensors are mapped into memory, and read when they are used, where the file's form allows it."""
    try:
        found = torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
    except Exception as error:  # of many types: the unpickler meets whatever the bytes spell
        raise ValueError(_reason(str(error))) from error
    for x in tree.leaves(found):
        if isinstance(x, torch.Tensor) and (x.layout != torch.strided or x.is_meta):
            kind = "without values (of the device meta)" if x.is_meta else f"of the layout {x.layout}"
            raise ValueError(f"it has a tensor {kind}; expected dense ones with values")
    return found


def _reason(message: str) -> str:
    """Why a file was refused; torch's own message advises to run its code."""
    refused = re.search(r"GLOBAL ([\w.]+)", message)
    if refused:
        return _OBJECTS.format(refused[1])
    if "TorchScript" in message:
        return _PROGRAM
    return "it is damaged, or was not written by torch.save"
