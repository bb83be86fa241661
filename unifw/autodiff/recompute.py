"""`checkpoint`: compute again in the backward pass instead of storing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from contextvars import copy_context
from functools import partial, wraps
from typing import Any

from unifw import tree
from unifw.autodiff.sources import active, standing_in
from unifw.errors import OperandError, describe
from unifw.operators import mixed_backends
from unifw.registry import part
from unifw.spec import Native
from unifw.streams import host_generator
from unifw.tensor import Tensor
from unifw.tracing.outputs import natives_in, rewrapped
from unifw.tracing.reach import is_module
from unifw.variable import Buffer, Parameter, Variable


def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function, which stores its arguments only and runs again in the backward pass (Chen et al., 2016).

    As JAX's checkpoint, for functions and Modules: `checkpoint(block)(x)` in place of `block(x)`. It saves memory for
    the time of a second forward pass. The second run draws the same random numbers (not from a
    `random.Generator` of one's own, which moves on) and leaves buffers, such as BatchNorm's statistics, alone.
    In a graph that PyTorch compiles, the compiler chooses what to compute again, and the function runs as it is.

    >>> import unifw
    >>> unifw.grad(unifw.checkpoint(lambda x: unifw.sum(unifw.exp(x) * x)))(unifw.asarray([0.0])).tolist()
    [1.0]
    """

    @wraps(function, updated=())
    def recomputed(*args: Any, **kwargs: Any) -> Any:
        reached = list(_reached([args, kwargs, function], {}))
        inputs = [leaf for leaf in tree.leaves([args, kwargs]) if _is_input(leaf)]
        if not inputs and not any(isinstance(x, Tensor) for x in reached):
            return function(*args, **kwargs)
        return _Run(function, args, kwargs, inputs, reached).result()

    return recomputed


class _Run:
    """One call of a checkpointed function: what it takes in, and how it is run the second time."""

    def __init__(
        self, function: Callable[..., Any], args: Any, kwargs: Any, inputs: list[Tensor], reached: list[Tensor]
    ) -> None:
        self.function, self.args, self.kwargs, self.inputs = function, args, kwargs, inputs
        self.backend = (inputs or reached)[0].backend
        if any(x.backend is not self.backend for x in inputs):
            raise mixed_backends("checkpoint", *inputs)
        own = {id(x) for x in inputs}
        parameters = [x for x in reached if isinstance(x, Parameter) and x.trainable]
        self.parameters = _once([*parameters, *(active.get() or ())])
        self.buffers = [x for x in reached if isinstance(x, Buffer)]
        self.closed = [x for x in reached if _is_input(x) and id(x) not in own and x.backend is self.backend]
        self.context = copy_context()
        self.random = host_generator().bit_generator.state
        self.output: Any = None

    def result(self) -> Any:
        """The output of the first run."""
        results = part(self.backend, "autodiff").checkpoint(
            self.first,
            self.again,
            [x.native for x in self.inputs],
            [x.native for x in self.closed],
            [x.storage for x in self.parameters],
            [x.storage for x in self.buffers],
        )
        return rewrapped(self.backend, self.output, results)

    def first(self, natives: Sequence[Native], parameters: Sequence[Any], buffers: Sequence[Any]) -> list[Native]:
        self.output = self._call(natives, parameters, buffers)
        return _tensors(self.output)

    def again(self, natives: Sequence[Native], parameters: Sequence[Any], buffers: Sequence[Any]) -> list[Native]:
        """In the context of the first run, and with its random numbers; the thread may be another one."""
        stream = host_generator().bit_generator
        now, stream.state = stream.state, self.random
        try:
            return natives_in(self.context.copy().run(self._call, natives, parameters, buffers))
        finally:
            stream.state = now

    def _call(self, natives: Sequence[Native], parameters: Sequence[Any], buffers: Sequence[Any]) -> Any:
        given = iter(natives)
        args, kwargs = tree.map_leaves(
            lambda x: self.backend.Tensor(next(given)) if _is_input(x) else x, [self.args, self.kwargs]
        )
        variables: list[Variable] = [*self.parameters, *self.buffers]
        with standing_in(variables, [*parameters, *buffers]):
            return self.function(*args, **kwargs)


def _is_input(x: Any) -> bool:
    return isinstance(x, Tensor) and not isinstance(x, Variable) and "floating" in x.dtype.kind


def _tensors(output: Any) -> list[Native]:
    for leaf in tree.leaves(output):
        if not isinstance(leaf, Tensor):
            raise OperandError(
                f"checkpoint: the function returned {describe(leaf)}; expected Tensors or trees of them."
            )
    return natives_in(output)


def _once(parameters: list[Parameter]) -> list[Parameter]:
    return list({id(x): x for x in parameters}.values())


def _reached(value: Any, seen: dict[int, Any]) -> Iterator[Tensor]:
    """Every Tensor in a tree, in Modules, and in what a function holds: its closure, defaults, object and parts."""
    if id(value) in seen:
        return
    seen[id(value)] = value  # which keeps it, and with it its id
    if isinstance(value, Tensor):
        yield value
    elif isinstance(value, (dict, list, tuple)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _reached(item, seen)
    elif is_module(value):
        yield from _reached(value.named_state(), seen)
    elif callable(value):
        yield from _reached(_held_by(value), seen)


def _held_by(function: Any) -> list[Any]:
    if isinstance(function, partial):
        return [function.func, function.args, function.keywords]
    names = ("__self__", "__defaults__", "__kwdefaults__", "__wrapped__")
    held = [getattr(function, name, None) for name in names]
    for cell in getattr(function, "__closure__", None) or ():
        with suppress(ValueError):  # not assigned yet
            held.append(cell.cell_contents)
    return held
