"""Differentiation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Protocol

from unifw.spec.types import Native, Storage

Natives = Sequence[Native]
Function = Callable[[list[Native], list[Storage]], tuple[list[Native], list[Native]]]
"""Outputs and auxiliaries, of stand-ins for tensors and for storages; storages may stand for themselves."""

Scalar = Callable[[list[Native], list[Storage]], tuple[Native, list[Native]]]
"""A scalar and auxiliaries."""

Pull = Callable[[Natives], list[Native]]
Recomputed = Callable[[Natives, Sequence[Storage], Sequence[Storage]], list[Native]]
"""Outputs, of stand-ins for inputs, for the storages of parameters and for those of buffers."""


class AutodiffOps(Protocol):
    """Derivatives of functions that run unifw code, each called once unless said otherwise.

    What the outputs do not depend on gets zeros. `nested` says that the result will itself be differentiated. A failure
    of a backward pass is a GradientError; what a function raises passes through.
    """

    def value_and_grad(
        self, function: Scalar, tensors: list[Native], storages: list[Storage], nested: bool, /
    ) -> tuple[Native, list[Native], list[Native]]:
        """Value and auxiliaries of `function`, and the gradients for tensors and then storages.

        It gets the very list `storages` if they stand for themselves. Their gradients have axes in the storages' order.
        """
        ...

    def vjp(
        self, function: Function, tensors: list[Native], storages: list[Storage], nested: bool, /
    ) -> tuple[list[Native], list[Native], Callable[[list[Native], bool], list[Native]]]:
        """Outputs, auxiliaries, and the function from cotangents to gradients, which takes `nested` again."""
        ...

    def jvp(
        self,
        function: Function,
        tensors: list[Native],
        storages: list[Storage],
        tangents: list[Native],
        nested: bool,
        /,
    ) -> tuple[list[Native], list[Native], list[Native]]:
        """Outputs, auxiliaries, and the tangents of the outputs."""
        ...

    def vmap(
        self, function: Callable[[list[Native]], list[Native]], inputs: list[Native], loop: bool, /
    ) -> list[Native]:
        """`function` of each element of the first axes, stacked; with `loop` it may be called once for each."""
        ...

    def custom_gradient(
        self, function: Callable[[Natives], tuple[list[Native], Pull]], inputs: list[Native], /
    ) -> list[Native]:
        """Outputs of `function`, whose second result takes the place of their gradients."""
        ...

    def checkpoint(
        self,
        first: Recomputed,
        again: Recomputed,
        inputs: list[Native],
        closed: list[Native],
        parameters: list[Storage],
        buffers: list[Storage],
        /,
    ) -> list[Native]:
        """Outputs of `first`; the backward pass runs `again`, with the same random numbers, and restores `buffers`.

        Gradients go to `inputs`, and to `closed` and `parameters`, which the function takes from outside.
        """
        ...

    def no_grad(self) -> AbstractContextManager[None]:
        """A context in which nothing is recorded for derivatives taken outside of it."""
        ...

    def inference(self) -> AbstractContextManager[None]:
        """A context whose results take no part in any derivative, not as constants either: the fastest one."""
        ...

    def stop_gradient(self, x: Native, /) -> Native: ...
