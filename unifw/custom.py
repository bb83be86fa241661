"""Operations of the user's own: one name, an implementation for each backend, one gradient."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, Literal

from unifw import tree
from unifw.autodiff import custom_gradient
from unifw.dtypes import DType
from unifw.errors import ArgumentError, GradientError, OperandError, ShapeError, UnsupportedError, describe
from unifw.operators import mixed_backends
from unifw.registry import info, loaded_backends, on_load
from unifw.spec import Backend, Native
from unifw.spec.custom import CustomRequest, Kernel
from unifw.tensor import Tensor

Gradient = Callable[..., Any] | Mapping[str, Callable[..., Any]] | Literal["native"]

_known: dict[str, CustomOp] = {}


def custom_op(
    name: str,
    *,
    gradient: Gradient | None = None,
    shape: Callable[..., Any] | None = None,
    outputs: int = 1,
    **implementations: Kernel,
) -> CustomOp:
    """An operation with an implementation for each backend: a function of native tensors, under the backend's name.

    An implementation may do anything, call C++ or CUDA too: an operation of `torch.ops.load_library` or
    `tf.load_op_library` can be given as it is. An argument without annotation or default is a tensor; numbers and words
    have one: `def scaled(x, factor: float)`. The result works eagerly, compiled and exported.

    `gradient(upstream, *arguments)`, once in unifw terms, returns the gradient of each tensor argument (one Tensor, or
    a tuple; None for zeros); it may call the operation again, and is differentiated itself for higher orders. Or it is
    a dict of such functions of native tensors, by backend; or "native" if the frameworks differentiate the
    implementations themselves. Without it, differentiating is an error.

    `shape(*arguments)` tells tracers the shape of the result, or (shape, dtype); a list of those for several `outputs`.
    Without it the implementation is traced itself. On TensorFlow, Python code that is no TensorFlow operation has to be
    inside `tf.numpy_function`. A file that holds the operation is read by a process that has called `custom_op` before.

    Raises ArgumentError for a name that is taken, UnknownBackendError, and UnsupportedError, when the operation is
    called, for a backend without implementation.

    >>> import unifw
    >>> def cube(x):
    ...     return x * x * x
    >>> cubed = unifw.custom_op(
    ...     "docs::cube", gradient=lambda upstream, x: upstream * 3 * x * x, torch=cube, tensorflow=cube
    ... )
    >>> x = unifw.asarray([2.0])
    >>> cubed(x).tolist(), unifw.grad(lambda x: unifw.sum(cubed(x)))(x).tolist()
    ([8.0], [12.0])
    """
    if name in _known:
        raise ArgumentError(f"custom_op: the name {name!r} is taken. Write another, as in 'my_package::{name}'.")
    if not implementations:
        raise ArgumentError(f"custom_op: {name} has no implementation. Write custom_op({name!r}, <backend>=function).")
    for backend, function in implementations.items():
        info(backend)
        if not callable(function):
            raise OperandError(f"custom_op: got {describe(function)} for {backend}; expected a function.")
    made = CustomOp(name, implementations, gradient, shape, outputs)
    for loaded in loaded_backends():
        made.prepare(loaded)
    _known[name] = made
    return made


@on_load
def _prepare_all(backend: Backend) -> None:
    """A file may hold an operation that has not been called yet."""
    for operation in _known.values():
        operation.prepare(backend)


class CustomOp:
    """An operation that `custom_op` made; call it with Tensors and plain values."""

    def __init__(
        self,
        name: str,
        implementations: Mapping[str, Kernel],
        gradient: Gradient | None,
        shape: Callable[..., Any] | None,
        outputs: int,
    ) -> None:
        self.name = name
        self.implementations = dict(implementations)
        self.gradient = gradient
        self.shape = shape
        self.outputs = outputs
        self._kernels: dict[Any, Kernel] = {}
        self._verified: set[str] = set()
        self._ruled = custom_gradient(self._with_gradient)

    def prepare(self, backend: Backend) -> None:
        """Register with a backend, if it has an implementation."""
        function = self.implementations.get(backend.name)
        if function is not None:
            shapes = None if self.shape is None else partial(self._shapes, backend)
            request = CustomRequest(self.name, function, self.gradient != "native", shapes, self.outputs)
            self._kernels[backend.array] = backend.custom.register(request) if backend.custom else function

    def __call__(self, *args: Any) -> Any:
        return self._run(*args) if self.gradient == "native" else self._ruled(*args)

    def __repr__(self) -> str:
        return f"CustomOp({self.name!r}, {', '.join(self.implementations)})"

    def _with_gradient(self, *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
        """The result, and the function from its gradient to those of the arguments, as `custom_gradient` has them."""
        return self._run(*args), partial(self._gradients, args)

    def _run(self, *args: Any) -> Any:
        first = next((x for x in args if isinstance(x, Tensor)), None)
        kernel = None if first is None else self._kernels.get(first.ops)
        if first is None or kernel is None:
            raise self._refused(first)
        if any(isinstance(x, Tensor) and x.ops is not first.ops for x in args):
            raise mixed_backends(self.name, *(x for x in args if isinstance(x, Tensor)))
        result = kernel(*(x.native if isinstance(x, Tensor) else x for x in args))
        results = (result,) if self.outputs == 1 else result
        if self.shape is not None and first.backend.name not in self._verified:
            self._verify(args, results)
        return first.wrap(result) if self.outputs == 1 else tuple(map(first.wrap, results))

    def _refused(self, first: Tensor | None) -> Exception:
        if first is None:
            return OperandError(f"{self.name}: got no Tensor; expected at least one. Write unifw.asarray(...).")
        name = first.backend.name
        return UnsupportedError(
            f"{self.name}: the backend {name!r} has no implementation; expected one of "
            f"{', '.join(self.implementations)}. Write custom_op({self.name!r}, {name}=function), or x.to_backend(...)."
        )

    def _gradients(self, args: tuple[Any, ...], upstream: Any) -> tuple[Any, ...]:
        """The gradient of each argument by the user's function; None for what is no tensor."""
        tensors = [x for x in args if isinstance(x, Tensor)]
        backend = tensors[0].backend
        function = self.gradient.get(backend.name) if isinstance(self.gradient, Mapping) else self.gradient
        if not callable(function):
            raise GradientError(
                f"{self.name}: it has no gradient on {backend.name}. Write custom_op(..., gradient=...)."
            )
        if isinstance(self.gradient, Mapping):
            given, natives = tree.map_leaves(_native, (upstream, args))
            found = tree.map_leaves(lambda x: None if x is None else backend.Tensor(x), function(given, *natives))
        else:
            found = function(upstream, *args)
        gradients = list(found) if isinstance(found, (tuple, list)) else [found]
        if len(gradients) != len(tensors):
            raise GradientError(
                f"{self.name}: the gradient returned {len(gradients)} values for {len(tensors)} tensor arguments; "
                "expected one for each. Write None for one that needs none."
            )
        remaining = iter(gradients)
        return tuple(next(remaining) if isinstance(x, Tensor) else None for x in args)

    # ---- shapes

    def _shapes(self, backend: Backend, args: Any, places: Sequence[int]) -> list[tuple[tuple[Any, ...], DType]]:
        """The shape and dtype of each result, by the user's function."""
        tensors = [backend.Tensor(x) if i in places else x for i, x in enumerate(args)]
        said = self.shape(*tensors)  # type: ignore[misc]
        dtype = tensors[places[0]].dtype
        every = [said] if self.outputs == 1 else list(said)
        return [(tuple(x[0]), x[1]) if len(x) == 2 and isinstance(x[1], DType) else (tuple(x), dtype) for x in every]

    def _verify(self, args: Sequence[Any], results: Sequence[Native]) -> None:
        """Compare, once, what `shape` says with what is so: a graph would believe it."""
        places = [i for i, x in enumerate(args) if isinstance(x, Tensor)]
        backend = args[places[0]].backend
        if any(backend.array.is_traced(x) for x in results):
            return
        natives = [x.native if isinstance(x, Tensor) else x for x in args]
        said = self._shapes(backend, natives, places)
        real = [(tuple(x.shape), backend.array.dtype(x)) for x in results]
        if said != real:
            raise ShapeError(
                f"{self.name}: shape= says {said}, and the implementation returned {real}; expected the same."
            )
        self._verified.add(backend.name)


def _native(x: Any) -> Any:
    return x.native if isinstance(x, Tensor) else x
