"""State dicts: what a Module says of its values by name, and how it takes them over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from unifw.conversion import TensorLike
from unifw.errors import StateDictError, describe
from unifw.nn.lazy import Unfinished
from unifw.nn.members import Members
from unifw.tensor import Tensor

Shape = tuple[int, ...]


@dataclass(frozen=True)
class LoadReport:
    """What did not fit when a state dict was loaded: names, and shapes as (got, expected).

    >>> import unifw
    >>> unifw.nn.Linear(2, 1).load_state_dict({"weight": unifw.ones((1, 2))}, strict=False).missing
    ('bias',)
    """

    missing: tuple[str, ...]
    unexpected: tuple[str, ...]
    misshapen: Mapping[str, tuple[Shape, Shape]]

    def __bool__(self) -> bool:
        return bool(self.missing or self.unexpected or self.misshapen)

    def __str__(self) -> str:
        lines = [f"  missing: {name}" for name in self.missing]
        lines += [f"  unexpected: {name}" for name in self.unexpected]
        lines += [f"  misshapen: {name}: got {got}, expected {want}" for name, (got, want) in self.misshapen.items()]
        return "\n".join(lines) or "  everything fits"


def state_dict(model: Members) -> dict[str, Tensor]:
    """A copy of every parameter and buffer under each of its names; a shared one is one Tensor."""
    copies = {name: x.wrap(x.ops.copy(x.native)) for name, x in model.named_state().items()}
    return {**copies, **{name: copies[first] for name, first in model.shared_names().items()}}


def load_state_dict(model: Members, state: Mapping[str, TensorLike], strict: bool) -> LoadReport:
    """Take over values by name, all of them or none; a shared tensor may stand under any of its names."""
    if not isinstance(state, Mapping):
        raise StateDictError(
            f"load_state_dict: got {describe(state)}; expected {{name: Tensor}}. "
            "Write model.load_state_dict(unifw.load(path)), or unifw.load_checkpoint(model, path)."
        )
    with finished_for(model, state):
        own, shared = model.named_state(), model.shared_names()
        given = {shared.get(name, name): name for name in (*own, *shared) if name in state}
        shapes = {name: (_shape(state[given[name]]), tuple(own[name].shape)) for name in own if name in given}
        report = LoadReport(
            missing=tuple(name for name in own if name not in given),
            unexpected=tuple(name for name in state if name not in own and name not in shared),
            misshapen={name: pair for name, pair in shapes.items() if pair[0] != pair[1]},
        )
        if report.misshapen or (strict and report):
            raise StateDictError(
                f"load_state_dict: the state dict does not fit this {type(model).__name__}; nothing was loaded:\n"
                f"{report}\n"
                "Build the model with the sizes that the weights have, or write strict=False to load what fits."
            )
        found = {name: state[given[name]] for name in shapes}
        values = {name: own[name].converted(name, x) for name, x in found.items() if not _is_like(x, own[name])}
        for name, x in found.items():  # all could be converted: now nothing can fail halfway
            own[name]._set(values.pop(name) if name in values else own[name].converted(name, x))
    return report


@contextmanager
def finished_for(model: Members, state: Mapping[str, Any]) -> Iterator[None]:
    """Give layers that wait for their first call the sizes that the state has; they wait again if loading fails.

    >>> import unifw
    >>> model = unifw.nn.Linear(None, 1)
    >>> with finished_for(model, {"weight": unifw.ones((1, 2))}):
    ...     model.weight.shape
    (1, 2)
    """
    waiting: dict[str, Any] = {name: x for name, x in model.named_modules() if isinstance(x, Unfinished)}
    before = [(layer, type(layer), dict(vars(layer))) for layer in waiting.values()]
    try:
        for name, layer in waiting.items():
            prefix = f"{name}." if name else ""
            shapes = {key.removeprefix(prefix): _shape(x) for key, x in state.items() if key.startswith(prefix)}
            size = layer.size_for(shapes)
            if size is not None:
                layer.finish(size, model.backend)
        yield
    except Exception:
        for layer, cls, attributes in before:
            layer.__class__ = cls
            vars(layer).clear()
            vars(layer).update(attributes)
        raise


def _is_like(x: Any, variable: Tensor) -> bool:
    """Whether this is an array that needs no conversion: it is copied in its turn, so that not all are there twice."""
    return isinstance(x, np.ndarray) and x.dtype.name == variable.dtype.name


def _shape(x: Any) -> Shape:
    return tuple(x.shape) if hasattr(x, "shape") else np.shape(x)
