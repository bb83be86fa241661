"""`vmap`: a function of one element, applied to every element of an axis at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from unifw import tree
from unifw.errors import ArgumentError, AxisError, OperandError, ShapeError, describe
from unifw.operators import mixed_backends
from unifw.registry import part
from unifw.spec import Native
from unifw.tensor import Tensor
from unifw.tracing.outputs import natives_in, rewrapped
from unifw.tracing.reach import is_module


def vmap(function: Callable[..., Any], in_axes: Any = 0, out_axes: Any = 0) -> Callable[..., Any]:
    """The function that maps `function` over an axis of its arguments, in one vectorised run. The signature is JAX's.

    `in_axes` is an integer, or a sequence with an integer, None (the same for every element) or a tree of them for each
    positional argument; `out_axes` is an integer or a tree of them in the form of the output. Modules and plain Python
    values are the same for every element, and so are keyword arguments. Can be nested, and composes with derivatives:
    `vmap(grad(loss), in_axes=(None, 0))(model, rows)` is the gradient of every row's loss. Random functions draw
    anew for each element. The function sees no values, as in a traced graph: an `if` on one is a TracedValueError.
    On TensorFlow each eager call makes a graph, which takes at least ten milliseconds: eager Python may find other
    numbers in names and lists at each call, print or count, which a kept graph would not. `compile(vmap(f))` keeps it.

    Raises ShapeError for axes of different sizes, AxisError and ArgumentError for axes that do not fit.

    >>> import unifw
    >>> x = unifw.asarray([[1.0, 2.0], [3.0, 4.0]])
    >>> unifw.vmap(lambda row, k: unifw.sum(row) * k, in_axes=(0, None))(x, 10.0).tolist()
    [30.0, 70.0]
    """

    def mapped(*args: Any, **kwargs: Any) -> Any:
        return _map(lambda *given: function(*given, **kwargs), args, in_axes, out_axes, loop=False)

    return mapped


def map_rows(function: Callable[..., Any], *args: Any) -> Any:
    """`function` of each element of the first axes, stacked; in a loop where that is faster.

    >>> import unifw
    >>> map_rows(unifw.sum, unifw.asarray([[1.0, 2.0], [3.0, 4.0]])).tolist()
    [3.0, 7.0]
    """
    return _map(function, args, 0, 0, loop=True)


def _map(function: Callable[..., Any], args: Sequence[Any], in_axes: Any, out_axes: Any, loop: bool) -> Any:
    axes = list(in_axes) if isinstance(in_axes, (list, tuple)) else [in_axes] * len(args)
    if len(axes) != len(args):
        raise ArgumentError(f"vmap: got in_axes for {len(axes)} arguments; expected {len(args)}, one for each.")
    flat = [item for arg, axis in zip(args, axes, strict=True) for item in _leaves(arg, axis)]
    picked = [(leaf, axis) for leaf, axis in flat if axis is not None]
    if not picked:
        raise ArgumentError("vmap: got no tensor to map over; expected an axis for at least one. Write in_axes=0.")
    backend = picked[0][0].backend
    if any(x.backend is not backend for x, _ in picked):
        raise mixed_backends("vmap", *(x for x, _ in picked))
    _check_sizes(picked)
    output: Any = None

    def run(natives: list[Native]) -> list[Native]:
        nonlocal output
        given, rest = iter(natives), iter(flat)

        def element(leaf: Any) -> Any:
            return leaf if next(rest)[1] is None else backend.Tensor(next(given))

        output = function(*(tree.map_leaves(element, arg) for arg in args))
        _check_output(output)
        return natives_in(output)

    results = part(backend, "autodiff").vmap(run, [_axis_first(x, axis) for x, axis in picked], loop)
    stacked = rewrapped(backend, output, results)
    return rewrapped(backend, stacked, [_axis_at(x, axis) for x, axis in _leaves(stacked, out_axes)])


def _leaves(value: Any, axis: Any) -> list[tuple[Any, int | None]]:
    """The leaves of a tree with the axis of each; `axis` may be one for several."""
    if isinstance(value, (dict, list, tuple)):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        if isinstance(axis, (dict, list, tuple)):
            if len(axis) != len(value) or (isinstance(value, dict) and set(axis) != set(value)):
                raise ArgumentError(f"vmap: got axes {axis!r}; expected one for each of {list(keys)}.")
            return [item for key in keys for item in _leaves(value[key], axis[key])]
        return [item for key in keys for item in _leaves(value[key], axis)]
    if not isinstance(value, Tensor) or is_module(value) or axis is None:
        return [(value, None)]
    if not isinstance(axis, int) or isinstance(axis, bool):
        raise ArgumentError(f"vmap: got the axis {axis!r} for {describe(value)}; expected an integer or None.")
    return [(value, axis)]


def _check_sizes(picked: Sequence[tuple[Tensor, int | None]]) -> None:
    sizes = []
    for x, axis in picked:
        shape = x.ops.static_shape(x.native)
        if axis is None or not -len(shape) <= axis < len(shape):
            raise AxisError(
                f"vmap: got axis {axis} for shape {shape}; expected an axis that it has. Write in_axes=None."
            )
        sizes.append(shape[axis])
    if len(set(sizes) - {None}) > 1:
        raise ShapeError(
            f"vmap: got mapped axes of sizes {', '.join(map(str, sizes))}; expected one size. "
            "Write in_axes=None for what is the same for every element."
        )


def _check_output(output: Any) -> None:
    for leaf in tree.leaves(output):
        if not isinstance(leaf, Tensor):
            raise OperandError(f"vmap: the function returned {describe(leaf)}; expected Tensors or trees of them.")


def _axis_first(x: Tensor, axis: int | None) -> Native:
    return x.native if axis == 0 else _moved(x, (axis or 0) % x.ndim, 0)


def _axis_at(x: Tensor, axis: int | None) -> Native:
    if axis is None or not -x.ndim <= axis < x.ndim:
        raise AxisError(f"vmap: got the output axis {axis} for {x.ndim} axes; expected one of them.")
    return x.native if axis == 0 else _moved(x, 0, axis % x.ndim)


def _moved(x: Tensor, source: int, target: int) -> Native:
    order = [axis for axis in range(x.ndim) if axis != source]
    order.insert(target, source)
    return x.ops.permute_dims(x.native, tuple(order))
