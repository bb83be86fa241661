"""`compile`, for functions and for Modules."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any, Self, overload

from unifw.errors import ArgumentError, describe
from unifw.nn.module import Module
from unifw.tracing.arguments import Dynamic
from unifw.tracing.compiled import Compiled


class CompiledModule(Module, leaf=True):
    """What `compile` makes of a Module: the same parameters, buffers and parts, under the same names.

    `module` is the Module itself; training one is training both.

    >>> import unifw
    >>> model = unifw.compile(unifw.nn.Linear(3, 2))
    >>> list(model.state_dict()), model.module.weight is next(model.parameters())
    (['weight', 'bias'], True)
    """

    module: Module

    def __init__(self, module: Module, dynamic: Dynamic = None, mode: str = "default") -> None:
        call = functools.wraps(module.forward)(lambda *args, **kwargs: module(*args, **kwargs))
        self.module = module
        self._settings = (dynamic, mode)
        self._compiled = Compiled(call, dynamic, mode)

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """The output of the Module, by its compiled form."""
        return self._compiled(*args, **kwargs)

    @property
    def trace_count(self) -> int:
        """How often the Module was traced."""
        return self._compiled.trace_count

    def _fields(self) -> Iterator[tuple[str, Any]]:
        yield from self.module._fields()

    def train(self, mode: bool = True) -> Self:
        """Training or evaluation mode of the Module."""
        self.module.train(mode)
        return self

    @property
    def training(self) -> bool:
        """The mode of the Module."""
        return self.module.training

    @training.setter
    def training(self, mode: bool) -> None:
        self.module.training = mode

    def __reduce__(self) -> Any:
        return CompiledModule, (self.module, *self._settings)

    def __repr__(self) -> str:
        return f"compile({self.module!r})"


@overload
def compile(function: Module, *, dynamic: Dynamic = ..., mode: str = ...) -> CompiledModule: ...  # type: ignore[overload-overlap]
@overload
def compile(function: Callable[..., Any], *, dynamic: Dynamic = ..., mode: str = ...) -> Compiled: ...
@overload
def compile(*, dynamic: Dynamic = ..., mode: str = ...) -> Callable[[Callable[..., Any]], Compiled]: ...
def compile(function: Any = None, *, dynamic: Dynamic = None, mode: str = "default") -> Any:
    """Trace a function or Module once per signature of its arguments, and run it as one native program from then on.

    Python runs only while it is traced: once for each set of shapes and dtypes of the Tensors in the arguments, of
    Python values (a new number is a new trace; `unifw.asarray` makes it an input), and of Modules with their modes,
    frozen parameters and settings. `trace_count` counts; an argument that causes more than 8 traces gets a
    CompileWarning that names it. Use it as a function or as a decorator.

    Parameters and buffers are inputs of the program, and assigning to them works, wherever the function finds them: in
    its arguments, in what it closes over, in global names. Modules are watched where `function` can reach them: its
    `self`, arguments, closure, defaults, global names, and lists, dicts and objects of its own package in these. Other
    Tensors that it finds there are constants: it is traced again when one is replaced or changed (x += 1), so give a
    Tensor that often changes as an argument, or make it a Buffer. Numbers and other Python values from outside keep
    the value that they had at the trace. Gradients may be taken of it and in it, any output is a tree of Tensors and
    constants, and random numbers follow `unifw.seed`. A call that finishes layers which wait for their input size
    runs uncompiled, and so does one whose gradient is differentiated again if the function draws numbers, assigns to
    variables, has branches, loops, open axes or rules of its own; others have compiled gradients of every order.

    `dynamic` names the axes whose size may vary within one trace: {"x": {0: "batch"}}, by the argument's name or
    position, for each Tensor in it; axes of one name have one size. A name alone, "batch", is that of axis 0 of every
    Tensor.
    `mode` is "default"; "xla" on TensorFlow; "max" (autotuned) or "reduce-overhead" (CUDA graphs) on PyTorch. Results
    are those of eager code up to rounding; if the native compiler fails, or a size that depends on values stops it, the
    function runs without, and a CompileWarning says why.

    For a Module the result is a Module with the same parameters, buffers and modes (`CompiledModule`).

    Raises ArgumentError for what cannot be called and for an unknown mode or argument, ShapeError for two sizes of one
    name, OperandError for an argument that cannot be part of a signature, and TracedValueError for Python that needs a
    traced tensor's value.

    >>> import unifw
    >>> @unifw.compile(dynamic={"x": {0: "batch"}})
    ... def scaled(x, factor):
    ...     return x * factor
    >>> scaled.trace_count
    0
    """
    if function is None:
        return lambda function: compile(function, dynamic=dynamic, mode=mode)
    if not callable(function):
        raise ArgumentError(f"compile: got {describe(function)}; expected a function or a Module.")
    return (CompiledModule if isinstance(function, Module) else Compiled)(function, dynamic, mode)
