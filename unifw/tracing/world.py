"""What a traced function saw besides its arguments: the Modules it can reach, their modes and settings."""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Iterable, Iterator
from functools import partial
from itertools import chain
from operator import is_
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from unifw import changes
from unifw.registry import part
from unifw.tensor import Tensor
from unifw.variable import Parameter, Variable

_SETTINGS = (bool, int, float, str, type(None))
_DEEPEST = 6
_MOST = 1000  # a longer list holds data


class World:
    """The state of Modules and variables at the time of a trace; `same` says whether it is still so."""

    def __init__(self, modules: list[Any], variables: list[Variable]) -> None:
        self._modules = modules
        self._variables = variables
        self._facts = self._look()
        self._lists = [*_lists_in(modules), (_END,)]
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
            [_facts(variable) for variable in self._variables],
            _Held([x for _, x in members]),
        ]


_END = object()  # so that a longer list differs, too


def _lists_in(modules: Iterable[Any]) -> Iterator[Collection[Any]]:
    """The lists and dicts in Modules that hold parts of them, or nothing yet."""
    for module in modules:
        for _, member in module._members():
            for value in vars(member).values() if hasattr(type(member), "named_parameters") else ():
                items = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
                if items is not None and all(
                    isinstance(x, Tensor) or hasattr(type(x), "named_parameters") for x in items
                ):
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
    if hasattr(type(x), "named_parameters"):
        return (
            type(x),
            x.training,
            *(
                (name, type(value), value if type(value) in _SETTINGS else id(value))
                for name, value in vars(x).items()
                if name != "training" and (type(value) in _SETTINGS or isinstance(value, FunctionType))
            ),
        )
    return None


def reached(function: Callable[..., Any]) -> list[Any]:
    """The Modules that a function can reach: its own `self`, what it closes over, its defaults, the global names that
    it uses, and what lists, dicts and objects of its own package hold among these.

    >>> import unifw
    >>> layer = unifw.nn.ReLU()
    >>> reached(lambda x, layer=layer: layer(x)) == [layer]
    True
    """
    return list(_Search(getattr(function, "__module__", None) or "").modules(function, 0))


def variables_of(modules: Iterable[Any]) -> list[Variable]:
    """The parameters and buffers of Modules.

    >>> import unifw
    >>> len(variables_of([unifw.nn.Linear(2, 1)]))
    2
    """
    return [x for module in modules for _, x in module._members() if isinstance(x, Variable)]


class _Search:
    """One look around, which stays in the package where it began: others hold no models of ours."""

    def __init__(self, module: str) -> None:
        self._package = module.partition(".")[0]
        self._seen: set[int] = set()

    def modules(self, x: Any, depth: int) -> Iterator[Any]:
        if depth > _DEEPEST or id(x) in self._seen or isinstance(x, (*_SETTINGS, type, ModuleType, Variable)):
            return
        self._seen.add(id(x))
        if hasattr(type(x), "named_parameters"):
            yield x
            return
        for inner in self._parts(x):
            yield from self.modules(inner, depth + 1)

    def _parts(self, x: Any) -> Iterable[Any]:
        """What an object holds where a function could find a Module."""
        if isinstance(x, dict):
            return list(x.values()) if len(x) <= _MOST else ()
        if isinstance(x, (list, tuple, set)):
            return x if len(x) <= _MOST else ()
        if isinstance(x, MethodType):
            return x.__self__, x.__func__
        if isinstance(x, partial):
            return x.func, x.args, x.keywords
        if isinstance(x, FunctionType):
            return _parts_of_function(x) if self._is_near(x.__module__) else ()
        return vars(x).values() if hasattr(x, "__dict__") and self._is_near(type(x).__module__) else ()

    def _is_near(self, module: str | None) -> bool:
        return (module or "").partition(".")[0] in (self._package, "unifw")


def _parts_of_function(function: FunctionType) -> list[Any]:
    found = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    for cell in function.__closure__ or ():
        try:
            found.append(cell.cell_contents)
        except ValueError:  # a name that has no value yet
            continue
    if (function.__module__ or "").partition(".")[0] != "unifw":
        found += [function.__globals__[name] for name in _names(function.__code__) if name in function.__globals__]
    return found


def _names(code: CodeType) -> set[str]:
    """The global names that code uses, also in the functions inside it."""
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    return set(code.co_names).union(*inner)
