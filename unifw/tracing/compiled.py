"""`Compiled`: a function that is traced once per signature and then runs as a native program."""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable, Hashable, Sequence
from types import MethodType
from typing import Any

from unifw.eagerly import switch as off
from unifw.errors import ArgumentError, CompileWarning, UnfinishedError, UnifwError, first_line
from unifw.operators import mixed_backends
from unifw.registry import backends, get_backend, info, on_load, part, using_backend
from unifw.spec import Backend
from unifw.tensor import Tensor
from unifw.tracing.arguments import Arguments, Dims, Dynamic, Names
from unifw.tracing.outputs import Rebuild, taken_apart
from unifw.tracing.reach import Reach
from unifw.tracing.session import Session
from unifw.tracing.world import World, plain_tensors, unchanged, variables_of

MOST_TRACES = 8
"""How many traces one argument may cause before there is a warning."""

_plain: set[type[Any]] = set()
on_load(lambda backend: _plain.update({backend.Tensor} if backend.tracing is not None else ()))


class Trace:
    """One traced form of a function: its program, what it depends on, and the form of its output."""

    def __init__(self, compiled: Compiled, arguments: Arguments, backend: Backend, dims: list[Dims]) -> None:
        self._compiled = compiled
        self._arguments = arguments
        self.session = Session(backend)
        self.rebuild: Rebuild
        self.changed: list[int] = []  # which tensors the function changed in place, as x += 1 does
        natives = [x.native for x in arguments.tensors]
        ops = part(backend, "tracing")
        reach = Reach(compiled.function)
        modules = [*reach.modules, *arguments.modules]
        known = [x for x in variables_of(modules) if x.backend is backend]
        with unchanged([*reach.tensors, *plain_tensors(modules)]):
            self.program = ops.trace(self._run, natives, dims, known, compiled.mode, compiled.warn_of_compiler)
        self.world = World(reach, modules, self.program.variables)
        self.plain = not (self.session.numbers or self.session.after or self.changed)

    def _run(self, natives: list[Any]) -> list[Any]:
        """The Python function on native stand-ins, once."""
        wrap = self.session.backend.Tensor
        given = [wrap(x) for x in natives]
        args, kwargs = self._arguments.rebuilt(given)
        with self.session(), using_backend(self.session.backend):
            output = self._compiled.function(*args, **kwargs)
        tensors, self.rebuild = taken_apart(output, wrap)
        self.changed = [i for i, (x, native) in enumerate(zip(given, natives, strict=True)) if x.native is not native]
        return [x.native for x in (*tensors, *(given[i] for i in self.changed))]

    def outputs(self, natives: list[Any]) -> Any:
        """What the program gives."""
        try:
            return self.program(natives)
        except UnifwError:
            raise
        except Exception as error:
            raise _ProgramError(error) from error

    def __call__(self, natives: list[Any], tensors: Sequence[Tensor]) -> Any:
        """The output for other tensors; None or NotImplemented as the program says."""
        self.session.before_run()
        outputs = self.outputs(natives)
        if outputs is None or outputs is NotImplemented:
            return outputs
        for i, native in zip(reversed(self.changed), reversed(outputs), strict=False):
            tensors[i]._set(native)
        self.session.after_run()
        return self.rebuild(outputs[: len(outputs) - len(self.changed)])


class _ProgramError(Exception):
    """A native program met values that it cannot take, and cannot say what they are."""

    def __init__(self, error: Exception) -> None:
        self.error = error


class Compiled:
    """What `compile` makes of a function."""

    def __init__(self, function: Callable[..., Any], dynamic: Dynamic = None, mode: str = "default") -> None:
        known = sorted({name for backend in backends() for name in info(backend).modes})
        if mode not in known:
            raise ArgumentError(f"compile: got mode {mode!r}; expected one of {', '.join(known)}.")
        functools.update_wrapper(self, function, updated=())
        self.function = function
        self.mode = mode
        self.trace_count = 0
        self._names = Names(function, dynamic)
        self._fast: dict[Hashable, Trace] = {}
        self._traces: dict[Hashable, list[Trace]] = {}
        self._seen: dict[str, list[str]] = {}
        self._warned: set[str] = set()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if off.get():
            return self.function(*args, **kwargs)
        try:
            return self._by_program(args, kwargs)
        except _ProgramError as failure:
            error = failure.error
        result = self.function(*args, **kwargs)  # says what is wrong, and in which layer; or does the work
        self.warn_of_compiler(first_line(error))
        return result

    def _by_program(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        natives: list[Any] = [x.native for x in args if type(x) in _plain]
        if natives and not kwargs and len(natives) == len(args) and not self._names.any:
            key = args[0].backend.tracing.signature(natives)
            trace = self._fast.get(key)
            if trace is not None and trace.world.same():
                outputs = trace.outputs(natives)
                if outputs is not None and outputs is not NotImplemented:
                    return trace.rebuild(outputs)
        return self._call(args, kwargs)

    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else MethodType(self, instance)

    def __repr__(self) -> str:
        return f"compile({self.function!r}, mode={self.mode!r})"

    # ---- finding a trace, or making one

    def _call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """A call whose trace has to be looked for."""
        arguments = Arguments(args, kwargs)
        backend = _backend_of(arguments)
        natives = [x.native for x in arguments.tensors]
        facts = part(backend, "tracing").signature(natives)
        if facts is None:
            return self.function(*args, **kwargs)
        dims = self._names.dims(arguments.tensors, arguments.places)
        if self._names.any:
            self._names.check(natives, arguments.places, dims)
            facts = tuple((*fact[:-1], _opened(fact[-1], named)) for fact, named in zip(facts, dims, strict=True))
        key = (backend.name, arguments.key, facts)
        for trace in self._traces.get(key, ()):
            if trace.world.same():
                output = trace(natives, arguments.tensors)
                if output is NotImplemented:
                    return self.function(*args, **kwargs)
                if output is not None:
                    return output
        return self._first_call(arguments, backend, dims, key, natives)

    def _first_call(
        self, arguments: Arguments, backend: Backend, dims: list[Dims], key: Any, natives: list[Any]
    ) -> Any:
        if any(x.ops.is_traced(x.native) for x in arguments.tensors):  # somebody else's trace
            return self.function(*arguments.args, **arguments.kwargs)
        if self.mode not in backend.info.modes:
            raise ArgumentError(
                f"compile: got mode {self.mode!r} for the backend {backend.name!r}; expected one of "
                f"{', '.join(backend.info.modes)}."
            )
        try:
            trace = Trace(self, arguments, backend, dims)
        except UnfinishedError:  # eager code finishes the layers that wait for their first call
            return self.function(*arguments.args, **arguments.kwargs)
        traces = self._traces.setdefault(key, [])
        traces.insert(0, trace)
        self.trace_count += 1
        self._note(arguments, dims)
        self._note_world(traces)
        if trace.plain and not self._names.any and not arguments.kwargs and len(natives) == len(arguments.args):
            self._fast[key[2]] = trace
        output = trace(natives, arguments.tensors)
        return self.function(*arguments.args, **arguments.kwargs) if output is NotImplemented else output

    # ---- warnings

    def warn_of_compiler(self, why: str) -> None:
        """Say once that the native compiler failed."""
        if "compiler" not in self._warned:
            self._warned.add("compiler")
            self._warn(f"the native compiler failed, and the function runs uncompiled. It says: {why}")

    def _note(self, arguments: Arguments, dims: list[Dims]) -> None:
        """Remember what was traced, and warn of an argument that is another one each time."""
        for place in arguments.parts:
            name = self._names.name(place)
            seen = self._seen.setdefault(name, [])
            form = _form(arguments, place, dims)
            if form not in seen:
                seen.append(form)
            if len(seen) > MOST_TRACES and name not in self._warned:
                self._warned.add(name)
                self._warn(
                    f"the argument {name!r} caused {len(seen)} traces, the last two by {seen[-2]} and {seen[-1]}. "
                    + _advice(arguments, place, name)
                )

    def _note_world(self, traces: list[Trace]) -> None:
        """Warn of something outside of the arguments that is another one each time; forget the oldest traces."""
        if len(traces) > MOST_TRACES and "outside" not in self._warned:
            self._warned.add("outside")
            self._warn(
                f"what it finds outside of its arguments caused {len(traces)} traces: a Module, one of its settings, "
                "or a Tensor that is another one each time. Make a Tensor that changes an argument, or a unifw.Buffer."
            )
        del traces[8 * MOST_TRACES :]

    def _warn(self, text: str) -> None:
        name = getattr(self.function, "__qualname__", type(self.function).__name__)
        warnings.warn(f"compile: {name}: {text}", CompileWarning, stacklevel=_outside_of_unifw())


def _outside_of_unifw() -> int:
    """How far up the stack the user's own line is, for a warning of the caller."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").partition(".")[0] == "unifw":
        frame, level = frame.f_back, level + 1
    return level


def _backend_of(arguments: Arguments) -> Backend:
    tensors = arguments.tensors
    if any(x.ops is not tensors[0].ops for x in tensors):
        raise mixed_backends("compile", *tensors)
    sources = (*tensors, *arguments.modules)
    return sources[0].backend if sources else get_backend()


def _opened(shape: Any, named: Dims) -> tuple[int | None, ...]:
    return tuple(None if axis in named else size for axis, size in enumerate(shape))


def _form(arguments: Arguments, place: str | int, dims: list[Dims]) -> str:
    """What of an argument a trace depends on, in words."""
    rows = zip(arguments.tensors, arguments.places, dims, strict=True)
    tensors = [f"shape {_opened(x.shape, named)} and dtype {x.dtype}" for x, own, named in rows if own == place]
    plain = [_shown(x) for x in arguments.parts[place] if x is not Tensor]
    return "; ".join([*tensors, *plain])[:200]


def _shown(x: Hashable) -> str:
    """A part of a key, as it is written in Python."""
    if not isinstance(x, tuple):
        return repr(x)
    return repr(float.fromhex(x[1]) if x[0] is float else x[1])


def _advice(arguments: Arguments, place: str | int, name: str) -> str:
    if place in arguments.places:
        return f'Write compile(..., dynamic={{"{name}": {{0: "batch"}}}}) for an axis whose size varies.'
    return "Each new Python value is a trace of its own. Write unifw.asarray(value) to make it an input."
