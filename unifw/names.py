"""Which names of a namespace are for users: what `dir()` shows, an editor offers and `import *` brings."""

from __future__ import annotations

from collections.abc import Mapping
from fnmatch import fnmatchcase
from inspect import getattr_static
from types import ModuleType
from typing import Any, NoReturn, TypeVar

from unifw.errors import OperandError

_Class = TypeVar("_Class")


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


class Absent:
    """A name that people bring along and a class has not: who asks for it reads what to write.

    `__getattr__` would do the same, and make every attribute of the class take 2 to 4 times as long (Python 3.11).
    """

    def __init__(self, name: str, words: str) -> None:
        self.name, self.words = name, words

    def __get__(self, one: Any, owner: type) -> NoReturn:
        words = f"{owner.__name__!r} object has no attribute {self.name!r}. {self.words}"
        raise AttributeError(words, name=self.name, obj=one)


def taught(cls: type[_Class]) -> type[_Class]:
    """The class, which says what takes the place of the names below.

    >>> import unifw
    >>> unifw.ones(2).unsqueeze(0)
    Traceback (most recent call last):
    AttributeError: '...Tensor' object has no attribute 'unsqueeze'. Write unifw.expand_dims(x, axis=...).
    """
    for names, words in _INSTEAD[cls.__name__].items():
        for name in names.split():
            setattr(cls, name, Absent(name, words.format(name=name)))
    cls.__dir__ = _shown  # type: ignore[method-assign, assignment]
    return cls


def _shown(one: Any) -> list[str]:
    return [n for n in object.__dir__(one) if not isinstance(getattr_static(type(one), n, None), Absent)]


_GRADIENTS = "Gradients are values: write optimizer.step(gradients), as unifw.value_and_grad(loss)(model, ...) gives."
_INSTEAD = {
    "Tensor": {
        "backward grad requires_grad requires_grad_": "Gradients are functions: write unifw.value_and_grad(f)(x).",
        "detach": "Write unifw.stop_gradient(x).",
        "cpu cuda": 'Write x.to("cpu") or x.to("gpu:0").',
        "half float double": "Write x.to(unifw.float16), or float32, or float64.",
        "view reshape": "Write unifw.reshape(x, shape).",
        "unsqueeze": "Write unifw.expand_dims(x, axis=...).",
        "permute transpose": "Write unifw.permute_dims(x, axes), or x.mT for the last two axes.",
        "abs all any argmax argmin exp log max mean min prod sqrt squeeze std sum var": "Write unifw.{name}(x, ...).",
    },
    "Module": {
        "register_buffer": "Write self.name = unifw.Buffer(values).",
        "register_parameter add_module": "Write self.name = unifw.Parameter(values), or self.name = a Module.",
        "cpu cuda": 'Write model.to("cpu") or model.to("gpu:0").',
        "half float double": "Write model.to(unifw.float16), or float32, or float64.",
        "requires_grad_": "Write model.freeze() or model.unfreeze().",
        "zero_grad": _GRADIENTS,
        "compile": "Write unifw.compile(model), or unifw.Trainer(model, optimizer, loss).",
        "fit evaluate predict": "Write unifw.Trainer(model, optimizer, loss).{name}(...).",
        "save save_weights": "Write unifw.save(model, path).",
    },
    "Optimizer": {
        "zero_grad minimize apply_gradients": _GRADIENTS,
        "param_groups": "Write optimizer.groups.",
    },
}


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
