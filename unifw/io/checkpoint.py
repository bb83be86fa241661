"""Loading weights that others wrote: PyTorch's files and safetensors, with their prefixes and wrappers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from os import PathLike
from pathlib import Path

import numpy as np

from unifw.errors import DTypeError, FileFormatError, StateDictError
from unifw.io.checkpoint_files import read_checkpoint
from unifw.io.checkpoint_names import Fit, Renames, better_prefix, checked, fit_names
from unifw.io.checkpoint_report import CheckpointReport, refusal
from unifw.io.stored import Stored
from unifw.nn.lazy import Unfinished
from unifw.nn.module import Module
from unifw.nn.state import finished_for
from unifw.registry import using_backend
from unifw.variable import Parameter, Variable

Stores = Mapping[str, Stored]

_COUNTS = "num_batches_tracked"  # which files from before PyTorch 0.4.1 lack


def load_checkpoint(
    model: Module,
    path: str | PathLike[str],
    *,
    strict: bool = True,
    key: str | None = None,
    prefix: str | None = None,
    rename: Renames | None = None,
) -> CheckpointReport:
    r"""Load the weights of a file into a model on any backend, and report what did not fit and what did not change.

    `path` is a `.safetensors` file, a file of a framework (`.pt`, `.pth`, `.bin`, TensorFlow's `.index`), which that
    framework must be installed to read, an `.index.json` of several such files, or a folder with one of these. No
    code in the file runs: of a `.pt` only tensors and plain values are read. Tensors are converted one by one to the
    dtype of the model.

    Of a nested file the usual entry is taken ("state_dict", "model", ...), or `key`. What wrappers put into names
    (`module.`, `_orig_mod.`) is taken out, and a prefix that one side lacks (`bert.`, `transformer.`, `model.`) is
    taken off or put before; names beside it, as a head that the model lacks, are skipped. `prefix` chooses one where
    several fit. `rename` maps regular expressions to their replacement, or to None to leave the name out:
    `rename={r"^fc\.": None}, strict=False` keeps the model's own head.

    With `strict`, missing and unexpected names raise StateDictError; other shapes always do, and so does a file of
    which nothing fits. A layer that waits for its first call takes its size from the file. All is compared before the
    first value is replaced: when this raises, nothing was loaded. Raises also PathMissingError, FileFormatError,
    BackendNotInstalledError.

    >>> import tempfile, unifw
    >>> path = tempfile.mkdtemp() + "/trained.safetensors"
    >>> unifw.save({"module.weight": unifw.ones((1, 2)), "module.bias": unifw.ones(1)}, path)
    >>> model = unifw.nn.Linear(2, 1)
    >>> print(unifw.load_checkpoint(model, path))
      2 loaded, prefix 'module.' taken off
    >>> model.bias.tolist()
    [1.0]
    """
    stored = read_checkpoint(Path(path), key)
    renames = {**_old_names(model), **checked(rename)}
    early = fit_names(model.expected_names(), stored, renames, prefix).names if _waits(model) else {}
    with finished_for(model, {name: stored[original] for name, original in early.items()}):
        return _load(model, path, stored, renames, prefix, strict)


def _load(
    model: Module, path: str | PathLike[str], stored: Stores, renames: Renames, prefix: str | None, strict: bool
) -> CheckpointReport:
    """Take over the values that fit, all of them or none."""
    own, other_names = model.named_state(), model.shared_names()
    fit = fit_names({*own, *other_names}, stored, renames, prefix)
    found = _one_each(fit, stored, other_names, path)
    report = _compared(own, found, fit)
    if report.misshapen or (strict and report) or not report.loaded:
        hint = "" if prefix is not None else better_prefix({*own, *other_names}, stored, len(fit.names))
        raise StateDictError(refusal(model, path, stored, report, hint))
    for name, entry in found.items():
        _check_dtype(name, entry, own[name])
    with using_backend(model.backend):
        changed = {name for name, entry in found.items() if _replace(own[name], name, entry)}
    unchanged = [name for name in found if name not in changed and isinstance(own[name], Parameter)]
    return replace(report, unchanged=tuple(unchanged))


def _one_each(fit: Fit, stored: Stores, other_names: Mapping[str, str], path: str | PathLike[str]) -> dict[str, Stored]:
    """The values by the model's names; those of a shared tensor's several names in the file have to be equal."""
    found: dict[str, Stored] = {}
    for name, original in fit.names.items():
        first, entry = other_names.get(name, name), stored[original]
        before = found.setdefault(first, entry)
        if before is not entry and not (
            before.shape == entry.shape and np.array_equal(before.read().numpy(), entry.read().numpy())
        ):
            raise StateDictError(
                f"load_checkpoint: {path} has other values for {name} than for {first}, which are one tensor in this "
                f"model; nothing was loaded. Write rename={{r'^{re.escape(original)}$': None}} to leave one out."
            )
    return found


def _waits(model: Module) -> bool:
    """Whether some layer has no size yet."""
    return any(isinstance(module, Unfinished) for module in model.modules())


def _old_names(model: Module) -> Renames:
    """What the model and its parts say of names that older files have."""
    return {old: new for _, x in model.named_modules() for old, new in getattr(x, "old_names", {}).items()}


def _compared(own: Mapping[str, Variable], found: Mapping[str, Stored], fit: Fit) -> CheckpointReport:
    shapes = {name: (entry.shape, tuple(own[name].shape)) for name, entry in found.items()}
    dtypes = {name: (entry.dtype, own[name].dtype) for name, entry in found.items()}
    return CheckpointReport(
        missing=tuple(name for name in own if name not in found and not name.endswith(_COUNTS)),
        unexpected=fit.unexpected,
        misshapen={name: pair for name, pair in shapes.items() if pair[0] != pair[1]},
        loaded=tuple(found),
        converted={name: pair for name, pair in dtypes.items() if pair[0] is not pair[1]},
        skipped=fit.skipped,
        change=fit.change,
    )


def _check_dtype(name: str, entry: Stored, target: Variable) -> None:
    """Refuse what cannot be converted, before anything is."""
    if isinstance(entry.dtype, str):
        raise FileFormatError(
            f"load_checkpoint: {name} has the dtype {entry.dtype}, which unifw lacks; nothing was loaded."
        )
    source, wanted = (dtype.kind.rpartition(" ")[2] for dtype in (entry.dtype, target.dtype))
    lossy = entry.dtype.kind == "complex floating" != target.dtype.kind
    if lossy or (source == "floating") != (wanted == "floating"):
        raise DTypeError(
            f"load_checkpoint: {name} is {entry.dtype} in the file and {target.dtype} in the model; expected the same "
            "kind of number (quantised weights need their scales). Nothing was loaded."
        )


def _replace(target: Variable, name: str, entry: Stored) -> bool:
    """Replace one value; whether that changed it."""
    before = target.numpy()
    target._set(target.converted(name, entry.read()))
    return not np.array_equal(before, target.numpy())
