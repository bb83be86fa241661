"""Every layer and loss given what does not fit: both backends agree, in the same words, and name the layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import unifw
from unifw import nn
from unifw.errors import MixedBackendError, UnifwError

from ..unit.layer_formulas import LAYERS, Formula
from ..unit.loss_formulas import LOSSES

Array = Any
EVERY = {**LAYERS, **LOSSES}
BACKENDS = ("torch", "tensorflow")


class Model(nn.Module):
    """A layer with a path."""

    def __init__(self, part: nn.Module) -> None:
        self.part = part

    def forward(self, *inputs: Any) -> Any:
        """What the layer gives."""
        y = self.part(*inputs)
        return getattr(y, "output", y)


def spoiled(x: Array) -> Iterator[tuple[str, Any]]:
    """What may be wrong with an input: axes, sizes, dtype, classes."""
    yield "numpy", x
    yield "one axis less", unifw.asarray(x[0])
    yield "one axis more", unifw.asarray(x[None])
    yield "a number", unifw.asarray(x.reshape(-1)[0])
    yield "one feature more", unifw.asarray(np.concatenate([x, x[..., :1]], -1))
    if x.shape[-1] > 1:
        yield "one feature less", unifw.asarray(x[..., :-1])
    if x.ndim > 2:
        yield "one step", unifw.asarray(x[:, :1])
    if x.dtype.kind == "f":
        yield "float32", unifw.asarray(x.astype("float32"))
    else:
        yield "floating", unifw.asarray(x.astype("float64"))
        yield "too great", unifw.asarray(x + 100)
        yield "negative", unifw.asarray(x - 100)


def outcomes(formula: Formula, backend: str) -> dict[Any, Any]:
    """For each input and what is wrong with it, the shape and dtype of the output, or the error."""
    found: dict[Any, Any] = {}
    with unifw.using_backend(backend):
        unifw.seed(0)
        layer, inputs, _ = formula(np.random.default_rng(7))
        model = Model(layer).to(unifw.float64)
        for i, x in enumerate(inputs):
            for kind, bad in spoiled(x):
                given = [unifw.asarray(value) for value in inputs]
                given[i] = bad
                try:
                    y = model(*given)
                    found[i, kind] = (y.shape, y.dtype)
                except Exception as error:
                    found[i, kind] = error
    return found


@pytest.mark.parametrize(("name", "formula"), EVERY.items(), ids=EVERY)
def test_what_does_not_fit_is_refused_alike(name: str, formula: Formula) -> None:
    first, second = (outcomes(formula, backend) for backend in BACKENDS)
    for key, one in first.items():
        said = [one, second[key]]
        for error in said:
            if isinstance(error, Exception):
                assert isinstance(error, UnifwError), (key, error)
                assert any(note.startswith("In part") for note in error.__notes__), (key, error)
                assert "got" in str(error), (key, error)
                assert "expected" in str(error), (key, error)
        assert words(said[0]) == words(said[1]), key


def words(outcome: Any) -> Any:
    if not isinstance(outcome, Exception):
        return outcome
    return type(outcome), str(outcome).partition("The native framework says")[0]


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize(("name", "formula"), EVERY.items(), ids=EVERY)
def test_an_input_of_another_backend_is_refused(name: str, formula: Formula, backend: str) -> None:
    """TensorFlow would take torch's tensors for arrays, and no gradient would go through them."""
    with unifw.using_backend(backend):
        layer, inputs, _ = formula(np.random.default_rng(7))
        model = Model(layer).to(unifw.float64)
        given = [unifw.asarray(x) for x in inputs]
    if len(given) == 1 and not model.named_state():
        return  # nothing else has a backend
    for i, x in enumerate(given):
        others = [*given[:i], x.to_backend(BACKENDS[backend == BACKENDS[0]]), *given[i + 1 :]]
        with pytest.raises(MixedBackendError):
            model(*others)
