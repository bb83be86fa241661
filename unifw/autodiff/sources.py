"""What to differentiate for: the tensors, trees and Modules among the arguments, taken apart and put together again."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from unifw import tree
from unifw.autodiff.structure import trainable
from unifw.errors import DTypeError, GradientError, describe
from unifw.keys import agree
from unifw.operators import mixed_backends
from unifw.spec import Backend, Native
from unifw.tensor import Tensor
from unifw.tracing.reach import is_module
from unifw.variable import Parameter, Variable

active: ContextVar[Sequence[Parameter] | None] = ContextVar("unifw_differentiated", default=None)
"""The parameters that the enclosing derivatives are taken for; None outside of all."""


class Sources:
    """Some arguments of a function, and the tensors and parameters in them that it is differentiated for.

    Raises GradientError for what has no derivative, DTypeError for integers, MixedBackendError.
    """

    def __init__(self, name: str, arguments: Sequence[Any]) -> None:
        self.name = name
        self.arguments = arguments
        self.tensors: list[Tensor] = []
        self.parameters: list[Parameter] = []
        for leaf in tree.leaves(arguments):
            self._add(leaf)
        every = [*self.tensors, *self.parameters]
        if not every:
            raise GradientError(
                f"{name}: got no tensors to differentiate for; expected at least one. Write unifw.asarray(...)."
            )
        self.backend: Backend = every[0].backend
        if any(x.backend is not self.backend for x in every):
            raise mixed_backends(name, *every)

    def _add(self, leaf: Any) -> None:
        if is_module(leaf):
            self.parameters += trainable_of(self.name, leaf)[1]
            return
        if not isinstance(leaf, Tensor):
            raise GradientError(
                f"{self.name}: got {describe(leaf)}; expected Tensors, trees of them or Modules. "
                "Write unifw.asarray(...), or choose other arguments with argnums=."
            )
        if "floating" not in leaf.dtype.kind:
            raise DTypeError(
                f"{self.name}: got {describe(leaf)}; expected a floating dtype. Write x.to(unifw.float32)."
            )
        (self.parameters if isinstance(leaf, Parameter) else self.tensors).append(leaf)  # type: ignore[arg-type]

    def natives(self) -> list[Native]:
        """The native tensors of what is no parameter."""
        return [x.native for x in self.tensors]

    def storages(self) -> list[Any]:
        """The storages of the parameters."""
        return [x.storage for x in self.parameters]

    def replaced(self, natives: Sequence[Native]) -> list[Any]:
        """The arguments with these stand-ins for their tensors; parameters and Modules are themselves."""
        given, wrap = iter(natives), self.backend.Tensor

        def stand_in(leaf: Any) -> Any:
            return leaf if is_module(leaf) or isinstance(leaf, Parameter) else wrap(next(given))

        return [tree.map_leaves(stand_in, argument) for argument in self.arguments]

    def gradients(self, natives: Sequence[Native]) -> tuple[Any, ...]:
        """The gradients that a backend has found, in the form of the arguments."""
        return self.results(wrapped(self.tensors, self.parameters, natives))

    def results(self, values: Sequence[Tensor]) -> tuple[Any, ...]:
        """What belongs to the tensors and then the parameters, in the form of the arguments; a dict for a Module."""
        tensors, parameters = iter(values[: len(self.tensors)]), iter(values[len(self.tensors) :])

        def result(leaf: Any) -> Any:
            if is_module(leaf):
                return {name: next(parameters) for name in trainable(leaf)[0]}
            return next(parameters) if isinstance(leaf, Parameter) else next(tensors)

        return tuple(tree.map_leaves(result, argument) for argument in self.arguments)

    def matched(self, what: str, values: Sequence[Any]) -> list[Native]:
        """The inverse of `results`: the native tensors of `values`, which have the form of the arguments.

        Raises GradientError unless forms, shapes, dtypes and backends are those of the arguments.
        """
        if len(values) != len(self.arguments):
            raise GradientError(
                f"{self.name}: got {len(values)} {what} for {len(self.arguments)} arguments; expected one for each."
            )
        tensors: list[Native] = []
        parameters: list[Native] = []
        for argument, value in zip(self.arguments, values, strict=True):
            for source, given in pairs(self.name, what, argument, value):
                native = matching(self.name, what, source, given)
                (parameters if isinstance(source, Parameter) else tensors).append(native)
        return [*tensors, *parameters]


def wrapped(tensors: Sequence[Tensor], parameters: Sequence[Parameter], natives: Sequence[Native]) -> list[Tensor]:
    """The gradients for tensors and then parameters, whose axes are in the order of the storages.

    >>> import unifw
    >>> [x.tolist() for x in wrapped([], [unifw.Parameter([1.0])], [unifw.ones(1).native])]
    [[1.0]]
    """
    count = len(tensors)
    made = [*map(tensors[0].backend.Tensor, natives[:count])] if tensors else []
    return [*made, *parameters[0]._each_of_stored(parameters, natives[count:])] if parameters else made


def pairs(name: str, what: str, argument: Any, value: Any) -> Iterator[tuple[Tensor, Any]]:
    """The tensors of an argument, each with what stands at its place in `value`. Raises GradientError.

    >>> import unifw
    >>> [(x.shape, v) for x, v in pairs("jvp", "tangents", [unifw.ones(2)], [7])]
    [((2,), 7)]
    """
    if is_module(argument):
        argument = dict(zip(*trainable(argument), strict=True))
    given, wanted = _children(value), _children(argument)
    if wanted is None and given is None:
        yield argument, value
        return
    if wanted is None or given is None or set(wanted) != set(given):
        raise GradientError(
            f"{name}: got {what} of the form {_form(value)}; expected that of the argument, {_form(argument)}."
        )
    for key in wanted:
        yield from pairs(name, what, wanted[key], given[key])


def _children(x: Any) -> dict[Any, Any] | None:
    if isinstance(x, dict):
        return x
    return dict(enumerate(x)) if isinstance(x, (list, tuple)) else None


def _form(x: Any) -> str:
    return describe(x) if _children(x) is None else f"{type(x).__name__} with {list(_children(x) or ())}"


def matching(name: str, what: str, source: Tensor, given: Any) -> Native:
    """The native tensor of `given`, which must be like `source`. Raises GradientError.

    >>> import unifw
    >>> matching("jvp", "a tangent", unifw.ones(2), unifw.zeros(2)).shape[0]
    2
    """
    fits = isinstance(given, Tensor) and given.backend is source.backend
    if fits:
        shapes = [x.ops.static_shape(x.native) for x in (given, source)]
        fits = given.dtype is source.dtype and agree(*shapes)
    if not fits:
        raise GradientError(
            f"{name}: got {what} {describe(given)} for {describe(source)}; expected the same shape, dtype and backend."
        )
    native: Native = given.native
    return native


def trainable_of(name: str, module: Any) -> tuple[list[str], list[Parameter]]:
    """The trainable parameters of a Module. Raises GradientError if there are none.

    >>> import unifw
    >>> trainable_of("grad", unifw.nn.Linear(2, 1))[0]
    ['weight', 'bias']
    """
    found = trainable(module)
    if not found[0]:
        raise GradientError(
            f"{name}: got a {type(module).__name__} without trainable parameters; expected at least one. "
            "Write model.unfreeze(), or differentiate for a tensor with argnums=."
        )
    return found


@contextmanager
def standing_in(variables: Sequence[Variable], natives: Sequence[Any]) -> Iterator[None]:
    """Let native tensors stand in for what the variables store, inside the `with` block.

    >>> import unifw
    >>> parameter = unifw.Parameter([1.0])
    >>> with standing_in([parameter], [unifw.ones(1).native * 2]):
    ...     (parameter + 1).tolist()
    [3.0]
    """
    changed = [(v, v.storage, x) for v, x in zip(variables, natives, strict=True) if x is not v.storage]
    for variable, _, stand_in in changed:
        variable._stand_in(stand_in)
    try:
        yield
    finally:
        for variable, storage, stand_in in changed:
            if variable.storage is stand_in:  # else the function itself has replaced it
                variable._stand_in(storage)


def positions_of(name: str, argnums: int | Sequence[int], count: int) -> tuple[int, ...]:
    """`argnums` as positions among `count` arguments. Raises GradientError for those that are not there.

    >>> positions_of("grad", -1, 3)
    (-1,)
    """
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)
    for position in positions:
        if not -count <= position < count:
            raise GradientError(
                f"{name}: got argnums {argnums} for {count} positional arguments; expected positions of some of them."
            )
    return positions


def pair(name: str, output: Any) -> tuple[Any, Any]:
    """The (output, auxiliary) that a function with `has_aux` returns. Raises GradientError for anything else.

    >>> pair("grad", (1, 2))
    (1, 2)
    """
    if not isinstance(output, tuple) or len(output) != 2:
        raise GradientError(
            f"{name}: with has_aux=True the function returned {describe(output)}; expected a pair (output, auxiliary)."
        )
    return output
