"""`cond` and `switch`: which of some functions runs depends on a value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from unifw.control.forms import as_tensors, check_same, check_scalar
from unifw.dtypes import int64
from unifw.errors import ArgumentError
from unifw.operators import mixed_backends
from unifw.registry import part
from unifw.tensor import Tensor
from unifw.tracing.outputs import natives_in, rewrapped, tensors_in

Branch = Callable[..., Any]


def cond(pred: Tensor | bool, true_fn: Branch, false_fn: Branch, *operands: Any) -> Any:
    """`true_fn(*operands)` if `pred` holds, else `false_fn(*operands)`; only that one runs.

    `pred` is a scalar Tensor or a Python bool; operands and outputs are trees of Tensors. Both functions may use
    tensors and Modules from outside, and have gradients for them. In a traced graph both are traced: their outputs must
    have one form, with one shape and dtype of each Tensor (OperandError, ShapeError, DTypeError).

    >>> import unifw
    >>> x = unifw.asarray(3.0)
    >>> unifw.cond(x > 2, lambda x: x * 10, lambda x: x, x).item()
    30.0
    """
    if isinstance(pred, (bool, np.bool_)):
        return as_tensors((true_fn if pred else false_fn)(*as_tensors(operands)))
    check_scalar("cond", "the predicate", pred)
    if not pred.ops.is_traced(pred.native):
        return as_tensors((true_fn if bool(pred) else false_fn)(*as_tensors(operands)))
    index = (pred if pred.dtype.kind == "bool" else pred != 0).to(int64)
    return _switch("cond", index, (false_fn, true_fn), operands, ("one function", "the other"))


def switch(index: Tensor | int, branches: Sequence[Branch], *operands: Any) -> Any:
    """`branches[index](*operands)`, with an index outside 0 to len(branches) - 1 moved to the nearest end.

    As `cond` otherwise.

    >>> import unifw
    >>> x = unifw.asarray(3.0)
    >>> unifw.switch(1, [lambda x: x, lambda x: -x], x).item()
    -3.0
    """
    if not branches:
        raise ArgumentError("switch: got no branches; expected at least one function.")
    if not isinstance(index, (int, np.integer)):
        check_scalar("switch", "the index", index)
        if index.ops.is_traced(index.native) and len(branches) > 1:
            return _switch("switch", index.to(int64), branches, operands, ("the first branch", "another"))
    at = 0 if len(branches) == 1 else index.__index__()
    return as_tensors(branches[min(max(at, 0), len(branches) - 1)](*as_tensors(operands)))


def _switch(
    name: str, index: Tensor, branches: Sequence[Branch], operands: tuple[Any, ...], words: tuple[str, str]
) -> Any:
    """In a graph: every branch is traced, and must give what the first one gives."""
    operands = as_tensors(operands)
    backend, given = index.backend, tensors_in(operands)
    if any(x.backend is not backend for x in given):
        raise mixed_backends(name, index, *given)
    outputs: list[Any] = []

    def native(branch: Branch) -> Callable[[list[Any]], list[Any]]:
        def run(natives: list[Any]) -> list[Any]:
            outputs.append(as_tensors(branch(*rewrapped(backend, operands, natives))))
            check_same(name, outputs[0], outputs[-1], words)
            return natives_in(outputs[-1])

        return run

    functions = [native(branch) for branch in branches]
    found = part(backend, "control").switch(index.native, functions, [x.native for x in given])
    return rewrapped(backend, outputs[0], found)
