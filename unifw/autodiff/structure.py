"""The trainable parameters of a Module: found by a walk once, then only checked to be the same.

The check compares, by identity, what the Module and everything in it holds now with what it held when the walk was
made. It runs in C, at a twentieth of the walk's cost, and notices what was added, removed, replaced, frozen or moved.
While the count of changes stands still, only dicts and lists, of which it does not know, are looked at.
"""

from __future__ import annotations

from collections.abc import Collection
from itertools import chain
from operator import attrgetter, is_
from typing import Any

from unifw import changes
from unifw.tracing.reach import is_module
from unifw.variable import Parameter

_KEY = "_structure"
_END = object()
_trainable = attrgetter("trainable")


class Structure:
    """What one walk found. It stands in the Module's own dict, so that both are freed together."""

    __slots__ = ("contents", "count", "every", "flags", "held", "loose", "loosely", "names", "parameters")

    def __init__(self) -> None:
        self.count = -1
        self.contents: list[Collection[Any]] = [(None,)]
        self.held: list[Any] = [_END]

    def __reduce__(self) -> Any:
        return Structure, ()  # a copy of a Module finds its own

    def holds(self) -> bool:
        """Whether everything is where the walk found it."""
        now = changes.count
        if self.count == now:
            return all(map(is_, chain.from_iterable(self.loose), self.loosely))
        same = all(map(is_, chain.from_iterable(self.contents), self.held)) and all(
            map(is_, map(_trainable, self.every), self.flags)
        )
        self.count = now if same else -1
        return same

    def find(self, module: Any) -> None:
        """Walk the Module."""
        named = list(module.named_parameters())
        self.every = [parameter for _, parameter in named]
        self.flags = [parameter.trainable for parameter in self.every]
        self.names = [name for name, parameter in named if parameter.trainable]
        self.parameters = [parameter for parameter in self.every if parameter.trainable]
        attributes, loose = _containers(module)
        self.loose = [*loose, (_END,)]  # the last, so that a shorter or longer list differs
        self.loosely = list(chain.from_iterable(self.loose))
        self.contents = [*attributes, *self.loose]
        self.held = list(chain.from_iterable(self.contents))


def trainable(module: Any) -> tuple[list[str], list[Parameter]]:
    """The names and the trainable parameters of a Module, in the order of `named_parameters`; not to be changed.

    >>> import unifw
    >>> trainable(unifw.nn.Linear(2, 1))[0]
    ['weight', 'bias']
    """
    own = vars(module)
    structure = own.get(_KEY)
    if structure is None:
        structure = own[_KEY] = Structure()
    if not structure.holds():
        structure.find(module)
    return structure.names, structure.parameters


def _containers(module: Any) -> tuple[list[Collection[Any]], list[Collection[Any]]]:
    """All in which something may be exchanged: keys and values of Modules, and those of other dicts, and lists."""
    attributes: list[Collection[Any]] = []
    loose: list[Collection[Any]] = []
    seen: set[int] = set()
    todo: list[Any] = [module]
    while todo:
        value = todo.pop()
        if id(value) in seen:
            continue
        seen.add(id(value))
        if is_module(value):
            own = vars(value)
            attributes += [own, own.values()]  # both show what the dict holds now
            todo += own.values()
        elif isinstance(value, dict):
            loose += [value, value.values()]
            todo += value.values()
        elif isinstance(value, (list, tuple)):
            todo += value
            if isinstance(value, list):
                loose.append(value)
    return attributes, loose
