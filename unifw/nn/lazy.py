"""Layers whose input size is found at the first call: `nn.Linear(None, 10)`.

A layer class says which argument may be None, `class Linear(Module, leaf=True, lazy="in_features")`, and nothing else:
its `__init__` then runs at the first call, with the number of channels of the first input.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, ClassVar

from unifw.errors import OperandError, UnfinishedError, describe
from unifw.nn.traits import Trait, bare, lose, take
from unifw.registry import using_backend
from unifw.spec import Backend
from unifw.streams import host_generator
from unifw.tensor import Tensor
from unifw.variable import Variable

OpenShape = tuple[int | None, ...]


def postponing(cls: type, argument: str) -> Callable[..., None]:
    """An `__init__` for the class that waits for the first call if `argument` is None."""
    init = cls.__init__  # type: ignore[misc]
    signature = inspect.signature(init)
    position = list(signature.parameters).index(argument)

    @wraps(init)
    def construct(self: Any, *args: Any, **kwargs: Any) -> None:
        if (args[position - 1] if len(args) >= position else kwargs.get(argument, ...)) is not None:
            init(self, *args, **kwargs)
            return
        bound = signature.bind(self, *args, **kwargs)
        bound.apply_defaults()
        arguments = dict(list(bound.arguments.items())[1:])
        self._postponed = Postponed(cls, argument, arguments, set(vars(self)))
        self._postponed.shapes(bare(type(self)), 1)  # raises now what is wrong with the other arguments
        take(self, Unfinished)

    return construct


@dataclass
class Postponed:
    """A construction by `cls` that waits for one size; `before` are the attributes that the layer had before it."""

    cls: type
    argument: str
    arguments: dict[str, Any]
    before: set[str]

    def run(self, layer: Any, size: int) -> None:
        """Construct for real."""
        vars(self.cls)["__init__"].__wrapped__(layer, **{**self.arguments, self.argument: size})

    def shapes(self, cls: type, multiple: int) -> dict[str, tuple[int, ...]]:
        """What shapes the state has for a small size (one channel per group, times `multiple`); draws nothing."""
        stream = host_generator().bit_generator
        state = stream.state
        try:
            trial: Any = object.__new__(cls)
            self.run(trial, self.smallest * multiple)
        finally:
            stream.state = state
        return {name: tuple(x.shape) for name, x in trial._members() if isinstance(x, Variable)}

    @property
    def smallest(self) -> int:
        groups = self.arguments.get("groups", self.arguments.get("num_groups", 1))
        return groups if isinstance(groups, int) else 1

    @property
    def axis(self) -> int:
        """Where an input has its channels or features."""
        return 1 if self.arguments.get("data_format") == "channels_first" else -1


class Unfinished(Trait):
    """A layer before its first call."""

    order: ClassVar[int] = 0
    _postponed: Postponed

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        x = next(iter((*args, *kwargs.values())), None)
        if not isinstance(x, Tensor):
            raise OperandError(f"{type(self).__name__}: got {describe(x)}; expected a Tensor, to take its size from.")
        sizes = x.ops.static_shape(x.native)
        axis = self._postponed.axis
        size = sizes[axis] if len(sizes) > max(axis, 0) else None
        if x.ops.is_traced(x.native) or size is None:
            raise self.unfinished("")
        self.finish(size, x.backend)
        if x.device != "cpu":
            self.to(x.device)
        return self(*args, **kwargs)

    def finish(self, size: int, backend: Backend) -> None:
        """Construct the layer for inputs of `size`; what was assigned to it in the meantime stays."""
        waiting, held = self._postponed, dict(vars(self))
        later = {name: x for name, x in held.items() if name not in waiting.before and name != "_postponed"}
        lose(self, Unfinished)
        vars(self).clear()
        vars(self).update({name: held[name] for name in waiting.before})
        try:
            with using_backend(backend):
                waiting.run(self, size)
        except Exception:
            vars(self).clear()
            vars(self).update(held)
            take(self, Unfinished)
            raise
        vars(self).update(later)

    def open_shapes(self) -> dict[str, OpenShape]:
        """The shapes of the parameters and buffers to come, None where the open size stands."""
        small, large = (self._postponed.shapes(bare(type(self)), n) for n in (1, 2))
        return {
            name: tuple(None if a != b else a for a, b in zip(shape, large[name], strict=True))
            for name, shape in small.items()
        }

    def size_for(self, shapes: Mapping[str, tuple[int, ...]]) -> int | None:
        """The size with which the layer gets these shapes, as far as they say."""
        small = self._postponed.shapes(bare(type(self)), 1)
        for name, open_shape in self.open_shapes().items():
            if None in open_shape and len(shapes.get(name, ())) == len(open_shape):
                axis = open_shape.index(None)
                return shapes[name][axis] * self._postponed.smallest // small[name][axis]
        return None

    def unfinished(self, name: str) -> UnfinishedError:
        """The error for asking what is not known yet; `name` is the layer's in its model."""
        where = f"the layer {name}" if name else "this layer"
        return UnfinishedError(
            f"{where} is {self!r}, whose {self._postponed.argument} is found at its first call; expected a finished "
            "layer. Call the model once on an example, model(x), before you take its parameters, compile or export it."
        )

    def _describe(self) -> str:
        return ", ".join(f"{name}={value!r}" for name, value in self._postponed.arguments.items())

    def __getattr__(self, name: str) -> Any:
        waiting = vars(self).get("_postponed")
        if waiting is None or name.startswith("__"):
            raise AttributeError(name)
        if name in waiting.arguments:
            return waiting.arguments[name]
        error = self.unfinished("")
        raise UnfinishedError(f"{type(self).__name__} has no attribute {name!r} yet: {error}")
