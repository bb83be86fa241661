"""Behaviour that one instance takes on and can lose again.

The instance moves to a subclass that is made for it, `Derived(Trait, ..., ItsClass)`, so that every other instance
pays nothing: no flag is read and no list of hooks is looked at in a call.
"""

from __future__ import annotations

from functools import cache
from typing import Any, ClassVar


class Trait:
    """Base class of what an instance can take on; the lowest `order` is called first."""

    order: ClassVar[int]

    def __reduce_ex__(self, protocol: Any) -> Any:  # pickle and deepcopy cannot look up a class made at run time
        return _assume, (bare(type(self)), traits(type(self))), self.__getstate__()


def bare(cls: type) -> type:
    """The class as it was written, without traits.

    >>> bare(int)
    <class 'int'>
    """
    written: type = vars(cls).get("_bare", cls)
    return written


def traits(cls: type) -> tuple[type[Trait], ...]:
    """What a class was made to have.

    >>> traits(int)
    ()
    """
    found: tuple[type[Trait], ...] = vars(cls).get("_traits", ())
    return found


def take(instance: Any, trait: type[Trait]) -> None:
    """Give an instance a trait, unless it has it."""
    instance.__class__ = _derived(bare(type(instance)), frozenset({*traits(type(instance)), trait}))


def lose(instance: Any, trait: type[Trait]) -> None:
    """Take a trait away from an instance."""
    instance.__class__ = _derived(bare(type(instance)), frozenset(traits(type(instance))) - {trait})


@cache
def _derived(base: type, wanted: frozenset[type[Trait]]) -> type:
    if not wanted:
        return base
    ordered = tuple(sorted(wanted, key=lambda trait: trait.order))
    names = {name: getattr(base, name) for name in ("__module__", "__qualname__", "__doc__")}
    calls = [vars(trait)["__call__"] for trait in ordered if "__call__" in vars(trait)]
    own = {"__call__": calls[0]} if calls else {}
    return type(base.__name__, (*ordered, base), {**names, **own, "_bare": base, "_traits": ordered})


def _assume(base: type, wanted: tuple[type[Trait], ...]) -> Any:
    return object.__new__(_derived(base, frozenset(wanted)))
