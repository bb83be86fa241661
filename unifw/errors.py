"""Every error unifw raises, rooted at `UnifwError`.

An error says what was got, what was expected and what to write instead. Each class is also the built-in
exception that Python users expect (`ValueError`, `TypeError`, ...), so `except ValueError` keeps working.
"""

from __future__ import annotations

from typing import Any

import numpy as np

MOST_AXES = 8
"""As many axes as every function takes on every backend; kernels of a framework may stop there."""


class UnifwError(Exception):
    """Root of every error that unifw raises on purpose.

    >>> import unifw
    >>> try:
    ...     unifw.zeros(3) + unifw.zeros(2)
    ... except unifw.UnifwError as error:
    ...     type(error).__name__, isinstance(error, ValueError)
    ('ShapeError', True)
    """


class UnknownBackendError(UnifwError, ValueError):
    """A backend name that no folder and no entry point provides."""


class BackendNotInstalledError(UnifwError, ImportError):
    """A known backend whose framework is not installed."""


class UnsupportedError(UnifwError, NotImplementedError):
    """An operation that a backend declares it does not have."""


class MixedBackendError(UnifwError, TypeError):
    """Tensors of two backends met in one operation."""


class OperandError(UnifwError, TypeError):
    """An argument of a kind that is not taken: no Tensor where one is expected, no function, no Module."""


class DTypeError(UnifwError, TypeError):
    """A data type that an operation does not take."""


class ArgumentError(UnifwError, ValueError):
    """A setting outside what is allowed: a size below one, a word that is no option."""


class NumberRangeError(ArgumentError, OverflowError):
    """A Python number that the dtype it is for does not hold."""


class CopyError(ArgumentError, BufferError):
    """A copy that copy=False forbids and that is needed."""


class ShapeError(UnifwError, ValueError):
    """Shapes that do not fit together."""


class UnsizedError(ShapeError, TypeError):
    """A tensor without axes was asked for its rows."""


class AxisError(UnifwError, ValueError, IndexError):
    """An axis that the tensor does not have."""


class OutOfRangeError(UnifwError, IndexError):
    """An index or class label outside its range."""


class DeviceError(UnifwError, ValueError):
    """A device that does not exist here, or tensors on several devices in one operation."""


class LinAlgError(UnifwError, ValueError):
    """A matrix that has no inverse or no such decomposition."""


class GradientError(UnifwError, ValueError):
    """A function or an argument that cannot be differentiated as asked."""


class TracedValueError(UnifwError, TypeError):
    """The value of a traced tensor was asked for while a graph is being built."""


class UnfinishedError(UnifwError, AttributeError):
    """A layer was asked for what it knows only after its first call."""


class StateDictError(UnifwError, ValueError):
    """A state dict that does not fit the model; nothing was loaded."""


class FileFormatError(UnifwError, ValueError):
    """A file that is not what its reader expects."""


class PathExistsError(UnifwError, FileExistsError):
    """The target of an export exists already."""


class PathMissingError(UnifwError, FileNotFoundError):
    """There is nothing at the path that was to be read."""


class PathWriteError(UnifwError, OSError):
    """The target of a save or an export cannot be written."""


class ExportError(UnifwError, RuntimeError):
    """A model that cannot be exported, or an export that differs from the live model."""


class NonFiniteError(UnifwError, FloatingPointError):
    """NaN or infinity arose where `debug_nans` looks."""


class OperationError(UnifwError, RuntimeError):
    """A native operation failed for a reason that unifw cannot name better."""


class CompileWarning(UserWarning):
    """A compiled function that is traced often, or that the native compiler cannot take."""


def describe(x: Any) -> str:
    """One operand in words: its shape and dtype if it has them, else its type.

    >>> describe(3.0)
    'float 3.0'
    """
    shape, dtype = getattr(getattr(x, "native", x), "shape", None), getattr(x, "dtype", None)  # native: None if unknown
    if shape is not None and dtype is not None:
        shape = x.ops.static_shape(x.native) if hasattr(x, "ops") else shape  # sizes that a tracer records do not print
        return f"{getattr(x, 'kind', type(x).__name__)} of shape {tuple(shape)} and dtype {dtype}"
    return f"{type(x).__name__} {x!r}"[:120]


def first_line(error: BaseException) -> str:
    r"""The first line of what an error says, or its class.

    >>> first_line(ValueError("one\ntwo")), first_line(KeyError())
    ('one', 'KeyError')
    """
    return next(iter(str(error).strip().splitlines()), type(error).__name__)


def explain(name: str, error: Exception, *operands: Any) -> Exception:
    """Turn the failure of a native operation into the unifw error that names its cause.

    Called after a failure only, so that the hot path carries no checks.
    """
    if isinstance(error, UnifwError):
        return error
    tensors = [x for x in operands if hasattr(x, "native")]
    for x in operands:
        number = tensors and name != "matmul" and isinstance(x, (bool, int, float, complex))
        if not hasattr(x, "native") and not number:
            return OperandError(
                f"{name}: got {describe(x)}; expected a unifw Tensor. Write unifw.asarray(...) around it first."
            )
    if any(isinstance(x, complex) for x in operands) and name in _REAL:
        return DTypeError(f"{name}: got a complex number; expected real ones. Write z.real or abs(z) first.")
    for rule in (_explain_devices, _explain_matmul, _explain_broadcast, _explain_kind, _explain_power):
        explained = rule(name, tensors)
        if explained is not None:
            return explained
    unsupported = too_many_axes(name, error, *tensors)
    if unsupported is not None:
        return unsupported
    got = " and ".join(describe(x) for x in operands)
    return OperationError(f"{name}: failed on {got}. The native framework says: {first_line(error)}")


def too_many_axes(name: str, error: Exception, *tensors: Any) -> UnsupportedError | None:
    """The error for a native failure on a tensor that has more axes than `MOST_AXES`, or None where none has."""
    for x in tensors:
        if x.ndim > MOST_AXES:
            return UnsupportedError(
                f"{name}: got {describe(x)}, of {x.ndim} axes; expected up to {MOST_AXES}, which every function of the "
                f"backend {x.backend.name} takes. Write unifw.reshape(x, ...) to merge neighbouring axes first. "
                f"The native framework says: {first_line(error)}"
            )
    return None


def _explain_devices(name: str, tensors: list[Any]) -> Exception | None:
    places = list(dict.fromkeys(x.device for x in tensors if x.ndim))
    if len(places) < 2:
        return None
    return DeviceError(
        f'{name}: got tensors on {" and ".join(places)}; expected one device. Write x.to("{places[0]}") on the others.'
    )


def backward_failure(error: Exception) -> Exception:
    """The unifw error for a failure of a backward pass, where the operation is no longer known."""
    if isinstance(error, UnifwError):
        return error
    return GradientError(
        "grad: the backward pass failed, in an operation that has no derivative here or whose inputs have changed. "
        f"Write unifw.stop_gradient(x) around what needs none. The native framework says: {first_line(error)}"
    )


def _explain_matmul(name: str, tensors: list[Any]) -> Exception | None:
    if name != "matmul" or len(tensors) != 2:
        return None
    a, b = (tuple(x.shape) for x in tensors)
    if a and b and a[-1] != b[-2 if len(b) > 1 else 0]:
        return ShapeError(
            f"matmul: got shapes {a} and {b}; expected the last axis of the first ({a[-1]}) to equal the "
            f"{'second to last axis' if len(b) > 1 else 'only axis'} of the second ({b[-2 if len(b) > 1 else 0]}). "
            "Write x @ y.mT if the second is stored transposed."
        )
    if len(a) > 2 and len(b) > 2 and _broadcast(a[:-2], b[:-2]) is None:
        return ShapeError(
            f"matmul: got shapes {a} and {b}; expected the axes before the last two to broadcast. "
            "Write unifw.expand_dims(x, axis=0) to line them up."
        )
    if not a or not b:
        return ShapeError(f"matmul: got shapes {a} and {b}; expected at least one axis each. Write x * y for scalars.")
    return None


def _explain_broadcast(name: str, tensors: list[Any]) -> Exception | None:
    if name == "matmul" or len(tensors) < 2:
        return None
    shapes = [tuple(x.shape) for x in tensors]
    if _broadcast(*shapes) is not None:
        return None
    got = " and ".join(map(str, shapes))
    return ShapeError(
        f"{name}: got shapes {got}, which do not broadcast; expected each pair of axes, counted from the last, "
        "to be equal or one of them 1. Write unifw.reshape(x, ...) or unifw.expand_dims(x, axis=...) to line them up."
    )


_ORDER = frozenset({"less", "less_equal", "greater", "greater_equal", "maximum", "minimum", "clip", "signbit"})
_ROUNDING = frozenset({"ceil", "floor", "trunc"})
_DIVISION = frozenset({"floor_divide", "remainder"})
_REAL = _ORDER | _ROUNDING | _DIVISION | {"atan2", "copysign", "hypot", "logaddexp", "nextafter"}
_SHIFTS = frozenset({"bitwise_left_shift", "bitwise_right_shift"})
_BITS = _SHIFTS | {"bitwise_and", "bitwise_invert", "bitwise_or", "bitwise_xor"}
_NUMERIC = (
    _ROUNDING | _DIVISION | _SHIFTS | {"abs", "negative", "positive", "round", "square", "subtract", "pow", "clip"}
)


def _explain_kind(name: str, tensors: list[Any]) -> Exception | None:
    kinds = {x.dtype.kind for x in tensors}
    if name in _BITS and kinds & {"real floating", "complex floating"}:
        expected = "integers. Write unifw.astype(x, unifw.int64) first"
    elif name in _REAL and "complex floating" in kinds:
        expected = "real numbers. Write unifw.real(x) or unifw.abs(x) first"
    elif name in _NUMERIC and kinds == {"bool"}:
        expected = "numbers. Write unifw.astype(x, unifw.int64) first"
    else:
        return None
    return DTypeError(f"{name}: got {' and '.join(describe(x) for x in tensors)}; expected {expected}.")


def _explain_power(name: str, tensors: list[Any]) -> Exception | None:
    if name != "pow" or any("integer" not in x.dtype.kind for x in tensors):
        return None
    return DTypeError(
        "pow: got a negative exponent for integers; expected 0 or more. Write unifw.astype(x, unifw.float32) first."
    )


def _broadcast(*shapes: tuple[Any, ...]) -> tuple[int, ...] | None:
    try:
        return np.broadcast_shapes(*shapes)
    except (ValueError, TypeError):
        return None
