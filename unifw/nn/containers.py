"""Modules made of other Modules, and of parameters."""

from __future__ import annotations

from collections.abc import ItemsView, Iterable, Iterator, KeysView, Mapping, ValuesView
from typing import Any, Generic, Self, TypeVar, overload

from unifw.errors import ArgumentError, OperandError, describe
from unifw.nn.module import Module
from unifw.tensor import Tensor
from unifw.variable import Parameter, Variable

Item = TypeVar("Item")


class _List(Module, Generic[Item]):
    """Items by position, which are their names; the methods are those of a list."""

    def __init__(self, items: Iterable[Any] = ()) -> None:
        self._items: list[Item] = [self._checked(item) for item in items]

    def _checked(self, item: Any) -> Item:
        """The item as it is kept. Raises OperandError for what does not belong here."""
        raise NotImplementedError

    def _fields(self) -> Iterator[tuple[str, Any]]:
        yield from ((str(i), item) for i, item in enumerate(self._items))
        yield from ((name, value) for name, value in vars(self).items() if name != "_items")

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[Item]:
        return iter(self._items)

    @overload
    def __getitem__(self, index: int) -> Item: ...
    @overload
    def __getitem__(self, index: slice) -> Self: ...
    def __getitem__(self, index: int | slice) -> Item | Self:
        return self._of(self._items[index]) if isinstance(index, slice) else self._items[index]

    def _of(self, items: list[Item]) -> Self:
        return type(self)(items)

    def __setitem__(self, index: int, item: Any) -> None:
        self._items[index] = self._checked(item)

    def __delitem__(self, index: int | slice) -> None:
        del self._items[index]

    def __add__(self, other: Iterable[Any]) -> Self:
        return self._of([*self._items, *other])

    def append(self, item: Any) -> Self:
        """Add one at the end."""
        return self.extend([item])

    def extend(self, items: Iterable[Any]) -> Self:
        """Add some at the end, all or none."""
        self._items += [self._checked(item) for item in items]
        return self

    def insert(self, index: int, item: Any) -> Self:
        """Add one before the position `index`."""
        self._items.insert(index, self._checked(item))
        return self

    def pop(self, index: int = -1) -> Item:
        """Take one out."""
        return self._items.pop(index)


def _module(owner: Module, item: Any) -> Module:
    if not isinstance(item, Module):
        raise OperandError(f"{type(owner).__name__}: got {describe(item)}; expected Modules, as nn.ReLU() with its ().")
    return item


def _tensor(owner: Module, item: Any) -> Tensor:
    """What a collection of parameters keeps: a Tensor becomes a Parameter, a Buffer stays one."""
    if not isinstance(item, Tensor):
        raise OperandError(f"{type(owner).__name__}: got {describe(item)}; expected Parameters. Write Parameter(...).")
    return item if isinstance(item, Variable) else Parameter(item)


class ModuleList(_List[Module]):
    """Modules in a list; it has no forward of its own. A plain list as an attribute is found as well.

    >>> import unifw
    >>> layers = unifw.nn.ModuleList(unifw.nn.Linear(2, 2) for _ in range(2)).append(unifw.nn.Linear(2, 1))
    >>> list(layers.state_dict())
    ['0.weight', '0.bias', '1.weight', '1.bias', '2.weight', '2.bias']
    """

    def _checked(self, item: Any) -> Module:
        return _module(self, item)


class ParameterList(_List[Tensor]):
    """Parameters in a list; a Tensor becomes a Parameter.

    >>> import unifw
    >>> list(unifw.nn.ParameterList([unifw.zeros(2), unifw.Parameter([1.0])]).state_dict())
    ['0', '1']
    """

    def _checked(self, item: Any) -> Tensor:
        return _tensor(self, item)

    def _describe(self) -> str:
        return ", ".join(f"({i}): {describe(x)}" for i, x in enumerate(self._items))


class Sequential(_List[Module]):
    """Layers one after the other; their names are their positions, or the keys of a dict of layers.

    >>> import unifw
    >>> model = unifw.nn.Sequential(unifw.nn.Linear(3, 4), unifw.nn.ReLU(), unifw.nn.Linear(4, 2))
    >>> model(unifw.zeros((5, 3))).shape, list(model.state_dict())
    ((5, 2), ['0.weight', '0.bias', '2.weight', '2.bias'])
    >>> list(unifw.nn.Sequential({"head": unifw.nn.Linear(3, 4)}).state_dict())
    ['head.weight', 'head.bias']
    """

    def __init__(self, *layers: Any) -> None:
        named = layers[0] if len(layers) == 1 and isinstance(layers[0], Mapping) else {}
        super().__init__(named.values() if named else layers)
        self._names = [str(name) for name in named]

    def _checked(self, item: Any) -> Module:
        return _module(self, item)

    def forward(self, x: Any) -> Any:
        """The output of the last layer."""
        for layer in self._items:
            x = layer(x)
        return x

    def _fields(self) -> Iterator[tuple[str, Any]]:
        for i, (name, field) in enumerate(super()._fields()):
            yield self._names[i] if i < len(self._names) else name, field

    def __getitem__(self, index: Any) -> Any:
        if isinstance(index, slice) and self._names:
            return type(self)(dict(list(self._fields())[index]))
        return super().__getitem__(index)

    def _of(self, items: list[Module]) -> Self:
        return type(self)(*items)

    def insert(self, index: int, item: Any) -> Self:
        """Add one before the position `index`."""
        self._positional("insert")
        return super().insert(index, item)

    def __delitem__(self, index: int | slice) -> None:
        self._positional("del")
        super().__delitem__(index)

    def pop(self, index: int = -1) -> Module:
        """Take one out."""
        self._positional("pop")
        return super().pop(index)

    def _positional(self, what: str) -> None:
        if self._names:
            raise ArgumentError(f"{what}: got a Sequential with named layers; write a new one from a dict.")

    def __getattr__(self, name: str) -> Any:
        names = vars(self).get("_names", ())
        if name not in names:
            raise AttributeError(f"{type(self).__name__} has no attribute or layer {name!r}")
        return self._items[names.index(name)]


class _Dict(Module, Generic[Item]):
    """Items by name; the methods are those of a dict."""

    def __init__(self, items: Mapping[str, Any] | Iterable[tuple[str, Any]] = ()) -> None:
        self._items: dict[str, Item] = {}
        self.update(items)

    def _checked(self, item: Any) -> Item:
        """The item as it is kept. Raises OperandError for what does not belong here."""
        raise NotImplementedError

    def _fields(self) -> Iterator[tuple[str, Any]]:
        yield from self._items.items()
        yield from ((name, value) for name, value in vars(self).items() if name != "_items")

    def __len__(self) -> int:
        return len(self._items)

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __contains__(self, name: object) -> bool:
        return name in self._items

    def __getitem__(self, name: str) -> Item:
        return self._items[name]

    def __setitem__(self, name: str, item: Any) -> None:
        self.update({name: item})

    def __delitem__(self, name: str) -> None:
        del self._items[name]

    def __getattr__(self, name: str) -> Any:
        items = vars(self).get("_items", {})
        if name not in items:
            raise AttributeError(f"{type(self).__name__} has no attribute or item {name!r}")
        return items[name]

    def update(self, items: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> None:
        """Add some or replace them, all or none."""
        checked = {name: self._checked(item) for name, item in dict(items).items()}
        wrong = [name for name in checked if not isinstance(name, str) or not name or "." in name]
        if wrong:
            raise ArgumentError(f"{type(self).__name__}: got the name {wrong[0]!r}; expected a word without dots.")
        self._items |= checked

    def keys(self) -> KeysView[str]:
        """The names."""
        return self._items.keys()

    def values(self) -> ValuesView[Item]:
        """The items."""
        return self._items.values()

    def items(self) -> ItemsView[str, Item]:
        """The names with their items."""
        return self._items.items()

    def get(self, name: str, default: Any = None) -> Any:
        """The item of a name, or the default."""
        return self._items.get(name, default)

    def pop(self, name: str) -> Item:
        """Take one out."""
        return self._items.pop(name)

    def clear(self) -> None:
        """Take all out."""
        self._items.clear()


class ModuleDict(_Dict[Module]):
    """Modules by name; it has no forward of its own. A plain dict as an attribute is found as well.

    >>> import unifw
    >>> heads = unifw.nn.ModuleDict({"a": unifw.nn.Linear(2, 1)})
    >>> heads["a"](unifw.zeros((3, 2))).shape, list(heads.state_dict())
    ((3, 1), ['a.weight', 'a.bias'])
    """

    def _checked(self, item: Any) -> Module:
        return _module(self, item)


class ParameterDict(_Dict[Tensor]):
    """Parameters by name; a Tensor becomes a Parameter.

    >>> import unifw
    >>> list(unifw.nn.ParameterDict({"scale": unifw.ones(2)}).state_dict())
    ['scale']
    """

    def _checked(self, item: Any) -> Tensor:
        return _tensor(self, item)

    def _describe(self) -> str:
        return ", ".join(f"({name}): {describe(x)}" for name, x in self._items.items())


class Identity(Module, leaf=True):
    """Its input; any arguments of the construction are ignored, so that it can stand in for any layer.

    >>> import unifw
    >>> unifw.nn.Identity(54, unused=True)(unifw.asarray([1.0])).tolist()
    [1.0]
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Take anything."""

    def forward(self, x: Any) -> Any:
        """Anything to itself."""
        return x
