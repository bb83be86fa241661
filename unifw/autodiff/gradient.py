"""`grad` and `value_and_grad`: reverse mode, for functions with one number as their value."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from unifw.autodiff.sources import Sources, active, pair, positions_of, standing_in, trainable_of, wrapped
from unifw.errors import GradientError, describe
from unifw.operators import mixed_backends
from unifw.registry import part
from unifw.spec import Backend
from unifw.tensor import Tensor
from unifw.tracing.outputs import natives_in, rewrapped
from unifw.tracing.reach import is_module
from unifw.variable import Parameter


def grad(function: Callable[..., Any], argnums: int | Sequence[int] = 0, has_aux: bool = False) -> Callable[..., Any]:
    """The function that computes the gradient of `function`; see `value_and_grad`. The signature is JAX's.

    With `has_aux` it returns (gradient, auxiliary). To a higher order by nesting: `grad(grad(f))`.

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
    """The function that computes the value of `function` and its gradient. The signature is JAX's.

    `function` returns a floating scalar, or with `has_aux` the pair (scalar, anything). The gradient has the form of
    the argument at `argnums` (a tuple of them for several): a Tensor for a Tensor, a tree for a tree, and for a Module
    a flat dict {parameter name: Tensor} of its trainable parameters. What the value does not depend on gets zeros.

    Raises GradientError for an output that is not a real scalar and for a Module without trainable parameters,
    DTypeError for integer arguments.

    >>> import unifw
    >>> value, gradient = unifw.value_and_grad(lambda x: unifw.sum(x * x))(unifw.asarray([3.0]))
    >>> value.item(), gradient.tolist()
    (9.0, [6.0])
    """
    single = argnums if isinstance(argnums, int) else None

    def differentiated(*args: Any, **kwargs: Any) -> Any:
        positions = (single,) if single == 0 and args else positions_of("grad", argnums, len(args))
        if single is not None and is_module(args[single]):  # by far the most frequent case, and nothing to replace
            names, parameters = trainable_of("grad", args[single])
            backend = parameters[0].backend
            value, aux, found = _run(backend, lambda _: function(*args, **kwargs), [], parameters, has_aux)
            gradient = dict(zip(names, parameters[0]._each_of_stored(parameters, found), strict=True))
            return (value, aux) if has_aux else value, gradient
        sources = Sources("grad", [args[position] for position in positions])

        def call(stand_ins: list[Any]) -> Any:
            replaced = list(args)
            for position, argument in zip(positions, sources.replaced(stand_ins), strict=True):
                replaced[position] = argument
            return function(*replaced, **kwargs)

        value, aux, found = _run(sources.backend, call, sources.natives(), sources.parameters, has_aux)
        gradients = sources.gradients(found)
        return (value, aux) if has_aux else value, gradients if single is None else gradients[0]

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
    value, aux, found = _run(
        backend, lambda natives: function([wrap(x) for x in natives]), [x.native for x in tensors], parameters, has_aux
    )
    gradients = wrapped(tensors, parameters, found)
    return value, aux, gradients[: len(tensors)], gradients[len(tensors) :]


def _run(
    backend: Backend, call: Callable[[list[Any]], Any], natives: list[Any], parameters: list[Parameter], has_aux: bool
) -> tuple[Tensor, Any, list[Any]]:
    """Value, auxiliary and native gradients of `call`, which takes native stand-ins for `natives`."""
    storages = [x.storage for x in parameters]
    aux: Any = None

    def run(stand_ins: list[Any], stored: list[Any]) -> tuple[Any, list[Any]]:
        nonlocal aux
        if stored is storages:
            output = call(stand_ins)
        else:
            with standing_in(parameters, stored):
                output = call(stand_ins)
        if not has_aux:
            return _scalar(output), []
        value, aux = pair("grad", output)
        return _scalar(value), natives_in(aux)

    outer = active.get()
    operations = backend.autodiff or part(backend, "autodiff")
    token = active.set([*outer, *parameters] if outer else parameters)
    try:
        value, kept, gradients = operations.value_and_grad(run, natives, storages, outer is not None)
    finally:
        active.reset(token)
    return backend.Tensor(value), rewrapped(backend, aux, kept) if has_aux else None, gradients


def _scalar(value: Any) -> Any:
    """The native tensor of a real floating scalar."""
    if not isinstance(value, Tensor):
        raise GradientError(f"grad: the function returned {describe(value)}; expected a scalar Tensor.")
    if len(value.native.shape):
        raise GradientError(
            f"grad: the function returned shape {tuple(value.shape)}; expected a scalar. Write unifw.mean(loss), or "
            "unifw.jacobian for every element's gradient."
        )
    if value.dtype.kind != "real floating":
        raise GradientError(
            f"grad: the function returned dtype {value.dtype}; expected a real floating scalar. "
            "Write unifw.real(loss) or loss.to(unifw.float32)."
        )
    return value.native
