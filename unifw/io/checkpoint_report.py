"""What came of loading a checkpoint, in words that a person can act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from unifw.dtypes import DType
from unifw.io.stored import Stored
from unifw.nn.module import Module
from unifw.nn.state import LoadReport

_SHOWN = 5


@dataclass(frozen=True)
class CheckpointReport(LoadReport):
    """What was loaded, under the model's names, and what was not. It is true if something did not fit.

    `loaded` are the names that the file had, and of these `unchanged` the parameters whose values were there before:
    the file has the initial values, or was loaded already. `converted` are those of another dtype in the file, as
    (from, to); `skipped` the file's names beside the prefix, as a head that the model lacks; `change` says what was
    done to the prefix.

    >>> import tempfile, unifw
    >>> path = tempfile.mkdtemp() + "/trained.safetensors"
    >>> unifw.save({"weight": unifw.ones((1, 2))}, path)
    >>> report = unifw.load_checkpoint(unifw.nn.Linear(2, 1), path, strict=False)
    >>> report.loaded, report.missing, bool(report)
    (('weight',), ('bias',), True)
    """

    loaded: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    converted: Mapping[str, tuple[DType | str, DType]] = field(default_factory=dict)
    skipped: tuple[str, ...] = ()
    change: str = ""

    def __str__(self) -> str:
        kinds = Counter(f"{source} to {target}" for source, target in self.converted.values())
        lines = [", ".join(filter(None, (f"{len(self.loaded)} loaded", self.change)))]
        lines += [f"{count} converted from {kind}" for kind, count in kinds.items()]
        lines += _listed("missing", self.missing)
        lines += _listed("unexpected", self.unexpected)
        lines += _listed("misshapen", [f"{n}: got {got}, expected {want}" for n, (got, want) in self.misshapen.items()])
        lines += _listed("skipped, beside the prefix", self.skipped)
        lines += _listed("unchanged, the same as before", self.unchanged)
        return "\n".join(f"  {line}" for line in lines)


def _listed(title: str, names: Iterable[str]) -> list[str]:
    """The first names, one a line, and how many more there are."""
    every = list(names)
    more = [f"{title}: {len(every) - _SHOWN} more"] if len(every) > _SHOWN else []
    return [f"{title}: {name}" for name in every[:_SHOWN]] + more


def refusal(model: Module, path: Any, stored: Mapping[str, Stored], report: CheckpointReport, hint: str) -> str:
    """Why nothing was loaded, what is nearest, and what to write."""
    own = {name: tuple(x.shape) for name, x in model.named_state().items()}
    fitting = len(report.loaded) - len(report.misshapen)
    lines = [
        f"load_checkpoint: {path} does not fit this {type(model).__name__}; nothing was loaded.",
        f"Of the model's {len(own)} tensors {fitting} fit in name and shape; the file has {len(stored)}.",
        str(report).replace("loaded", "found", 1),
        *(f"  perhaps {line}" for line in nearest(report, own, {name: x.shape for name, x in stored.items()})),
    ]
    advice = [hint] if hint else []
    if report.misshapen:
        advice.append("Build the model with the sizes that the weights have.")
    advice.append(
        "Write rename={pattern: replacement} for names that differ, or rename={pattern: None}, strict=False to load "
        "the rest."
    )
    return "\n".join([*lines, *advice])


Shapes = Mapping[str, tuple[int, ...]]


def nearest(report: CheckpointReport, own: Shapes, stored: Shapes) -> list[str]:
    """For the first missing names the unexpected one of the same shape that looks most like each.

    >>> report = CheckpointReport(("head.weight",), ("fc.weight", "fc.bias"), {})
    >>> nearest(report, {"head.weight": (2, 3)}, {"fc.weight": (2, 3), "fc.bias": (2,)})
    ['head.weight is fc.weight']
    """
    from difflib import get_close_matches

    found = []
    for name in report.missing[:_SHOWN]:
        alike = [other for other in report.unexpected if stored[other] == own[name]]
        found += [f"{name} is {match}" for match in get_close_matches(name, alike, 1, 0.4)]
    return found
