"""Differentiation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from unifw.spec.types import Native, Storage


class AutodiffOps(Protocol):
    """Reverse-mode differentiation of a function that runs unifw code."""

    def value_and_grad(
        self,
        function: Callable[[list[Native]], tuple[Native, list[Native]]],
        tensors: list[Native],
        storages: list[Storage],
        nested: bool,
        /,
    ) -> tuple[Native, list[Native], list[Native]]:
        """Value and auxiliaries of `function`, and gradients for `tensors` and then `storages`; zeros where unused.

        The function is called once with stand-ins for `tensors`; storages are read through their parameters.
        `nested` says that the result will itself be differentiated.
        """
        ...

    def stop_gradient(self, x: Native, /) -> Native: ...
