"""What a traced function saw besides its arguments: the Modules it can reach, their modes and settings."""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Iterator
from contextlib import contextmanager
from itertools import chain
from operator import is_
from types import FunctionType
from typing import Any

from unifw import changes
from unifw.errors import TracedValueError
from unifw.registry import part
from unifw.tensor import Tensor
from unifw.tracing.reach import SETTINGS, Reach, is_module
from unifw.variable import Parameter, Variable


class World:
    """The state of Modules and variables at the time of a trace; `same` says whether it is still so."""

    def __init__(self, reach: Reach, modules: list[Any], variables: list[Variable]) -> None:
        self._modules = modules
        self._variables = variables
        self._outer: list[Iterable[Any]] = [
            *reach.held,
            *map(_Payload, reach.tensors),
            *map(_Payload, plain_tensors(modules)),
        ]
        self._facts = self._look()
        self._lists = [*self._outer, *_lists_in(modules), (_END,)]
        self._items = list(chain.from_iterable(self._lists))
        self.count = changes.count

    def same(self) -> bool:
        """Whether everything is as it was. Lists may change without notice; else, a change anywhere makes it look."""
        if self.count != changes.count or not all(map(is_, chain.from_iterable(self._lists), self._items)):
            if self._look() != self._facts:
                return False
            self.count = changes.count
        return True

    def _look(self) -> list[Any]:
        members = [member for module in self._modules for member in module._members()]
        found = [(name, id(member), _facts(member)) for name, member in members]
        # The members are held with their facts: an object that is gone may leave its id to another one.
        return [
            changes.compute.get(),
            found,
            [_Same(x) for x in chain.from_iterable(self._outer)],
            [_facts(variable) for variable in self._variables],
            _Held([x for _, x in members]),
        ]


_END = object()  # so that a longer list differs, too


def plain_tensors(modules: Iterable[Any]) -> list[Tensor]:
    """The Tensors in Modules that are no parameters and no buffers.

    >>> import unifw
    >>> plain_tensors([unifw.nn.Linear(2, 1)])
    []
    """
    members = [member for module in modules for _, member in module._members() if is_module(member)]
    held = [x for member in members for x in vars(member).values() if isinstance(x, Tensor)]
    return [x for x in held if not isinstance(x, Variable)]


@contextmanager
def unchanged(tensors: list[Tensor]) -> Iterator[None]:
    """Raise TracedValueError if these Tensors hold something else after the `with` block; they do not then.

    >>> with unchanged([]):
    ...     pass
    """
    before = [x.native for x in tensors]
    changed = False
    try:
        yield
    finally:
        for x, native in zip(tensors, before, strict=True):
            changed = changed or x.native is not native
            x._set(native)
    if changed:
        raise TracedValueError(
            "compile: the function changed a Tensor from outside, as x += 1 does, which would happen at its first call "
            "alone. Return the new value, or make the Tensor a unifw.Buffer and write buffer.assign(...)."
        )


class _Payload:
    """What a Tensor holds now: `x += 1` gives it something else."""

    def __init__(self, x: Tensor) -> None:
        self._x = x

    def __iter__(self) -> Iterator[Any]:
        return iter((self._x.native,))


class _Same:
    """Something that equals itself alone; it is kept alive, as its id may else become that of another object."""

    def __init__(self, x: Any) -> None:
        self._x = x

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self._x is other._x

    __hash__ = None  # type: ignore[assignment]


def _lists_in(modules: Iterable[Any]) -> Iterator[Collection[Any]]:
    """The lists and dicts in Modules that hold parts of them, or nothing yet."""
    for module in modules:
        for _, member in module._members():
            for value in vars(member).values() if is_module(member) else ():
                items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
                if items is not None and all(isinstance(x, Tensor) or is_module(x) for x in items):
                    yield items


class _Held(list[Any]):
    """Objects that are kept alive and play no part in comparisons."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None


def _facts(x: Any) -> Hashable:
    """What Python code that is traced may read of a Module, a parameter or a buffer."""
    if isinstance(x, Variable):
        return part(x.backend, "tracing").home(x), x.trainable if isinstance(x, Parameter) else None
    if is_module(x):
        return (
            type(x),
            x.training,
            *(
                (name, type(value), value if type(value) in SETTINGS else id(value))
                for name, value in vars(x).items()
                if name != "training" and (type(value) in SETTINGS or isinstance(value, FunctionType))
            ),
        )
    return None


def variables_of(modules: Iterable[Any]) -> list[Variable]:
    """The parameters and buffers of Modules.

    >>> import unifw
    >>> len(variables_of([unifw.nn.Linear(2, 1)]))
    2
    """
    return [x for module in modules for _, x in module._members() if isinstance(x, Variable)]
