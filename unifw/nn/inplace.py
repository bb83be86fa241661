"""PyTorch's argument `inplace`, which is False here: a Tensor is a value that no layer changes."""

from __future__ import annotations

from unifw.nn.functional.checks import not_in_place
from unifw.nn.module import Module


class NotInPlace(Module):
    """A layer that takes `inplace`. Raises ArgumentError when it is True."""

    def __init__(self, inplace: bool = False) -> None:
        if inplace:
            raise not_in_place(type(self).__name__)
