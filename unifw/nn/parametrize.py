"""Parametrisations: a parameter computed from others each time it is read, as `torch.nn.utils.parametrize` has them.

The parameter `weight` of a layer moves to `parametrizations.weight.original`, and reading `layer.weight` gives what the
parametrisation makes of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, ClassVar

from unifw import names as _names
from unifw.errors import ArgumentError, OperandError, ShapeError, describe
from unifw.nn.containers import ModuleDict, ModuleList
from unifw.nn.lazy import Unfinished
from unifw.nn.modes import mode
from unifw.nn.module import Module
from unifw.nn.traits import Trait, lose, take
from unifw.tensor import Tensor
from unifw.variable import Parameter, Variable

_cache: ContextVar[dict[int, Tensor] | None] = ContextVar("unifw_parametrizations", default=None)


class ParametrizationList(ModuleList):
    """The parametrisations of one parameter, applied in order, and the tensors that it is computed from.

    These are `original`, or `original0`, `original1`, ... if the last `right_inverse` returns several.

    >>> import unifw
    >>> layer = unifw.nn.parametrizations.weight_norm(unifw.nn.Linear(3, 2))
    >>> layer.parametrizations.weight.original0.shape
    (2, 1)
    """

    original: Parameter

    def __init__(self, value: Variable, first: Module) -> None:
        super().__init__([first])
        originals = _inverse(first, value)
        self.number = len(originals) if isinstance(originals, tuple) else 0
        for name, x in zip(self.names, originals if self.number else (originals,), strict=True):
            setattr(self, name, _alike(value, x))

    @property
    def names(self) -> list[str]:
        """The names of the originals."""
        return [f"original{i}" for i in range(self.number)] if self.number else ["original"]

    def forward(self) -> Tensor:
        """The value of the parameter."""
        first, *others = self
        x: Tensor = first(*(getattr(self, name) for name in self.names))
        for other in others:
            x = other(x)
        return x

    def assign(self, value: Any) -> None:
        """Set the originals so that the parameter gets this value."""
        for parametrization in reversed(list(self)):
            value = _inverse(parametrization, value)
        for name, x in zip(self.names, value if self.number else (value,), strict=True):
            getattr(self, name).assign(x)


class Parametrized(Trait):
    """What a layer with computed parameters is, beside its own class.

    >>> import unifw
    >>> layer = unifw.nn.parametrizations.weight_norm(unifw.nn.Linear(3, 2))
    >>> isinstance(layer, Parametrized), isinstance(layer, unifw.nn.Linear)
    (True, True)
    """

    order: ClassVar[int] = 2
    parametrizations: ModuleDict

    def __getattr__(self, name: str) -> Any:
        lists = vars(self).get("parametrizations")
        if lists is None or name not in lists:
            inherited = getattr(super(), "__getattr__", None)
            if inherited is None:
                raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")
            return inherited(name)
        return _value(lists[name])

    def __setattr__(self, name: str, value: Any) -> None:
        lists = vars(self).get("parametrizations")
        if lists is not None and name in lists:
            lists[name].assign(value)
        else:
            super().__setattr__(name, value)

    def _describe(self) -> str:
        with mode(self.parametrizations, training=False):  # showing a layer does not count as training it
            text: str = super()._describe()  # type: ignore[misc]
        return text


def _value(made: Module) -> Tensor:
    cached = _cache.get()
    if cached is None:
        result: Tensor = made()
        return result
    if id(made) not in cached:
        cached[id(made)] = made()
    return cached[id(made)]


def register_parametrization(module: Module, tensor_name: str, parametrization: Module) -> Module:
    """Let a parameter be computed: `module.tensor_name` is from now on `parametrization(original)`. Returns the module.

    A parametrisation is a Module; its `right_inverse(value)`, if it has one, gives the original, or a tuple of several
    that are then the arguments of its `forward`. A second one is applied to what the first gives.
    Raises ArgumentError for a name that is no parameter or buffer, and ShapeError if the shape changes.

    >>> import unifw
    >>> class Positive(unifw.nn.Module):
    ...     def forward(self, x):
    ...         return unifw.exp(x)
    ...     def right_inverse(self, x):
    ...         return unifw.log(x)
    >>> layer = unifw.nn.Linear(2, 1)
    >>> layer.weight = unifw.Parameter([[1.0, 2.0]])
    >>> register_parametrization(layer, "weight", Positive()).weight.shape, list(layer.state_dict())
    ((1, 2), ['bias', 'parametrizations.weight.original'])
    """
    if not isinstance(parametrization, Module):
        raise OperandError(f"register_parametrization: got {describe(parametrization)}; expected a Module.")
    parametrization.train(module.training)
    if is_parametrized(module, tensor_name):
        made = module.parametrizations[tensor_name]  # type: ignore[attr-defined]
        _check(tensor_name, made(), parametrization(made()))
        made.append(parametrization)
        return module
    value = parameter_of("register_parametrization", module, tensor_name)
    made = ParametrizationList(value, parametrization).train(module.training)
    _check(tensor_name, value, made())
    if not is_parametrized(module):
        vars(module)["parametrizations"] = ModuleDict()
        take(module, Parametrized)
    delattr(module, tensor_name)
    module.parametrizations[tensor_name] = made  # type: ignore[attr-defined]
    return module


def parameter_of(what: str, module: Module, name: str) -> Variable:
    """A parameter or buffer of a Module by name. Raises ArgumentError, and UnfinishedError before its first call.

    >>> import unifw
    >>> parameter_of("example", unifw.nn.Linear(2, 1), "bias").shape
    (1,)
    """
    if isinstance(module, Unfinished):
        raise module.unfinished("")
    value = getattr(module, name, None)
    if not isinstance(value, Variable):
        names = [key for key, x in vars(module).items() if isinstance(x, Variable)]
        raise ArgumentError(
            f"{what}: got {name!r}; expected a parameter or buffer of this {type(module).__name__}: "
            f"{', '.join(names) or 'it has none'}."
        )
    return value


def _check(name: str, before: Tensor, after: Tensor) -> None:
    if tuple(before.shape) != tuple(after.shape):
        raise ShapeError(
            f"register_parametrization: got {describe(after)} for {name}, which is {describe(before)}; expected the "
            "same shape. Write a right_inverse that gives the original of the value."
        )


def _inverse(parametrization: Module, value: Any) -> Any:
    right_inverse = getattr(parametrization, "right_inverse", None)
    return value if right_inverse is None else right_inverse(value)


def _alike(value: Variable, x: Tensor) -> Variable:
    """A parameter or buffer for an original, as the tensor was that is now computed."""
    if isinstance(x, Variable):
        return x
    return value.alike(x, value.trainable) if isinstance(value, Parameter) else value.backend.Buffer(x)


def is_parametrized(module: Module, tensor_name: str | None = None) -> bool:
    """Whether a Module has parametrisations, or one of the given name.

    >>> import unifw
    >>> is_parametrized(unifw.nn.Linear(2, 1))
    False
    """
    lists = vars(module).get("parametrizations") if isinstance(module, Parametrized) else None
    return lists is not None and (tensor_name is None or tensor_name in lists)


def remove_parametrizations(module: Module, tensor_name: str, leave_parametrized: bool = True) -> Module:
    """Make a parameter plain again: with its present value, or with `leave_parametrized=False` the original's.

    Returns the module. Raises ArgumentError without such a parametrisation, or if several originals cannot be left.

    >>> import unifw
    >>> layer = unifw.nn.parametrizations.weight_norm(unifw.nn.Linear(2, 1))
    >>> list(remove_parametrizations(layer, "weight").state_dict())
    ['bias', 'weight']
    """
    if not is_parametrized(module, tensor_name):
        raise ArgumentError(
            f"remove_parametrizations: got {tensor_name!r} of this {type(module).__name__}, which has none; "
            "expected the name of a parameter given to register_parametrization."
        )
    lists = module.parametrizations  # type: ignore[attr-defined]
    made: Any = lists[tensor_name]
    if made.number and not leave_parametrized:
        raise ArgumentError("remove_parametrizations: got leave_parametrized=False for several originals.")
    value = getattr(made, made.names[0])
    if leave_parametrized:  # a single original stays the same object, which an optimiser may hold
        value = _alike(value, made()) if made.number else value.assign(made())
    lists.pop(tensor_name)
    if not len(lists):
        del vars(module)["parametrizations"]
        lose(module, Parametrized)
    setattr(module, tensor_name, value)
    return module


@contextmanager
def cached() -> Iterator[None]:
    """Inside the `with` block each parametrised value is computed once (a recurrent layer reads its weights often).

    >>> import unifw
    >>> layer = unifw.nn.parametrizations.weight_norm(unifw.nn.Linear(2, 1))
    >>> with cached():
    ...     layer.weight is layer.weight
    True
    """
    token = _cache.set({})
    try:
        yield
    finally:
        _cache.reset(token)


__all__ = _names.of_module(globals())


def __dir__() -> list[str]:
    return __all__
