"""An exponential moving average of a model's parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from unifw.dtypes import bfloat16, float16, float32
from unifw.errors import ArgumentError, StateDictError, describe
from unifw.optim.base import named
from unifw.registry import part
from unifw.tensor import Tensor
from unifw.tracing.session import in_trace
from unifw.variable import Parameter


class EMA:
    """average = decay average + (1 - decay) parameter, after each step: call `update` there, or give it to a Trainer.

    The average starts at the parameters' first values; with `bias_correction` it is the mean of the values seen so
    far, weighed alike, as if the start had not counted: (1 - decay) sum decay^(t - i) p_i / (1 - decay^t).
    Averages of 16-bit parameters have 32 bits, since 16 would lose the small moves.

    >>> import unifw
    >>> model = unifw.nn.Linear(1, 1, bias=False)
    >>> average = unifw.optim.EMA(model, decay=0.5)
    >>> _ = model.weight.assign(model.weight + 1.0)
    >>> average.update()
    >>> with average.applied():
    ...     within = model.weight.item()
    >>> round(model.weight.item() - within, 5)
    0.5
    """

    def __init__(self, parameters: Any, decay: float = 0.999, bias_correction: bool = False) -> None:
        if not 0 <= decay < 1:
            raise ArgumentError(f"EMA: got decay={decay}; expected a number from 0 to below 1. Write decay=0.999.")
        self.parameters = named(parameters)
        self.decay = decay
        self.bias_correction = bias_correction
        self.updates = 0
        self.averages = {name: x.alike(_wide(x)) for name, x in self.parameters.items()}

    def weight(self, ahead: int = 0) -> float:
        """How far the coming update, or one after it, moves the averages towards the parameters."""
        step = self.updates + 1 + ahead
        return (1 - self.decay) / (1 - self.decay**step) if self.bias_correction else 1 - self.decay

    def update(self) -> None:
        """Take the parameters' values into the averages."""
        self.apply(self.weight())
        self.updates += 1

    def apply(self, weight: Any) -> None:
        """Move the averages by the share `weight`, which may be traced. What a compiled step calls."""
        averages, parameters = list(self.averages.values()), list(self.parameters.values())
        ops = part(parameters[0].backend, "optim")
        if in_trace() and not ops.FUSED_IN_TRACES:
            for average, parameter in zip(averages, parameters, strict=True):
                _move(average, parameter, weight)
            return
        ops.lerp([x.storage for x in averages], [x.storage for x in parameters], weight)

    @contextmanager
    def applied(self) -> Iterator[None]:
        """Inside the `with` block the parameters have the averaged values; after it their own."""
        before = {
            name: parameter.wrap(parameter.ops.copy(parameter.native)) for name, parameter in self.parameters.items()
        }
        try:
            for name, parameter in self.parameters.items():
                parameter.assign(self.averages[name])
            yield
        finally:
            for name, parameter in self.parameters.items():
                parameter._set(before[name].native)

    def state_dict(self) -> dict[str, Any]:
        """The number of updates and a copy of the averages: {"updates": n, "averages": {parameter: Tensor}}."""
        averages: dict[str, Tensor] = {name: x.wrap(x.ops.copy(x.native)) for name, x in self.averages.items()}
        return {"updates": self.updates, "averages": averages}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, on either backend. Raises StateDictError; then nothing is loaded."""
        if not isinstance(state, Mapping) or set(state) != {"updates", "averages"}:
            raise StateDictError(f'EMA: got {describe(state)}; expected {{"updates": n, "averages": {{...}}}}.')
        held, own = state["averages"], self.averages
        wrong = [
            name
            for name in held.keys() | own.keys()
            if name not in held or name not in own or tuple(held[name].shape) != tuple(own[name].shape)
        ]
        if wrong:
            raise StateDictError(
                f"EMA: got averages that do not fit for {', '.join(sorted(wrong))}; expected one for each of "
                f"{', '.join(own)}, of its shape. Nothing was loaded."
            )
        for name, value in held.items():
            own[name].assign(value)
        self.updates = int(state["updates"])


def _move(average: Parameter, parameter: Tensor, weight: Any) -> None:
    """As state of the program, which can take back what is assigned but not what kernels write in place."""
    share = weight if isinstance(weight, float) else average.wrap(weight).to(average.dtype)
    average.assign(average + (parameter.to(average.dtype) - average) * share)


def _wide(parameter: Tensor) -> Tensor:
    """The value with at least 32 bits."""
    value: Tensor = parameter.wrap(parameter.native)
    return value.to(float32) if value.dtype in (bfloat16, float16) else value
