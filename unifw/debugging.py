"""Finding the operation that made the first NaN or infinity."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

from unifw import shortcuts
from unifw.eagerly import eager
from unifw.errors import NonFiniteError, describe
from unifw.nn.failures import address
from unifw.nn.module import Module
from unifw.registry import get_backend, loaded_backends
from unifw.spec import Backend, Native
from unifw.tensor import Tensor
from unifw.variable import Variable

_ROOT = str(Path(__file__).parent)


@contextmanager
def debug_nans(infinities: bool = True, gradients: bool = True) -> Iterator[None]:
    """Inside the `with` block, raise at the operation that makes the first NaN or infinity, and name it and its layer.

    An infinity that an operation was given is no fault of it (the -inf of a mask); a NaN always is reported. With
    `gradients` backward passes are looked into as well. `compile` and compiled training steps are off inside. Every
    operation waits for its values, so this is slow; outside it costs nothing. It holds for the whole process.

    Raises NonFiniteError, which is a FloatingPointError.

    >>> import unifw
    >>> with debug_nans():
    ...     unifw.log(unifw.asarray([1.0, 0.0]))
    Traceback (most recent call last):
        ...
    unifw.errors.NonFiniteError: debug_nans: log made -inf in 1 of 2 elements, from x = Tensor of shape (2,) and ...
    """
    get_backend()  # load it, if none is
    with ExitStack() as stack:
        stack.enter_context(eager())
        for backend in loaded_backends():
            stack.enter_context(_watching(backend, infinities, gradients))
        try:
            yield
        except Exception as error:
            found = _first_cause(error)
            if found is error:
                raise
            raise found from None


def _first_cause(error: BaseException) -> BaseException:
    """The NonFiniteError behind an error: a function may have taken it for a failure of its own, and explained that."""
    cause: BaseException | None = error
    seen: list[BaseException] = []
    while cause is not None and cause not in seen:  # an error that is raised again may be its own cause
        if isinstance(cause, NonFiniteError):
            return cause
        seen.append(cause)
        cause = cause.__cause__
    return error


@contextmanager
def _watching(backend: Backend, infinities: bool, gradients: bool) -> Iterator[None]:
    """Results of a backend's operations are looked at when they are wrapped: the one thing that every call does."""
    report = partial(_report_gradient, backend, infinities)
    debugging = backend.debugging
    watch = debugging.watch if gradients and debugging is not None else None

    def wrap(native: Native) -> Tensor:
        if not _checkable(backend, native):
            return backend.Tensor(native)
        operation = _operation(sys._getframe(1))
        _check(operation, native, backend, infinities)
        if watch is not None and operation.operands:
            native = watch(native, [x for _, x in operation.operands], operation.without_operands(), report)
        return backend.Tensor(native)

    classes = (backend.Tensor, backend.Parameter, backend.Buffer)
    before = [cls.wrap for cls in classes]
    with ExitStack() as stack:
        stack.enter_context(shortcuts.left(backend))
        if debugging is not None and watch is not None:
            stack.enter_context(debugging.watching(report))
        for cls in classes:
            cls.wrap = staticmethod(wrap)  # type: ignore[assignment]
        try:
            yield
        finally:
            for cls, value in zip(classes, before, strict=True):
                cls.wrap = value


def _checkable(backend: Backend, native: Native) -> bool:
    return not backend.array.is_traced(native) and "floating" in backend.array.dtype(native).kind


@dataclass(frozen=True)
class _Operation:
    """An operation that runs: its name, its operands by their names, and the Modules around it, outermost first."""

    name: str
    operands: tuple[tuple[str, Tensor], ...]
    infinite: bool  # a Python number among its arguments is
    modules: tuple[Module, ...]

    @property
    def where(self) -> str:
        return f", in {address(self.modules[0], self.modules[-1])}" if self.modules else ""

    def without_operands(self) -> _Operation:
        """What a backward pass has to know; keeps no activations alive."""
        return _Operation(self.name, (), self.infinite, self.modules)


def _operation(frame: FrameType) -> _Operation:
    """What runs, as the Python frames tell it; `frame` is that of the function which wraps the result."""
    frames = [frame]
    while frames[-1].f_back is not None:
        frames.append(frames[-1].f_back)
    inside = next((i for i, f in enumerate(frames) if _is_named(f)), 0)
    own = [f for f in frames[: inside + 1] if f.f_code.co_filename.startswith(_ROOT)] or frames[:1]
    given: dict[str, Any] = {}
    for f in own:
        given.update({name: x for name, x in f.f_locals.items() if name not in given and name != "self"})
    name = given.get("name") if isinstance(given.get("name"), str) else own[-1].f_code.co_name
    operands = {id(x): (key, x) for key, x in given.items() if isinstance(x, Tensor)}
    infinite = any(isinstance(x, float) and not np.isfinite(x) for x in given.values())
    modules = [f.f_locals["self"] for f in reversed(frames) if isinstance(f.f_locals.get("self"), Module)]
    return _Operation(str(name), tuple(operands.values()), infinite, tuple(modules))


def _is_named(frame: FrameType) -> bool:
    """Whether a frame is that of the operation itself, not of its private helpers."""
    return not frame.f_code.co_name.startswith(("_", "<"))


def _check(operation: _Operation, native: Native, backend: Backend, infinities: bool) -> None:
    ops = backend.array
    if bool(ops.all(ops.isfinite(native), None, False)):  # type: ignore[attr-defined]
        return
    values = ops.to_numpy(native)
    spoilt = {name: x for name, x in operation.operands if not np.isfinite(x.numpy()).all()}
    nan = bool(np.isnan(values).any())
    excused = operation.infinite or any(not isinstance(x, Variable) for x in spoilt.values())
    if not operation.operands or (not nan and (excused or not infinities)):
        return
    found = ", ".join(
        f"{word} already holds {_kinds(x.numpy())[0]}" for word, x in spoilt.items() if nan or isinstance(x, Variable)
    )
    given = " and ".join(f"{name} = {describe(x)}" for name, x in operation.operands)
    raise NonFiniteError(
        f"debug_nans: {operation.name} made {_amount(values)}, from {given}{operation.where}. "
        + (f"It is not the first: {found}." if found else "Its operands are finite.")
    )


def _report_gradient(backend: Backend, infinities: bool, gradient: Native, operations: Sequence[_Operation]) -> None:
    ops = backend.array
    if not _checkable(backend, gradient) or bool(ops.all(ops.isfinite(gradient), None, False)):  # type: ignore[attr-defined]
        return
    values = ops.to_numpy(gradient)
    if infinities or np.isnan(values).any():
        names = " or ".join(dict.fromkeys(f"{x.name}{x.where}" for x in operations)) or "an operation"
        raise NonFiniteError(
            f"debug_nans: the backward pass of {names} made {_amount(values)} of a gradient of shape {values.shape}."
        )


def _amount(values: Any) -> str:
    word, number = _kinds(values)
    return f"{word} in {number} of {values.size} elements"


def _kinds(values: Any) -> tuple[str, int]:
    """The worst that values hold, and how often."""
    tests = {"NaN": np.isnan(values), "inf": np.isposinf(np.real(values)), "-inf": np.isneginf(np.real(values))}
    word = next((name for name, test in tests.items() if test.any()), "infinities")
    return word, int((~np.isfinite(values)).sum())
