"""`Optimizer`: the parameters, their state and the step number. What a step does is a rule (`rules.py`)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

from unifw.array.creation import zeros_like
from unifw.conversion import TensorLike
from unifw.errors import DTypeError, GradientError, OperandError, ShapeError, StateDictError, describe
from unifw.operators import mixed_backends, not_a_tensor
from unifw.tensor import Tensor
from unifw.variable import Buffer, Parameter

Schedule = float | Callable[[int], float]
Hyper = Mapping[str, Any]


class Optimizer:
    """Base class of the optimisers: a new one names its state and defines `update`.

    `parameters` is a Module, a dict {name: Parameter} or an iterable of (name, Parameter). `lr` is a number, or a
    function from the number of steps done so far to one. Raises OperandError for anything else.
    """

    rule: ClassVar[str]
    state_names: tuple[str, ...] = ()

    def __init__(self, parameters: Any, lr: Schedule, **constants: Any) -> None:
        self.parameters = _named(parameters)
        self.lr = lr
        self.constants = constants
        self.step_count = 0
        self.state: dict[str, dict[str, Buffer]] = {}

    # ---- the rule

    def update(
        self, gradient: Tensor, parameter: Tensor, state: dict[str, Tensor], hyper: Hyper
    ) -> tuple[Tensor, dict[str, Tensor]]:
        """The new value of one parameter, and its new state: the definition of the rule.

        A backend may have a fused kernel of the same name that gives the same numbers; then that one runs.
        """
        raise NotImplementedError(f"{type(self).__name__} has no update(); write it.")

    def dynamic(self) -> dict[str, float]:
        """The numbers that change from step to step, for the coming one: in 64 bits, on the host, once per step."""
        return {"lr": float(self.lr(self.step_count)) if callable(self.lr) else self.lr}

    # ---- stepping

    def step(self, gradients: Mapping[str, Tensor]) -> None:
        """Change the parameters by gradients {name: Tensor}, as `value_and_grad` of a Module returns them.

        Parameters without a gradient stay. Raises GradientError for unknown names, and OperandError, ShapeError,
        DTypeError or MixedBackendError for gradients that do not fit their parameter; then nothing changes.

        >>> import unifw
        >>> model = unifw.nn.Linear(1, 1, bias=False)
        >>> before = model.weight.item()
        >>> unifw.optim.SGD(model, lr=0.5).step({"weight": unifw.ones((1, 1))})
        >>> round(before - model.weight.item(), 5)
        0.5
        """
        if not gradients:
            return
        self.prepare(gradients)
        for name, gradient in gradients.items():
            self._check(name, gradient)
        self.apply(gradients, self.dynamic())
        self.step_count += 1

    def _check(self, name: str, gradient: Any) -> None:
        """Refuse a gradient that does not fit: a fused kernel would walk past the end of its memory."""
        parameter = self.parameters[name]
        if not isinstance(gradient, Tensor):
            raise not_a_tensor(f"{type(self).__name__}: {name}", gradient)
        if gradient.ops is not parameter.ops:
            raise mixed_backends(f"{type(self).__name__}: {name}", parameter, gradient)
        got, expected = gradient.native, parameter.native
        if got.shape != expected.shape:
            raise ShapeError(
                f"{type(self).__name__}: got a gradient of shape {tuple(got.shape)} for {name} of shape "
                f"{tuple(expected.shape)}; expected the same. Write what value_and_grad(loss)(model, ...) returns."
            )
        if got.dtype != expected.dtype:
            raise DTypeError(
                f"{type(self).__name__}: got a gradient of dtype {gradient.dtype} for {name} of dtype "
                f"{parameter.dtype}; expected the same. Write gradient.to(unifw.{parameter.dtype})."
            )

    def prepare(self, names: Iterable[str]) -> None:
        """Make the state of the parameters that lack it; a compiled step cannot make any."""
        for name in names:
            if name in self.state:
                continue
            if name not in self.parameters:
                raise GradientError(
                    f"{type(self).__name__}: got a gradient for {name!r}; expected names among "
                    f"{', '.join(self.parameters)}. Write {type(self).__name__}(model, ...) for the same model."
                )
            self.state[name] = {key: Buffer(zeros_like(self.parameters[name])) for key in self.state_names}

    def apply(self, gradients: Mapping[str, Tensor], dynamic: Hyper) -> None:
        """One update with the given step numbers; the state must be there. What a compiled step calls."""
        parameters = [self.parameters[name] for name in gradients]
        backend = parameters[0].backend
        hyper = {**self.constants, **dynamic}
        fused = backend.optim.FUSED.get(self.rule) if backend.optim is not None else None
        if fused is None:
            for (name, gradient), parameter in zip(gradients.items(), parameters, strict=True):
                self._apply_one(gradient, parameter, self.state[name], hyper)
            return
        states = {key: [self.state[name][key].storage for name in gradients] for key in self.state_names}
        fused([p.storage for p in parameters], [g.native for g in gradients.values()], states, hyper)

    def _apply_one(self, gradient: Tensor, parameter: Parameter, state: dict[str, Buffer], hyper: Hyper) -> None:
        value, dtype = parameter.wrap(parameter.native), parameter.dtype
        numbers = {k: x if isinstance(x, (bool, int, float)) else value.wrap(x).to(dtype) for k, x in hyper.items()}
        held: dict[str, Tensor] = {key: buffer.wrap(buffer.native) for key, buffer in state.items()}
        new, new_state = self.update(gradient, value, held, numbers)
        parameter.assign(new)
        for key, buffer in state.items():
            buffer.assign(new_state[key])

    # ---- state

    def state_dict(self) -> dict[str, Any]:
        """The step number and a copy of the state, {"step": n, "state": {parameter: {name: Tensor}}}.

        >>> import unifw
        >>> unifw.optim.SGD(unifw.nn.Linear(1, 1), lr=0.1).state_dict()
        {'step': 0, 'state': {}}
        """
        state = {
            name: {key: x.wrap(x.ops.copy(x.native)) for key, x in own.items()} for name, own in self.state.items()
        }
        return {"step": self.step_count, "state": state}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, on either backend. Raises StateDictError; then nothing is loaded.

        >>> import unifw
        >>> optimizer = unifw.optim.SGD(unifw.nn.Linear(1, 1), lr=0.1)
        >>> optimizer.load_state_dict({"step": 3, "state": {}}); optimizer.step_count
        3
        """
        if not isinstance(state, Mapping) or set(state) != {"step", "state"}:
            raise StateDictError(
                f'{type(self).__name__}: got {describe(state)}; expected {{"step": n, "state": {{...}}}}. '
                "Write optimizer.load_state_dict(other.state_dict())."
            )
        held: Mapping[str, Mapping[str, TensorLike]] = state["state"]
        wrong = [name for name, own in held.items() if not self._fits(name, own)]
        if wrong:
            raise StateDictError(
                f"{type(self).__name__}: got state for {', '.join(wrong)}, which does not fit; expected names among "
                f"{', '.join(self.parameters)}, each of its shape, with {self.state_names}. Nothing was loaded."
            )
        self.state = {}
        self.prepare(held)
        for name, own in held.items():
            for key, value in own.items():
                self.state[name][key].assign(value)
        self.step_count = int(state["step"])

    def _fits(self, name: str, own: Mapping[str, TensorLike]) -> bool:
        if name not in self.parameters or set(own) != set(self.state_names):
            return False
        return all(tuple(value.shape) == tuple(self.parameters[name].shape) for value in own.values())


def _named(parameters: Any) -> dict[str, Parameter]:
    if hasattr(parameters, "named_parameters"):
        parameters = dict(parameters.named_parameters())
    pairs = list(parameters.items()) if isinstance(parameters, Mapping) else list(parameters)
    if not pairs or not all(isinstance(pair, tuple) and isinstance(pair[1], Parameter) for pair in pairs):
        got = describe(pairs[0]) if pairs else "no parameters"
        raise OperandError(
            f"optimizer: got {got}; expected a Module, a dict {{name: Parameter}} or pairs of them. "
            "Write SGD(model, lr=...) or SGD(model.named_parameters(), lr=...)."
        )
    return dict(pairs)
