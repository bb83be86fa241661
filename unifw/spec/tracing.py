"""Running many operations as one native unit."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, Protocol

from unifw.spec.types import Native

if TYPE_CHECKING:
    from unifw.variable import Variable

Dims = Mapping[int, str]
"""The axes of one tensor whose size a trace leaves open, each with its name."""


class StepsInterruptedError(Exception):
    """A call for several steps failed after `done` of them; the native error is the cause."""

    def __init__(self, done: int) -> None:
        super().__init__(f"a call of several training steps failed after {done} of them")
        self.done = done


class Program(Protocol):
    """A traced function on native tensors."""

    variables: Sequence[Variable]
    """The parameters and buffers that it reads or changes, each at its value of the time of the call."""

    def __call__(self, inputs: list[Native], /) -> Sequence[Native] | None:
        """The outputs; None if the program does not hold for these sizes, NotImplemented if Python must run."""
        ...


class TracingOps(Protocol):
    """From a Python function on native tensors to a native program."""

    def signature(self, inputs: Sequence[Native], /) -> tuple[tuple[Hashable, ...], ...] | None:
        """What a trace depends on, for each tensor, its shape last; None where somebody else is tracing.

        Called before each run: a few hundred nanoseconds.
        """
        ...

    def trace(
        self,
        function: Callable[[list[Native]], Sequence[Native]],
        inputs: Sequence[Native],
        dims: Sequence[Dims],
        variables: Sequence[Variable],
        mode: str,
        warn: Callable[[str], None],
        /,
    ) -> Program:
        """Run `function` once, on stand-ins for `inputs`; every parameter and buffer that it reads is an input.

        `variables` are those that it is known to reach.
        `warn` is told why the native compiler failed, if it did; the program then runs without.
        """
        ...

    def outside(self) -> AbstractContextManager[None]:
        """Inside the `with` block, while a function is traced, tensors are real ones."""
        ...

    def home(self, variable: Variable, /) -> Hashable:
        """What a trace assumes of a parameter or buffer: its dtype, device or storage."""
        ...

    def make_step(
        self, function: Callable[[Sequence[Any], tuple[Native, ...]], tuple[Native, ...]], /
    ) -> Callable[[Sequence[float], tuple[Native, ...]], tuple[Native, ...]]:
        """The fastest native form of `function(scalars, batch)`; scalars change from call to call.

        Where `BackendInfo.several` says so, it has a method `several`: from the scalars of some steps and their
        batches, all of one form, to their results, in one native call. It raises StepsInterruptedError.
        """
        ...
