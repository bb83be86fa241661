"""What a function finds outside of its arguments: Modules and Tensors, and the names and collections that hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from types import CellType, CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from unifw.tensor import Tensor
from unifw.variable import Variable

SETTINGS = (bool, int, float, str, type(None))
_DEEPEST = 6
_MOST = 1000  # a longer list holds data


class Reach:
    """The Modules and plain Tensors that a function can reach: its own `self`, what it closes over, its defaults, the
    global names that it uses, and what lists, dicts and objects of its own package hold among these.

    `held` are live views: what the names and collections hold, whenever they are gone through.

    >>> import unifw
    >>> layer = unifw.nn.ReLU()
    >>> Reach(lambda x, layer=layer: layer(x)).modules == [layer]
    True
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        self.modules: list[Any] = []
        self.tensors: list[Tensor] = []
        self.held: list[Iterable[Any]] = []
        # The search stays in the package where it began: others hold no models of ours.
        self._package = (getattr(function, "__module__", None) or "").partition(".")[0]
        self._seen: set[int] = set()
        self._take(function, 0)

    def _take(self, x: Any, depth: int) -> None:
        if depth > _DEEPEST or id(x) in self._seen or isinstance(x, (*SETTINGS, type, ModuleType, Variable)):
            return
        self._seen.add(id(x))
        if is_module(x):
            self.modules.append(x)
        elif isinstance(x, Tensor):
            self.tensors.append(x)
        else:
            for inner in self._parts(x):
                self._take(inner, depth + 1)

    def _parts(self, x: Any) -> Iterable[Any]:
        """What an object holds where a function could find a Module."""
        if isinstance(x, dict):
            return self._watched(list(x.values()), x.values()) if len(x) <= _MOST else ()
        if isinstance(x, (list, tuple, set)):
            return self._watched(list(x), x) if len(x) <= _MOST else ()
        if isinstance(x, MethodType):
            return x.__self__, x.__func__
        if isinstance(x, partial):
            return x.func, x.args, x.keywords
        if isinstance(x, FunctionType):
            return self._parts_of_function(x) if self._is_near(x.__module__) else ()
        return (
            self._named(vars(x), list(vars(x))) if hasattr(x, "__dict__") and self._is_near(type(x).__module__) else ()
        )

    def _is_near(self, module: str | None) -> bool:
        return (module or "").partition(".")[0] in (self._package, "unifw")

    def _watched(self, items: list[Any], view: Iterable[Any]) -> list[Any]:
        """The items of a collection, which is looked at again if a Module or Tensor is among them."""
        if any(map(_is_state, items)):
            self.held.append(view)
        return items

    def _named(self, names: Mapping[str, Any], wanted: Iterable[str]) -> list[Any]:
        """The values of names, of which those that hold Modules and Tensors are looked at again."""
        found = {name: names[name] for name in wanted if name in names}
        held = [name for name, x in found.items() if _holds_state(x)]
        if held:
            self.held.append(_Names(names, held))
        return list(found.values())

    def _parts_of_function(self, function: FunctionType) -> list[Any]:
        found = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
        for cell in function.__closure__ or ():
            values = list(_Cell(cell))
            if any(map(_holds_state, values)):
                self.held.append(_Cell(cell))
            found += values
        if (function.__module__ or "").partition(".")[0] != "unifw":
            found += self._named(function.__globals__, sorted(_names(function.__code__)))
        return found


class _Names:
    """What some names hold now."""

    def __init__(self, names: Mapping[str, Any], chosen: list[str]) -> None:
        self._names, self._chosen = names, chosen

    def __iter__(self) -> Iterator[Any]:
        return map(self._names.get, self._chosen)


class _Cell:
    """What a variable of an outer function holds now: nothing, before it has a value."""

    def __init__(self, cell: CellType) -> None:
        self._cell = cell

    def __iter__(self) -> Iterator[Any]:
        try:
            return iter((self._cell.cell_contents,))
        except ValueError:
            return iter(())


def is_module(x: Any) -> bool:
    """Whether this is a Module: this layer knows of them only that they name their parameters.

    >>> is_module(3)
    False
    """
    return hasattr(type(x), "named_parameters")


def _is_state(x: Any) -> bool:
    return isinstance(x, Tensor) or is_module(x)


def _holds_state(x: Any) -> bool:
    """Whether this is a Module or a Tensor, or a short collection with one."""
    if isinstance(x, (list, tuple, dict)):
        return len(x) <= _MOST and any(map(_is_state, x.values() if isinstance(x, dict) else x))
    return _is_state(x)


def _names(code: CodeType) -> set[str]:
    """The global names that code uses, also in the functions inside it."""
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*inner)
