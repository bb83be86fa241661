"""Arguments of a compiled function: tensors are inputs, all else is part of the signature."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

from unifw.errors import ArgumentError, OperandError, ShapeError, describe
from unifw.tensor import Tensor
from unifw.tracing.reach import is_module
from unifw.variable import Variable

Dims = Mapping[int, str]
Dynamic = str | Mapping[str | int, Dims | Sequence[str | None]] | None


class Arguments:
    """One call's arguments taken apart: `tensors`, where each is from (`places`), and `key`, the rest."""

    def __init__(self, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self.args = args
        self.kwargs = kwargs
        self.tensors: list[Tensor] = []
        self.places: list[str | int] = []
        self.modules: list[Any] = []
        self.parts: dict[str | int, tuple[Hashable, ...]] = {}
        given: list[tuple[str | int, Any]] = [*enumerate(args), *sorted(kwargs.items())]
        for place, x in given:
            part: list[Hashable] = []
            self._take(x, place, part)
            self.parts[place] = tuple(part)

    @property
    def key(self) -> Hashable:
        """Everything but the tensors: the forms of trees, numbers by type and value, Modules as they are."""
        return tuple(self.parts.items())

    def _take(self, x: Any, place: str | int, part: list[Hashable]) -> None:
        if isinstance(x, Tensor) and not isinstance(x, Variable):
            self.tensors.append(x)
            self.places.append(place)
            part.append(Tensor)
        elif isinstance(x, dict):
            part.append((type(x), tuple(x)))
            for value in x.values():
                self._take(value, place, part)
        elif isinstance(x, (list, tuple)):
            part.append((type(x), len(x)))
            for value in x:
                self._take(value, place, part)
        else:
            if is_module(x):
                self.modules.append(x)
            part.append(_static(x, place))

    def rebuilt(self, tensors: Sequence[Tensor]) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """The same arguments with other tensors."""
        given = iter(tensors)
        args = tuple(_replaced(x, given) for x in self.args)
        named = {name: _replaced(x, given) for name, x in sorted(self.kwargs.items())}
        return args, {name: named[name] for name in self.kwargs}


def _replaced(x: Any, given: Any) -> Any:
    if isinstance(x, Tensor):
        return x if isinstance(x, Variable) else next(given)
    if isinstance(x, dict):
        return {key: _replaced(value, given) for key, value in x.items()}
    if isinstance(x, (list, tuple)):
        values = [_replaced(value, given) for value in x]
        return type(x)(*values) if hasattr(x, "_fields") else type(x)(values)
    return x


def _static(x: Any, place: str | int) -> Hashable:
    """An argument as part of a key: floats by all their bits, Modules and variables by identity."""
    if isinstance(x, float):
        return float, x.hex()
    if isinstance(x, Tensor):
        return x  # hashes by identity
    try:
        hash(x)
    except TypeError:
        raise OperandError(
            f"compile: got {describe(x)} for the argument {place!r}; expected Tensors, trees of them, Modules, and "
            "plain values that can be hashed. Write unifw.asarray(...) around an array."
        ) from None
    return type(x), x


class Names:
    """The names of a function's arguments, and the axes of each whose size is open."""

    def __init__(self, function: Callable[..., Any], dynamic: Dynamic) -> None:
        try:
            parameters = list(inspect.signature(function).parameters.values())
        except (TypeError, ValueError):
            parameters = []
        self.names = [p.name for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        known = {p.name for p in parameters}
        self._everywhere = {0: dynamic} if isinstance(dynamic, str) else None
        self._dims: dict[str | int, Dims] = {}
        for place, axes in ({} if isinstance(dynamic, str) else dict(dynamic or {})).items():
            if isinstance(place, str) and known and place not in known:
                raise ArgumentError(
                    f"compile: got dynamic axes for {place!r}; expected names among {', '.join(sorted(known))}, "
                    "or positions."
                )
            self._dims[self.name(place)] = _axes(place, axes)
        self.any = bool(self._everywhere or self._dims)

    def name(self, place: str | int) -> str:
        """What an argument is called."""
        if isinstance(place, str):
            return place
        return self.names[place] if place < len(self.names) else f"argument {place}"

    def dims(self, tensors: Sequence[Tensor], places: Sequence[str | int]) -> list[Dims]:
        """The open axes of each tensor, counted from 0. Raises ShapeError for an axis that a tensor has not."""
        if not self.any:
            return [{}] * len(tensors)
        return [self._dims_of(x, self.name(place)) for x, place in zip(tensors, places, strict=True)]

    def _dims_of(self, x: Tensor, name: str) -> Dims:
        if self._everywhere is not None and name not in self._dims:
            return self._everywhere if x.ndim else {}
        found = {}
        for axis, size in self._dims.get(name, {}).items():
            if not -x.ndim <= axis < x.ndim:
                raise ShapeError(
                    f"compile: got {x.ndim} axes for {name!r}; expected axis {axis} ({size!r}) to be there."
                )
            found[axis % x.ndim] = size
        return found

    def check(self, tensors: Sequence[Any], places: Sequence[str | int], dims: Sequence[Dims]) -> None:
        """Raise ShapeError if axes of one name have two sizes; the tensors are native."""
        sizes: dict[str, tuple[int, str]] = {}
        for x, place, named in zip(tensors, places, dims, strict=True):
            for axis, name in named.items():
                size = int(x.shape[axis])
                first, where = sizes.setdefault(name, (size, self.name(place)))
                if size != first:
                    raise ShapeError(
                        f"compile: got {first} for {name!r} in {where!r} and {size} in {self.name(place)!r}; expected "
                        "one size. Give axes that may differ another name in dynamic=."
                    )


def _axes(place: str | int, axes: Any) -> Dims:
    pairs = axes.items() if isinstance(axes, Mapping) else enumerate(axes) if isinstance(axes, (list, tuple)) else None
    found = None if pairs is None else {axis: name for axis, name in pairs if name is not None}
    if found is None or not all(type(axis) is int and isinstance(name, str) for axis, name in found.items()):
        raise ArgumentError(
            f"compile: got {axes!r} as the dynamic axes of {place!r}; expected axes and their names. "
            'Write dynamic={"x": {0: "batch"}}.'
        )
    return found
