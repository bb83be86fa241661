"""`jacobian`, `hessian` and `hvp`: all first derivatives of a function, all second ones, and products with them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import reduce
from operator import add
from typing import Any

from unifw import tree
from unifw.array.arithmetic import conj, real
from unifw.array.creation import eye, ones_like, zeros_like
from unifw.array.manipulation import moveaxis, reshape
from unifw.array.statistical import sum as sum_
from unifw.autodiff.gradient import grad, value_and_grad
from unifw.autodiff.mapping import map_rows
from unifw.autodiff.products import jvp, vjp
from unifw.autodiff.sources import Sources, pair, positions_of
from unifw.errors import ArgumentError, GradientError
from unifw.registry import using_backend
from unifw.tensor import Tensor


def jacobian(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, mode: str = "reverse", has_aux: bool = False
) -> Callable[..., Any]:
    """The function that computes the Jacobian of `function`: JAX's and torch.func's `jacrev`, or `jacfwd`.

    For each Tensor of the output there is what `grad` would return for a scalar, with the shape of the output in front
    of each shape: (*output, *input). `mode="reverse"` takes one pass backward for each element of the output,
    `mode="forward"` one forward for each element of the input: choose by which is fewer. With `has_aux`, (jacobian,
    auxiliary).

    Raises ArgumentError for another mode, and what `vjp` and `jvp` raise.

    >>> import unifw
    >>> unifw.jacobian(lambda x: x * x)(unifw.asarray([1.0, 2.0])).tolist()
    [[2.0, 0.0], [0.0, 4.0]]
    """
    if mode not in ("reverse", "forward"):
        raise ArgumentError(f'jacobian: got mode={mode!r}; expected "reverse" or "forward".')
    derivatives = _by_rows if mode == "reverse" else _by_columns

    def matrix(*args: Any, **kwargs: Any) -> Any:
        positions = positions_of("jacobian", argnums, len(args))

        def call(*wanted: Any) -> tuple[Any, Any]:
            replaced = list(args)
            for position, argument in zip(positions, wanted, strict=True):
                replaced[position] = argument
            output = function(*replaced, **kwargs)
            return pair("jacobian", output) if has_aux else (output, ())

        wanted = [args[position] for position in positions]
        result, aux = derivatives(call, wanted, isinstance(argnums, int), has_aux)
        return (result, aux) if has_aux else result

    return matrix


Call = Callable[..., tuple[Any, Any]]


def _by_rows(call: Call, wanted: Sequence[Any], single: bool, has_aux: bool) -> tuple[Any, Any]:
    output, pullback, aux = vjp(call, *wanted, has_aux=True)
    nothing = [zeros_like(leaf) for leaf in tree.leaves(output)]

    def gradients(place: int, leaf: Tensor) -> Any:
        def row(one: Tensor) -> Any:
            parts = iter([*nothing[:place], one, *nothing[place + 1 :]])
            found = pullback(tree.map_leaves(lambda _: next(parts), output))
            return found[0] if single else found

        if not leaf.ndim:
            return row(ones_like(leaf))
        rows = map_rows(row, _basis(leaf))
        return tree.map_leaves(lambda x: reshape(x, (*leaf.shape, *x.shape[1:])), rows)

    made = iter([gradients(place, leaf) for place, leaf in enumerate(tree.leaves(output))])
    return tree.map_leaves(lambda _: next(made), output), aux


def _by_columns(call: Call, wanted: Sequence[Any], single: bool, has_aux: bool) -> tuple[Any, Any]:
    sources = Sources("jacobian", wanted)
    every: list[Tensor] = [*sources.tensors, *sources.parameters]
    nothing = [zeros_like(x) for x in every]

    def columns(place: int, source: Tensor) -> Any:
        def column(one: Tensor) -> Any:
            tangents = sources.results([*nothing[:place], one, *nothing[place + 1 :]])
            return jvp(call, wanted, tangents, has_aux=True)[1]

        return map_rows(column, _basis(source))

    found = [columns(place, source) for place, source in enumerate(every)]
    rows = iter(list(zip(*map(tree.leaves, found), strict=True)))

    def gradients(_: Tensor) -> Any:
        parts = [_as_last(x, source) for x, source in zip(next(rows), every, strict=True)]
        result = sources.results(parts)
        return result[0] if single else result

    aux = call(*wanted)[1] if has_aux else ()
    return tree.map_leaves(gradients, found[0]), aux


def _as_last(x: Tensor, source: Tensor) -> Tensor:
    """The tensor with its first axis, of one direction each, moved behind the others as the source's axes."""
    return reshape(moveaxis(x, 0, -1), (*x.shape[1:], *source.shape))


def _basis(x: Tensor) -> Tensor:
    """One tensor like `x` for each of its elements, stacked: 1 there and 0 elsewhere."""
    if not all(isinstance(size, int) for size in x.shape):
        raise GradientError(
            "jacobian: got a tensor of unknown size while a graph is being built; expected known sizes."
        )
    with using_backend(x.backend):
        return reshape(eye(x.size, dtype=x.dtype, device=x.device), (x.size, *x.shape))


def hessian(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The function that computes the Hessian of `function`: the Jacobian of its Jacobian. The signature is JAX's.

    For a scalar function of one Tensor the result has the shape (*input, *input); of a tree or Module it is a tree of
    trees. By reverse mode twice, which both frameworks run faster than forward over reverse. With `has_aux`, (hessian,
    auxiliary).

    >>> import unifw
    >>> unifw.hessian(lambda x: x[0] ** 2 * x[1])(unifw.asarray([3.0, 5.0])).tolist()
    [[10.0, 6.0], [6.0, 0.0]]
    """
    return jacobian(jacobian(function, argnums, has_aux=has_aux), argnums, has_aux=has_aux)


def hvp(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any]
) -> tuple[Tensor, tuple[Any, ...]]:
    """The value of a scalar function and the product of its Hessian with the tangents, without the Hessian.

    The signature is that of torch.autograd.functional.hvp, with primals and tangents as in `jvp`: (value, products),
    one product for each primal, in its form; that of a Module is a dict {parameter name: Tensor}.

    >>> import unifw
    >>> value, (product,) = unifw.hvp(lambda x: unifw.sum(x**3), (unifw.asarray([1.0, 2.0]),), (unifw.ones(2),))
    >>> value.item(), product.tolist()
    (9.0, [6.0, 12.0])
    """
    sources = Sources("hvp", tuple(primals))
    given = [sources.backend.Tensor(x) for x in sources.matched("tangents", tangents)]
    directions = list(tree.leaves(sources.results(given)))
    every = tuple(range(len(sources.arguments)))

    def slope(*args: Any) -> tuple[Tensor, Tensor]:
        value, gradients = value_and_grad(function, every)(*args)
        products = [_inner(x, y) for x, y in zip(tree.leaves(gradients), directions, strict=True)]
        return reduce(add, products), value

    product, value = grad(slope, every, has_aux=True)(*sources.arguments)
    return value, product


def _inner(x: Tensor, direction: Tensor) -> Tensor:
    return sum_(x * direction if x.dtype.kind == "real floating" else real(x * conj(direction)))
