"""The state of an optimiser as a dict: PyTorch's names and numbers, whichever backend it comes from or goes to."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import TYPE_CHECKING, Any

from unifw.errors import StateDictError, describe
from unifw.tensor import Tensor

if TYPE_CHECKING:
    from unifw.optim.base import Optimizer


def state_of(optimizer: Optimizer) -> dict[str, Any]:
    """What `Optimizer.state_dict` returns."""
    state = {
        name: {
            key: _rescaled(optimizer, name, key, x.wrap(x.ops.copy(x.native)), inverse=True) for key, x in own.items()
        }
        for name, own in optimizer.state.items()
    }
    found = {"step": optimizer.step_count, "missed": dict(optimizer.missed), "state": state}
    return {**found, "lr": optimizer.lr.state_dict()} if hasattr(optimizer.lr, "state_dict") else found


def load_state(optimizer: Optimizer, state: Mapping[str, Any]) -> None:
    """What `Optimizer.load_state_dict` does."""
    kind = type(optimizer).__name__
    if (
        not isinstance(state, Mapping)
        or not {"step", "state"} <= set(state) <= {"step", "missed", "state", "lr"}
        or not (isinstance(state["step"], Integral) and int(state["step"]) >= 0 and isinstance(state["state"], Mapping))
    ):
        raise StateDictError(
            f'{kind}: got {describe(state)}; expected {{"step": n, "state": {{...}}}}. '
            "Write optimizer.load_state_dict(other.state_dict())."
        )
    held = state["state"]
    wrong = [name for name, own in held.items() if not _fits(optimizer, name, own)]
    if wrong:
        raise StateDictError(
            f"{kind}: got state for {', '.join(wrong)}, which does not fit; expected names among "
            f"{', '.join(optimizer.parameters)}, each of its shape, with {optimizer.state_names}. Nothing was loaded."
        )
    if "lr" in state and hasattr(optimizer.lr, "load_state_dict"):
        optimizer.lr.load_state_dict(state["lr"])
    optimizer.state, optimizer.missed, optimizer.step_count = {}, dict(state.get("missed", {})), int(state["step"])
    missed = dict.fromkeys(held, 0) | optimizer.missed
    optimizer.prepare(held)
    optimizer.missed = missed
    for name, own in held.items():
        for key, value in own.items():
            buffer = optimizer.state[name][key].assign(value)
            buffer._set(_rescaled(optimizer, name, key, buffer.wrap(buffer.native)).native)


def _rescaled(optimizer: Optimizer, name: str, key: str, x: Tensor, inverse: bool = False) -> Tensor:
    """A state between PyTorch's numbers and those that a backend's kernel keeps, which may be a factor away."""
    backend, step = x.backend, optimizer.step_count - optimizer.missed.get(name, 0)
    like = optimizer.parameters[name].native
    if backend.optim is None or not step:
        return x
    factor = backend.optim.state_factor(optimizer.rule, key, optimizer.group_of(name).hyper, step, like)
    return x if factor == 1 else x * (1 / factor if inverse else factor)


def _fits(optimizer: Optimizer, name: str, own: Mapping[str, Any]) -> bool:
    if name not in optimizer.parameters or not isinstance(own, Mapping) or set(own) != set(optimizer.state_names):
        return False
    return all(tuple(value.shape) == tuple(optimizer.parameters[name].shape) for value in own.values())
