"""Which names of a namespace are for users: what `dir()` shows, an editor offers and `import *` brings."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from types import ModuleType
from typing import Any

from unifw.errors import OperandError


def of_package(namespace: Mapping[str, Any], *modules: str) -> list[str]:
    """What a package offers: every name without underscore, but of the modules that hold its code only these.

    >>> import unifw.optim
    >>> [name for name in dir(unifw.optim) if name in ("SGD", "descent", "schedules")]
    ['SGD', 'schedules']
    """
    return sorted(n for n, x in namespace.items() if n in modules or not (n[0] == "_" or isinstance(x, ModuleType)))


def of_module(namespace: Mapping[str, Any], *others: str) -> list[str]:
    """What a module offers: the functions and classes that it defines, and these others.

    >>> import unifw.random
    >>> [name for name in dir(unifw.random) if name in ("normal", "asarray", "np")]
    ['normal']
    """
    home = namespace["__name__"]
    return sorted(n for n, x in namespace.items() if n in others or _is_own(n, x, home))


def absent(module: str, name: str, instead: Mapping[str, str]) -> AttributeError:
    """The error for a name that a module has not; `instead` says, by pattern, what takes its place.

    >>> absent("m", "LazyLinear", {"Lazy*": "Write None for the size."}).args
    ("module 'm' has no attribute 'LazyLinear'. Write None for the size.",)
    """
    told = next((f" {words}" for pattern, words in instead.items() if fnmatchcase(name, pattern)), "")
    return AttributeError(f"module {module!r} has no attribute {name!r}.{told}", name=name)


class ForAFunction(ModuleType):
    """A module whose name people know as that of a function, and that says, when it is called, what to write.

    >>> import unifw
    >>> try:
    ...     unifw.tensor([1])
    ... except TypeError as error:
    ...     print(error)
    tensor: got a call of unifw.tensor, which is a module; expected a function. Write unifw.asarray(values).
    """

    def __call__(self, *_: Any, **__: Any) -> Any:
        name = self.__name__
        raise OperandError(
            f"{name.rpartition('.')[2]}: got a call of {name}, which is a module; expected a function. "
            "Write unifw.asarray(values)."
        )


def _is_own(name: str, x: Any, home: str) -> bool:
    return name[0] != "_" and callable(x) and getattr(x, "__module__", None) == home
