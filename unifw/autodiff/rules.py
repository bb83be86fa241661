"""Where derivatives stop, and where a rule of one's own takes their place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import wraps
from typing import Any

from unifw import tree
from unifw.array.creation import zeros_like
from unifw.autodiff.sources import matching, pairs
from unifw.errors import ArgumentError, GradientError, describe
from unifw.operators import mixed_backends, not_a_tensor
from unifw.registry import get_backend, loaded_backends, part
from unifw.spec import Backend, Native
from unifw.tensor import Tensor
from unifw.tracing.outputs import natives_in, rewrapped


def stop_gradient(x: Tensor, /) -> Tensor:
    """The same values as a constant for gradients, under JAX's name; torch calls it detach.

    Raises OperandError for what is no Tensor.

    >>> import unifw
    >>> unifw.grad(lambda x: unifw.sum(x * unifw.stop_gradient(x)))(unifw.asarray([3.0])).tolist()
    [3.0]
    """
    try:
        return x.wrap(part(x.backend, "autodiff").stop_gradient(x.native))
    except AttributeError as error:
        if isinstance(x, Tensor):
            raise
        raise not_a_tensor("stop_gradient", x) from error


@contextmanager
def no_grad() -> Iterator[None]:
    """Make constants for gradients of all that is computed inside the `with` block, as torch.no_grad does.

    Also a decorator: `@unifw.no_grad()`. A derivative that is taken inside the block is taken as usual, and is itself
    a constant outside.

    >>> import unifw
    >>> def f(x):
    ...     with unifw.no_grad():
    ...         scale = x * 2
    ...     return x * scale
    >>> unifw.grad(f)(unifw.asarray(3.0)).item()
    6.0
    """
    get_backend()  # the first tensor may be made inside the block
    with ExitStack() as stack:
        for backend in loaded_backends():
            if backend.autodiff is not None:
                stack.enter_context(backend.autodiff.no_grad())
        yield


def custom_gradient(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function with a gradient of its own: `function` returns (output, pullback). As JAX's custom_gradient.

    `pullback` takes the gradient with respect to the output, in its form, and returns that with respect to the
    argument, or a tuple of them for several arguments; None stands for zeros. What it computes can be differentiated
    again. Only the arguments that are floating Tensors or trees of them get gradients: what `function` takes from
    outside does not. Where `jvp` and `vmap` meet it, the pullback has to be linear, as every true one is.

    Raises GradientError for a function that returns no such pair, and for gradients that do not fit the arguments.

    >>> import unifw
    >>> @unifw.custom_gradient
    ... def softplus(x):
    ...     e = unifw.exp(x)
    ...     return unifw.log1p(e), lambda upstream: upstream * (1 - 1 / (1 + e))
    >>> unifw.grad(softplus)(unifw.asarray(100.0)).item()
    1.0
    """
    if not callable(function):
        raise ArgumentError(f"custom_gradient: got {describe(function)}; expected a function.")

    @wraps(function)
    def ruled(*args: Any, **kwargs: Any) -> Any:
        inputs = [leaf for leaf in tree.leaves(args) if _is_floating(leaf)]
        if not inputs:
            return _ruled(function(*args, **kwargs))[0]
        backend = inputs[0].backend
        if any(x.backend is not backend for x in inputs):
            raise mixed_backends("custom_gradient", *inputs)
        output: Any = None

        def run(natives: Sequence[Native]) -> tuple[list[Native], Callable[[Sequence[Native]], list[Native]]]:
            nonlocal output
            given = iter(natives)
            replaced = tree.map_leaves(lambda x: backend.Tensor(next(given)) if _is_floating(x) else x, args)
            output, pullback = _ruled(function(*replaced, **kwargs))
            return natives_in(output), _native_pullback(backend, pullback, output, args)

        results = part(backend, "autodiff").custom_gradient(run, [x.native for x in inputs])
        return rewrapped(backend, output, results)

    return ruled


def _ruled(returned: Any) -> tuple[Any, Callable[..., Any]]:
    """The (output, pullback) that a function with its own gradient returns."""
    if not isinstance(returned, tuple) or len(returned) != 2 or not callable(returned[1]):
        got = " and ".join(map(describe, returned)) if isinstance(returned, tuple) else describe(returned)
        raise GradientError(
            f"custom_gradient: the function returned {got}; expected a pair (output, pullback). "
            "Write return y, lambda upstream: ..., which returns the gradients of the arguments."
        )
    return returned


def _is_floating(x: Any) -> bool:
    return isinstance(x, Tensor) and "floating" in x.dtype.kind


def _native_pullback(
    backend: Backend, pullback: Callable[..., Any], output: Any, args: tuple[Any, ...]
) -> Callable[[Sequence[Native]], list[Native]]:
    def pull(upstream: Sequence[Native]) -> list[Native]:
        found = pullback(rewrapped(backend, output, upstream))
        if len(args) == 1 and not (isinstance(found, tuple) and len(found) == 1 and not isinstance(args[0], tuple)):
            found = (found,)
        if not isinstance(found, tuple) or len(found) != len(args):
            raise GradientError(
                f"custom_gradient: the pullback returned {describe(found)}; expected a tuple of {len(args)} gradients, "
                "one for each argument."
            )
        return [gradient for arg, given in zip(args, found, strict=True) for gradient in _fitting(arg, given)]

    return pull


def _fitting(argument: Any, given: Any) -> Iterator[Native]:
    """The gradients of the floating Tensors of one argument."""
    leaves = [leaf for leaf in tree.leaves(argument) if _is_floating(leaf)]
    if not leaves or given is None:
        yield from (zeros_like(leaf).native for leaf in leaves)
        return
    for source, gradient in pairs("custom_gradient", "gradients", argument, given):
        if _is_floating(source):
            gradient = zeros_like(source) if gradient is None else gradient
            yield matching("custom_gradient", "the gradient", source, gradient)
