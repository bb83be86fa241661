"""`Optimizer`: the parameters, their groups and state, and the step number; what a step does is a rule (`adam.py`)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from unifw.array.creation import full_like
from unifw.dtypes import DType, float16, float32
from unifw.errors import DTypeError, GradientError, OperandError, ShapeError, describe
from unifw.names import taught
from unifw.operators import mixed_backends, not_a_tensor
from unifw.optim.groups import Group, Groups, Schedule, check_setting, group_parameters
from unifw.optim.state import load_state, state_of
from unifw.spec import Backend
from unifw.spec.optim import FusedUpdate
from unifw.tensor import Tensor
from unifw.tracing.session import after_call, in_trace, outside, per_call
from unifw.variable import Parameter

Hyper = Mapping[str, Any]
State = dict[str, Tensor]


@dataclass(frozen=True)
class Cohort:
    """Parameters that one native call updates: of one group, dtype and device, which missed the same steps."""

    group: Group
    missed: int
    names: tuple[str, ...]


@taught
class Optimizer:
    """Base class of the optimisers: a new one names its state and defines `update`.

    `parameters` is a Module, a dict {name: Parameter} or an iterable of (name, Parameter). `lr` is a number, or a
    function from the number of steps done so far to one. `groups` gives other settings to the parameters whose names
    match a pattern, as in {"*.bias": {"weight_decay": 0.0}, "head.*": {"lr_scale": 10.0}}; the first match holds, and
    each may have its own `lr`. With `maximize` the steps go up the gradient. Raises OperandError and ArgumentError.

    >>> import unifw
    >>> class SignDescent(unifw.optim.Optimizer):
    ...     rule = "sign_descent"
    ...     def update(self, gradient, parameter, state, hyper):
    ...         return parameter - hyper["lr"] * unifw.sign(gradient), state
    >>> p = unifw.Parameter(unifw.ones(2))
    >>> SignDescent({"p": p}, lr=0.5).step({"p": unifw.asarray([3.0, -3.0])})
    >>> p.tolist()
    [0.5, 1.5]
    """

    rule: ClassVar[str]
    state_names: tuple[str, ...] = ()
    elementwise: ClassVar[bool] = False  # whether `update` gives the same for axes in any order, as a storage may be

    def __init__(
        self, parameters: Any, lr: Schedule, groups: Groups | None = None, maximize: bool = False, **hyper: Any
    ) -> None:
        self.parameters = named(parameters)
        self.lr = lr
        check_setting(type(self).__name__, "lr", lr)
        hyper["maximize"] = maximize
        self.groups = group_parameters(type(self).__name__, self.parameters, hyper, groups or {})
        self.step_count = 0
        self.state: dict[str, dict[str, Parameter]] = {}  # which are stored as the parameter itself
        self.missed: dict[str, int] = {}  # how many of the steps each parameter was not part of
        self._plans: dict[tuple[str, ...], list[Cohort]] = {}

    # ---- the rule

    def update(self, gradient: Tensor, parameter: Tensor, state: State, hyper: Hyper) -> tuple[Tensor, State]:
        """The new value of one parameter, and its new state: the definition of the rule.

        A backend may have a fused kernel of the same name that gives the same numbers; then that one runs.
        """
        raise NotImplementedError(f"{type(self).__name__} has no update(); write it.")

    def numbers(self, hyper: Hyper, step: int) -> dict[str, float]:
        """What `update` needs that changes from step to step, beside lr: in 64 bits, on the host, once per step.

        `step` counts from 1, and only steps in which the parameter had a gradient.
        """
        return {}

    def initial(self, key: str, hyper: Hyper) -> float:
        """The value that the state `key` starts with."""
        return 0.0

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
        names = tuple(gradients)
        with outside():
            self.prepare(names)
        for name, gradient in gradients.items():
            if not (isinstance(gradient, Tensor) and self.parameters[name]._matches(gradient)):
                raise self._misfit(name, gradient)  # a fused kernel would walk past the end of its memory
        self.apply(gradients, per_call(lambda: self.dynamic(names)))
        after_call(lambda: self.advance(names))

    def _misfit(self, name: str, gradient: Any) -> Exception:
        """Why a gradient is refused."""
        parameter = self.parameters[name]
        if not isinstance(gradient, Tensor):
            return not_a_tensor(f"{type(self).__name__}: {name}", gradient)
        if gradient.ops is not parameter.ops:
            return mixed_backends(f"{type(self).__name__}: {name}", parameter, gradient)
        got, expected = tuple(gradient.native.shape), parameter.shape
        if got != expected:
            return ShapeError(
                f"{type(self).__name__}: got a gradient of shape {got} for {name} of shape {expected}; expected the "
                "same. Write what value_and_grad(loss)(model, ...) returns."
            )
        return DTypeError(
            f"{type(self).__name__}: got a gradient of dtype {gradient.dtype} for {name} of dtype "
            f"{parameter.dtype}; expected the same. Write gradient.to(unifw.{parameter.dtype})."
        )

    def prepare(self, names: Iterable[str]) -> None:
        """Make the state of the parameters that lack it; a compiled step cannot make any."""
        for name in names:
            if name in self.state:
                continue
            if name not in self.parameters:
                got = repr(name) if isinstance(name, str) else describe(name)
                raise GradientError(
                    f"{type(self).__name__}: got a gradient for {got}; expected names among "
                    f"{', '.join(self.parameters)}. Write {type(self).__name__}(model, ...) for the same model."
                )
            parameter, hyper = self.parameters[name], self.group_of(name).hyper
            dtype = _state_dtype(parameter)
            self.state[name] = {
                key: parameter.alike(full_like(parameter, self.initial(key, hyper), dtype=dtype))
                for key in self.state_names
            }
            self.missed.setdefault(name, self.step_count)

    def group_of(self, name: str) -> Group:
        """The group that a parameter is in.

        >>> import unifw
        >>> optimizer = unifw.optim.SGD(unifw.nn.Linear(1, 1), groups={"bias": {"lr_scale": 2.0}})
        >>> optimizer.group_of("bias").lr_scale
        2.0
        """
        return next(group for group in self.groups if name in group.names)

    def cohorts(self, names: tuple[str, ...]) -> list[Cohort]:
        """The parameters `names` in the portions that are updated together."""
        if names not in self._plans:
            found: dict[Any, list[str]] = {}
            places = {name: i for i, group in enumerate(self.groups) for name in group.names}
            for name in names:
                parameter = self.parameters[name]
                key = places[name], self.missed[name], parameter.dtype, parameter.device
                found.setdefault(key, []).append(name)
            self._plans[names] = [Cohort(self.groups[key[0]], key[1], tuple(own)) for key, own in found.items()]
        return self._plans[names]

    def dynamic(self, names: tuple[str, ...], ahead: int = 0) -> dict[str, float]:
        """The numbers of the coming step, or of one after it, that change from step to step, for these parameters."""
        cohorts, done = self.cohorts(names), self.step_count + ahead
        rates = {id(group): group.rate(self.lr, done) for group in {id(c.group): c.group for c in cohorts}.values()}
        found = {}
        for i, cohort in enumerate(cohorts):
            found[f"lr.{i}"] = rates[id(cohort.group)]
            own = self.numbers(cohort.group.hyper, done - cohort.missed + 1)
            found |= {f"{key}.{i}": value for key, value in own.items()}
        return found

    def apply(self, gradients: Mapping[str, Tensor], dynamic: Hyper) -> None:
        """One update with the numbers of `dynamic`; the state must be there. What a compiled step calls."""
        for i, cohort in enumerate(self.cohorts(tuple(gradients))):
            own = {key.rpartition(".")[0]: x for key, x in dynamic.items() if key.endswith(f".{i}")}
            hyper = {**cohort.group.hyper, **own}
            uphill = {name: -gradients[name] for name in cohort.names} if hyper["maximize"] else gradients
            self._apply_together(cohort.names, uphill, hyper)

    def _apply_together(self, names: tuple[str, ...], gradients: Mapping[str, Tensor], hyper: Hyper) -> None:
        parameters = [self.parameters[name] for name in names]
        backend = parameters[0].backend
        fused = _fused_update(backend, self.rule)
        if fused is None or (self.state_names and parameters[0].dtype is float16):
            for name, parameter in zip(names, parameters, strict=True):
                self._apply_one(gradients[name], parameter, self.state[name], hyper)
            return
        states = {key: [self.state[name][key].storage for name in names] for key in self.state_names}
        laid = [p._laid(gradients[name]) for name, p in zip(names, parameters, strict=True)]
        fused([p.storage for p in parameters], laid, states, hyper)

    def _apply_one(self, gradient: Tensor, parameter: Parameter, state: dict[str, Parameter], hyper: Hyper) -> None:
        wrap, dtype, plain, laid = parameter.wrap, _state_dtype(parameter), (bool, int, float, tuple), self.elementwise
        numbers = {k: x if isinstance(x, plain) else wrap(x).to(dtype) for k, x in hyper.items()}
        given = wrap(parameter._laid(gradient)) if laid else gradient
        value, *held = [wrap(x._stored if laid else x.native) for x in (parameter, *state.values())]
        new, new_state = self.update(given.to(dtype), value.to(dtype), dict(zip(state, held, strict=True)), numbers)
        for target, x in ((parameter, new.to(parameter.dtype)), *((state[key], new_state[key]) for key in state)):
            (target._set_stored if laid else target._set)(x.native)

    def advance(self, names: tuple[str, ...]) -> None:
        """Count a step in which the parameters `names` were updated."""
        self.step_count += 1
        if len(names) != len(self.state):
            for name in self.state.keys() - set(names):
                self.missed[name] += 1
            self._plans = {names: self._plans[names]} if names in self._plans else {}

    # ---- state

    def state_dict(self) -> dict[str, Any]:
        """The step number and a copy of the state, {"step": n, "missed": {...}, "state": {parameter: {name: Tensor}}}.

        Names and numbers are PyTorch's on every backend. `missed` says how many steps each parameter had no gradient
        in. A learning rate that has a state of its own (`ReduceOnPlateau`) is under "lr".

        >>> import unifw
        >>> unifw.optim.SGD(unifw.nn.Linear(1, 1), lr=0.1).state_dict()
        {'step': 0, 'missed': {}, 'state': {}}
        """
        return state_of(self)

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Take over what `state_dict` returned, on either backend. Raises StateDictError; then nothing is loaded.

        >>> import unifw
        >>> optimizer = unifw.optim.SGD(unifw.nn.Linear(1, 1), lr=0.1)
        >>> optimizer.load_state_dict({"step": 3, "state": {}}); optimizer.step_count
        3
        """
        load_state(self, state)
        self._plans = {}


def _state_dtype(parameter: Parameter) -> DType:
    """What a parameter is updated in: 32 bits for float16, where squares of gradients, and eps, would be 0."""
    return float32 if parameter.dtype is float16 else parameter.dtype


def _fused_update(backend: Backend, rule: str) -> FusedUpdate | None:
    if backend.optim is None or (in_trace() and not backend.optim.FUSED_IN_TRACES):
        return None
    return backend.optim.FUSED.get(rule)


def decayed(gradient: Tensor, parameter: Tensor, hyper: Hyper) -> Tensor:
    """The gradient with weight decay in it: gradient + weight_decay parameter, and no work where that is 0."""
    return gradient + parameter * hyper["weight_decay"] if hyper["weight_decay"] else gradient


def shrunk(parameter: Tensor, hyper: Hyper) -> Tensor:
    """The parameter after decoupled weight decay: (1 - lr weight_decay) parameter, and no work where that is 0."""
    return parameter * (1 - hyper["lr"] * hyper["weight_decay"]) if hyper["weight_decay"] else parameter


def named(parameters: Any) -> dict[str, Parameter]:
    """The parameters of a Module, a dict or pairs, by name. Raises OperandError for anything else, and for none."""
    if hasattr(parameters, "named_parameters"):
        parameters = dict(parameters.named_parameters())
    listed = parameters.items() if isinstance(parameters, Mapping) else parameters
    pairs = list(listed) if isinstance(listed, Iterable) else []
    if not pairs or not all(isinstance(pair, tuple) and isinstance(pair[1], Parameter) for pair in pairs):
        got = describe(pairs[0] if pairs else parameters)
        raise OperandError(
            f"optimizer: got {got}; expected a Module, a dict {{name: Parameter}} or pairs of them. "
            "Write SGD(model, lr=...) or SGD(model.named_parameters(), lr=...)."
        )
    return dict(pairs)
