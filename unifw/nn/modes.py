"""Putting a model into a mode for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from unifw.nn.module import Module


@contextmanager
def mode(model: Module, training: bool) -> Iterator[None]:
    """Inside the `with` block the model trains or evaluates; after it each part is as it was.

    >>> import unifw
    >>> layer = unifw.nn.Dropout()
    >>> with mode(layer, training=False):
    ...     layer.training
    False
    >>> layer.training
    True
    """
    before = [(module, module.training) for _, module in model.named_modules()]
    model.train(training)
    try:
        yield
    finally:
        for module, value in before:
            module.training = value
