"""Comparing an exported model with the live one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from unifw import tree
from unifw.errors import ExportError
from unifw.nn.module import Module
from unifw.spec import Numpy
from unifw.tensor import Tensor

TOLERANCE = {
    "float64": 1e-12,
    "complex128": 1e-12,
    "float32": 1e-4,
    "complex64": 1e-4,
    "float16": 1e-2,
    "bfloat16": 0.05,
}
"""The largest difference allowed, for outputs of size up to 1; relative to the largest output above that."""


def largest_difference(live: Callable[..., Any], artifact: Callable[..., Any], inputs: Sequence[Tensor]) -> float:
    """Run both and return the largest absolute difference of any output element.

    Raises ExportError if the outputs differ in number, shape, or by more than TOLERANCE allows for the coarsest
    dtype of the parameters, inputs and outputs.

    >>> import unifw
    >>> largest_difference(unifw.exp, unifw.exp, [unifw.asarray([0.0, 1.0])])
    0.0
    """
    outputs = list(tree.leaves(_ordered(live(*inputs))))
    expected, got = _arrays(outputs), _arrays(artifact(*inputs))
    tolerance = _tolerance([*outputs, *inputs, *_state(live)])
    shapes = [[x.shape for x in found] for found in (got, expected)]
    if shapes[0] != shapes[1]:
        raise ExportError(f"export: the artefact returned outputs of shapes {shapes[0]}; the live model {shapes[1]}.")
    worst = 0.0
    for ours, theirs in zip(expected, got, strict=True):
        if not np.array_equal(np.isfinite(ours), np.isfinite(theirs)):
            raise ExportError("export: the artefact and the live model return NaN or infinity in different places.")
        finite = np.isfinite(ours)
        difference = float(np.abs(ours[finite] - theirs[finite]).max(initial=0.0))
        allowed = tolerance * max(1.0, float(np.abs(ours[finite]).max(initial=0.0)))
        if difference > allowed:
            raise ExportError(
                f"export: the artefact differs from the live model by {difference:.3g} on {len(inputs[0])} rows; "
                f"expected at most {allowed:.3g}. Nothing was written. Does forward() depend on Python values that "
                "change between calls?"
            )
        worst = max(worst, difference)
    return worst


def _arrays(outputs: Any) -> list[Numpy]:
    found = list(tree.leaves(_ordered(outputs)))
    return [x.numpy().astype(np.float64) if "complex" not in x.dtype.kind else x.numpy() for x in found]


def _state(live: Callable[..., Any]) -> Sequence[Tensor]:
    return [*live.named_state().values()] if isinstance(live, Module) else []


def _tolerance(tensors: Sequence[Tensor]) -> float:
    return max((TOLERANCE[str(x.dtype)] for x in tensors if "floating" in x.dtype.kind), default=TOLERANCE["float64"])


def _ordered(outputs: Any) -> Any:
    """The outputs with the keys of all dicts in alphabetical order, in which a SavedModel returns them."""
    if isinstance(outputs, Mapping):
        return {key: _ordered(outputs[key]) for key in sorted(outputs)}
    return [_ordered(x) for x in outputs] if isinstance(outputs, (list, tuple)) else outputs
