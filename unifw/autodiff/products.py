"""`vjp` and `jvp`: products of a function's Jacobian with a cotangent or a tangent, without the Jacobian."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from unifw import tree
from unifw.autodiff.sources import Sources, active, matching, pair, pairs, standing_in
from unifw.errors import GradientError, describe
from unifw.registry import part
from unifw.spec import Backend, Native
from unifw.tensor import Tensor
from unifw.tracing.outputs import natives_in, rewrapped


def vjp(function: Callable[..., Any], *primals: Any, has_aux: bool = False) -> tuple[Any, ...]:
    """The output of `function(*primals)` and the function from its cotangent to those of the primals: reverse mode.

    The signature is JAX's: (output, pullback), with `has_aux` (output, pullback, auxiliary). The pullback takes a
    cotangent of the form, shapes and dtypes of the output, and returns a tuple with one item for each primal: a Tensor,
    a tree, or for a Module a dict {parameter name: Tensor}. It can be called again; what was stored for it is freed
    with it.

    Raises GradientError for cotangents and outputs that do not fit, DTypeError for integer primals.

    >>> import unifw
    >>> output, pullback = unifw.vjp(lambda x: x * x, unifw.asarray([1.0, 2.0]))
    >>> output.tolist(), pullback(unifw.asarray([1.0, 10.0]))[0].tolist()
    ([1.0, 4.0], [2.0, 40.0])
    """
    traced = _Traced("vjp", function, primals, has_aux)
    sources = traced.sources
    nested = active.get() is not None
    with _differentiating(sources):
        outputs, kept, pull = traced.operations.vjp(traced.run, sources.natives(), sources.storages(), nested)
    output, *aux = traced.results(outputs, kept)

    def pullback(cotangent: Any) -> tuple[Any, ...]:
        fitting = [
            matching("vjp", "the cotangent", x, given) for x, given in pairs("vjp", "a cotangent", output, cotangent)
        ]
        found = pull(fitting, active.get() is not None)
        return sources.results([sources.backend.Tensor(x) for x in found])

    return output, pullback, *aux


def jvp(
    function: Callable[..., Any], primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False
) -> tuple[Any, ...]:
    """The output of `function(*primals)` and its derivative in the direction of the tangents: forward mode.

    The signature is JAX's and torch.func's: (output, tangent of the output), with `has_aux` (output, tangent,
    auxiliary). There is one tangent for each primal, of its form, shapes and dtypes; that of a Module is a dict
    {parameter name: Tensor} for its trainable parameters.

    Raises GradientError for tangents and outputs that do not fit, DTypeError for integer primals.

    >>> import unifw
    >>> output, tangent = unifw.jvp(unifw.sin, (unifw.asarray(0.0),), (unifw.asarray(2.0),))
    >>> output.item(), tangent.item()
    (0.0, 2.0)
    """
    for word, given in (("primals", primals), ("tangents", tangents)):
        if not isinstance(given, (tuple, list)):
            raise GradientError(
                f"jvp: got {describe(given)} as {word}; expected a tuple, an item for each argument of the function. "
                "Write jvp(f, (x,), (tangent,))."
            )
    traced = _Traced("jvp", function, tuple(primals), has_aux)
    sources = traced.sources
    natives = sources.matched("tangents", tangents)
    nested = active.get() is not None
    with _differentiating(sources):
        outputs, kept, directions = traced.operations.jvp(
            traced.run, sources.natives(), sources.storages(), natives, nested
        )
    output, *aux = traced.results(outputs, kept)
    return output, rewrapped(sources.backend, output, directions), *aux


class _Traced:
    """A function of the sources' native tensors, which remembers the form of what it returned."""

    def __init__(self, name: str, function: Callable[..., Any], primals: Sequence[Any], has_aux: bool) -> None:
        self.name, self.function, self.has_aux = name, function, has_aux
        self.sources = Sources(name, primals)
        self.operations = part(self.sources.backend, "autodiff")
        self.output: Any = None
        self.aux: Any = None

    def run(self, stand_ins: list[Native], stored: list[Any]) -> tuple[list[Native], list[Native]]:
        with standing_in(self.sources.parameters, stored):
            self.output = self.function(*self.sources.replaced(stand_ins))
        if self.has_aux:
            self.output, self.aux = pair(self.name, self.output)
        return _floating(self.name, self.sources.backend, self.output), natives_in(self.aux)

    def results(self, outputs: Sequence[Native], kept: Sequence[Native]) -> list[Any]:
        """Output and, if there is one, auxiliary, with these native tensors in them."""
        backend = self.sources.backend
        output = rewrapped(backend, self.output, outputs)
        aux = [rewrapped(backend, self.aux, kept)] if self.has_aux else []
        self.output = self.aux = None
        return [output, *aux]


def _floating(name: str, backend: Backend, output: Any) -> list[Native]:
    for leaf in tree.leaves(output):
        if not isinstance(leaf, Tensor) or leaf.backend is not backend or "floating" not in leaf.dtype.kind:
            raise GradientError(
                f"{name}: the function returned {describe(leaf)}; expected floating Tensors of the backend "
                f"{backend.name!r}. Write has_aux=True and return the rest as the second of a pair."
            )
    return natives_in(output)


class _differentiating:  # noqa: N801  # a context, as a class because it is entered often
    """Say that derivatives are being taken for these sources, inside the `with` block."""

    def __init__(self, sources: Sources) -> None:
        self.parameters = sources.parameters

    def __enter__(self) -> None:
        self.token = active.set((*(active.get() or ()), *self.parameters))

    def __exit__(self, *_: Any) -> None:
        active.reset(self.token)
