"""Gradients of functions of tensors, of trees of tensors, and of Modules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextvars import ContextVar
from typing import Any

from unifw import tree
from unifw.errors import DTypeError, GradientError, describe
from unifw.operators import mixed_backends
from unifw.registry import part
from unifw.tensor import Tensor
from unifw.variable import Parameter

_inside: ContextVar[bool] = ContextVar("unifw_inside_gradient", default=False)


def grad(function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that computes the gradient of `function`; see `value_and_grad`.

    With `has_aux` it returns (gradient, auxiliary).

    >>> import unifw
    >>> unifw.grad(lambda x: unifw.sum(x * x))(unifw.asarray([1.0, 2.0])).tolist()
    [2.0, 4.0]
    """
    both = value_and_grad(function, argnums, has_aux)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, result = both(*args, **kwargs)
        return (result, value[1]) if has_aux else result

    return gradient


def value_and_grad(
    function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False
) -> Callable[..., Any]:
    """The function that computes the value of `function` and its gradient.

    `function` returns a floating scalar, or with `has_aux` the pair (scalar, anything). The gradient has the form of
    the argument at `argnums` (a tuple of them for several): a Tensor for a Tensor, a tree for a tree, and for a Module
    a flat dict {parameter name: Tensor} of its trainable parameters. What the value does not depend on gets zeros.

    Raises GradientError for an output that is not a scalar and for a Module without trainable parameters, DTypeError
    for integer arguments.

    >>> import unifw
    >>> value, gradient = unifw.value_and_grad(lambda x: unifw.sum(x * x))(unifw.asarray([3.0]))
    >>> value.item(), gradient.tolist()
    (9.0, [6.0])
    """
    positions = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def differentiated(*args: Any, **kwargs: Any) -> Any:
        for position in positions:
            if not -len(args) <= position < len(args):
                raise GradientError(f"grad: got argnums {argnums} for {len(args)} positional arguments.")
        wanted = [args[position] for position in positions]
        tensors, parameters = _sources(wanted)

        def call(stand_ins: list[Tensor]) -> Any:
            given = iter(stand_ins)
            replaced = list(args)
            for position, argument in zip(positions, wanted, strict=True):
                replaced[position] = tree.map_leaves(lambda x: next(given) if _is_input(x) else x, argument)
            return function(*replaced, **kwargs)

        value, aux, found, of_parameters = differentiate(call, tensors, parameters, has_aux)
        remaining, named = iter(found), iter(of_parameters)

        def result(leaf: Any) -> Any:
            if _is_module(leaf):
                return {name: next(named) for name in _trainable(leaf)}
            return next(named) if isinstance(leaf, Parameter) else next(remaining)

        gradients = tuple(tree.map_leaves(result, argument) for argument in wanted)
        return (value, aux) if has_aux else value, gradients[0] if isinstance(argnums, int) else gradients

    return differentiated


def differentiate(
    function: Callable[[list[Tensor]], Any], tensors: list[Tensor], parameters: list[Parameter], has_aux: bool
) -> tuple[Tensor, Any, list[Tensor], list[Tensor]]:
    """One run of `function` with stand-ins for `tensors`: value, auxiliary, and both lists of gradients.

    What `value_and_grad` does once it knows what to differentiate for; a training loop finds that out once.
    """
    every: list[Tensor] = [*tensors, *parameters]
    backend = every[0].backend
    if any(x.backend is not backend for x in every):
        raise mixed_backends("grad", *every)
    wrap = backend.Tensor
    aux: Any = None

    def native(inputs: list[Any]) -> tuple[Any, list[Any]]:
        nonlocal aux
        output = function([wrap(x) for x in inputs])
        value, aux = output if has_aux else (output, None)
        _check_scalar(value)
        return value.native, [leaf.native for leaf in tree.leaves(aux) if isinstance(leaf, Tensor)]

    token = _inside.set(True)
    try:
        value, values, gradients = part(backend, "autodiff").value_and_grad(
            native, [x.native for x in tensors], [x.storage for x in parameters], token.old_value is True
        )
    finally:
        _inside.reset(token)
    if has_aux:
        kept = iter(values)
        aux = tree.map_leaves(lambda leaf: wrap(next(kept)) if isinstance(leaf, Tensor) else leaf, aux)
    wrapped = [wrap(gradient) for gradient in gradients]
    return wrap(value), aux, wrapped[: len(tensors)], wrapped[len(tensors) :]


def stop_gradient(x: Tensor, /) -> Tensor:
    """The same values as a constant for gradients.

    >>> import unifw
    >>> unifw.grad(lambda x: unifw.sum(x * unifw.stop_gradient(x)))(unifw.asarray([3.0])).tolist()
    [3.0]
    """
    return x.wrap(part(x.backend, "autodiff").stop_gradient(x.native))


def _is_module(x: Any) -> bool:
    return hasattr(type(x), "named_parameters")


def _is_input(x: Any) -> bool:
    return isinstance(x, Tensor) and not isinstance(x, Parameter)


def _trainable(module: Any) -> dict[str, Parameter]:
    return {name: parameter for name, parameter in module.named_parameters() if parameter.trainable}


def _sources(arguments: list[Any]) -> tuple[list[Tensor], list[Parameter]]:
    """The tensors and the parameters to differentiate for, in the order of the trees' leaves."""
    tensors: list[Tensor] = []
    parameters: list[Parameter] = []
    for leaf in tree.leaves(arguments):
        if _is_module(leaf):
            found = _trainable(leaf)
            if not found:
                raise GradientError(
                    f"grad: got a {type(leaf).__name__} without trainable parameters; expected at least one. "
                    "Write model.unfreeze(), or differentiate for a tensor with argnums=."
                )
            parameters += found.values()
            continue
        if not isinstance(leaf, Tensor):
            raise GradientError(
                f"grad: got {describe(leaf)}; expected Tensors, trees of them or Modules. "
                "Write unifw.asarray(...), or choose other arguments with argnums=."
            )
        if "floating" not in leaf.dtype.kind:
            raise DTypeError(f"grad: got {describe(leaf)}; expected a floating dtype. Write x.to(unifw.float32).")
        (parameters if isinstance(leaf, Parameter) else tensors).append(leaf)  # type: ignore[arg-type]
    if not tensors and not parameters:
        raise GradientError("grad: got no tensors to differentiate for; expected at least one.")
    return tensors, parameters


def _check_scalar(value: Any) -> None:
    if not isinstance(value, Tensor):
        raise GradientError(f"grad: the function returned {describe(value)}; expected a scalar Tensor.")
    if value.ndim:
        raise GradientError(
            f"grad: the function returned shape {tuple(value.shape)}; expected a scalar. Write unifw.mean(loss)."
        )
    if "floating" not in value.dtype.kind:
        raise GradientError(f"grad: the function returned dtype {value.dtype}; expected a floating scalar.")
