"""`while_loop`, `fori_loop`, `scan` and `map`: loops that a graph can hold."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from unifw import tree
from unifw.array.creation import arange, asarray
from unifw.array.manipulation import stack
from unifw.control.forms import as_tensors, check_same, check_scalar, is_traced
from unifw.errors import ArgumentError, OperandError, ShapeError, describe
from unifw.operators import mixed_backends
from unifw.registry import part
from unifw.spec import Backend
from unifw.tensor import Tensor
from unifw.tracing.outputs import natives_in, rewrapped, tensors_in

_WORDS = ("the start", "a step")


def while_loop(cond_fn: Callable[[Any], Any], body_fn: Callable[[Any], Any], init: Any) -> Any:
    """`value = body_fn(value)` while `cond_fn(value)` holds, from `init` on: a tree of Tensors and numbers.

    `body_fn` must keep the form, shapes and dtypes of its argument (OperandError, ShapeError, DTypeError); `cond_fn`
    returns a scalar. Both may use tensors and Modules from outside, have gradients for them, and assign to parameters
    and buffers. In a graph, too, the condition runs once before the first step and once after each.

    >>> import unifw
    >>> unifw.while_loop(lambda x: x < 100, lambda x: x * 2, unifw.asarray(3)).item()
    192
    """
    value = as_tensors(init)
    if is_traced(value) or is_traced(asarray(True)):  # which knows that a graph is built, also for constants
        return _while_in_graph(cond_fn, body_fn, value)
    holds = _test(cond_fn, value)
    if is_traced(holds):
        return _while_in_graph(cond_fn, body_fn, value)
    first = True
    while bool(holds):
        new = as_tensors(body_fn(value))
        if first:
            check_same("while_loop", value, new, _WORDS)
        value, first = new, False
        holds = _test(cond_fn, value)
    return value


def _test(cond_fn: Callable[[Any], Any], value: Any) -> Any:
    holds = cond_fn(value)
    if not isinstance(holds, (bool, np.bool_)):
        check_scalar("while_loop", "the condition", holds)
    return holds


def _while_in_graph(cond_fn: Callable[[Any], Any], body_fn: Callable[[Any], Any], value: Any) -> Any:
    backend, natives = _natives("while_loop", value)

    def condition(given: list[Any]) -> Any:
        return asarray(_test(cond_fn, rewrapped(backend, value, given))).native

    def body(given: list[Any]) -> list[Any]:
        new = as_tensors(body_fn(rewrapped(backend, value, given)))
        check_same("while_loop", value, new, _WORDS)
        return natives_in(new)

    return rewrapped(backend, value, part(backend, "control").while_loop(condition, body, natives))


def _natives(name: str, value: Any) -> tuple[Backend, list[Any]]:
    tensors = tensors_in(value)
    if not tensors:
        raise OperandError(f"{name}: got {describe(value)} to start with; expected a Tensor, or a tree of them.")
    if any(x.backend is not tensors[0].backend for x in tensors):
        raise mixed_backends(name, *tensors)
    return tensors[0].backend, [x.native for x in tensors]


def fori_loop(lower: int | Tensor, upper: int | Tensor, body_fn: Callable[[Tensor, Any], Any], init: Any) -> Any:
    """`value = body_fn(i, value)` for `i` from `lower` to `upper` - 1, from `init` on.

    `i` is an int64 scalar Tensor; see `while_loop` for the rest.

    >>> import unifw
    >>> unifw.fori_loop(0, 4, lambda i, total: total + i, 0).item()
    6
    """
    if is_traced((lower, upper)):
        counted = lambda state: (state[0] + 1, state[1], body_fn(state[0], state[2]))  # noqa: E731
        start = asarray(lower), asarray(upper), init
        return while_loop(lambda state: state[0] < state[1], counted, start)[2]
    steps = arange(int(lower), max(int(lower), int(upper)))
    if not len(steps):
        return as_tensors(init)
    return scan(lambda value, i: (body_fn(i, value), None), init, steps)[0]


def scan(
    f: Callable[[Any, Any], tuple[Any, Any]],
    init: Any,
    xs: Any = None,
    length: int | None = None,
    reverse: bool = False,
) -> tuple[Any, Any]:
    """`carry, y = f(carry, x)` for each row of `xs`, from `init` on: the last carry, and all `y` stacked on axis 0.

    `init`, `xs`, `carry` and `y` are trees of Tensors. Without `xs`, `length` says how many steps, and `x` is None.
    With `reverse` it runs from the last row to the first, and `y` is stacked in the order of the rows. `f` must keep
    the form, shapes and dtypes of `carry`. Raises ShapeError for trees of different lengths.

    >>> import unifw
    >>> total, partial = unifw.scan(lambda c, x: (c + x, c + x), 0.0, unifw.asarray([1.0, 2.0, 3.0]))
    >>> total.item(), partial.tolist()
    (6.0, [1.0, 3.0, 6.0])
    """
    carry, rows = as_tensors(init), as_tensors(xs)
    size = _length(rows, length)
    if is_traced((carry, rows)) and tensors_in((carry, rows)):
        found = _scan_in_graph(f, carry, rows, size, reverse)
        if found is not None:
            return found
    if not isinstance(size, int):
        size = int(size)
    if size == 0:
        _, y = f(carry, tree.map_leaves(lambda x: _row_like(x) if isinstance(x, Tensor) else x, rows))
        return carry, tree.map_leaves(lambda x: stack([x])[:0] if isinstance(x, Tensor) else x, as_tensors(y))
    return _scan_in_python(f, carry, rows, size, reverse)


def _row_like(x: Tensor) -> Tensor:
    """What a row of a tensor without rows would be like."""
    return x.wrap(x.ops.full(x.shape[1:], 0, x.dtype, x.device))


def _scan_in_python(f: Callable[[Any, Any], Any], carry: Any, rows: Any, size: int, reverse: bool) -> tuple[Any, Any]:
    ys: list[Any] = []
    for i in reversed(range(size)) if reverse else range(size):
        new, y = f(carry, tree.map_leaves(lambda x: x[i] if isinstance(x, Tensor) else x, rows))  # noqa: B023
        new = as_tensors(new)
        if not ys:
            check_same("scan", carry, new, _WORDS)
        carry = new
        ys.append(as_tensors(y))
    if reverse:
        ys.reverse()
    columns = [stack(list(column)) for column in zip(*(tensors_in(y) for y in ys), strict=True)]
    given = iter(columns)
    return carry, tree.map_leaves(lambda leaf: next(given) if isinstance(leaf, Tensor) else leaf, ys[0])


def _scan_in_graph(
    f: Callable[[Any, Any], Any], carry: Any, rows: Any, size: Any, reverse: bool
) -> tuple[Any, Any] | None:
    backend, natives = _natives("scan", (carry, rows))
    count = len(tensors_in(carry))
    ys: list[Any] = []

    def step(given: list[Any]) -> list[Any]:
        x = rewrapped(backend, rows, given[count:])
        new, y = f(rewrapped(backend, carry, given[:count]), x)
        new, y = as_tensors(new), as_tensors(y)
        check_same("scan", carry, new, _WORDS)
        ys.append(y)
        return natives_in((new, y))

    found = part(backend, "control").scan(step, natives[:count], natives[count:], size, reverse)
    if found is None:
        return None
    return rewrapped(backend, carry, found[:count]), rewrapped(backend, ys[-1], found[count:])


def _length(rows: Any, length: int | None) -> Any:
    """How many steps: a Python number, or a symbolic one."""
    tensors = tensors_in(rows)
    for x in tensors:
        if not x.ndim:
            raise ShapeError("scan: got a scalar among xs; expected rows on axis 0. Close over it, or put it in init.")
    if not tensors:
        if length is None:
            raise ArgumentError("scan: got neither xs nor length; expected one of them. Write length=10.")
        return length
    static = {x.ops.static_shape(x.native)[0] for x in tensors} | ({length} if length is not None else set())
    known = static - {None}
    if len(known) > 1:
        raise ShapeError(
            f"scan: got lengths {', '.join(str(size) for size in sorted(known))}; expected one for all xs and length=."
        )
    return known.pop() if known else tensors[0].shape[0]


def map(f: Callable[[Any], Any], xs: Any) -> Any:
    """`f` of each row of `xs`, stacked: a loop, in the memory of one row at a time.

    >>> import unifw
    >>> unifw.map(lambda x: x * x, unifw.asarray([1.0, 2.0])).tolist()
    [1.0, 4.0]
    """
    return scan(lambda _, x: (None, f(x)), None, xs)[1]
