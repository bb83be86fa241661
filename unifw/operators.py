"""The operators of the array object, and the two functions by which every elementwise call runs.

The hot path is: read the operations from the class, unwrap, call, wrap. It checks nothing that the native call checks
itself; a failure is explained afterwards.
"""

from __future__ import annotations

from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Self

from unifw.dtypes import fits, float32, float64, held, promote, promote_scalar
from unifw.errors import DTypeError, MixedBackendError, OperandError, ShapeError, UnifwError, describe, explain

if TYPE_CHECKING:
    from unifw.spec import Backend, Native
    from unifw.tensor import Tensor

Scalar = bool | int | float | complex


def unary(name: str, x: Operators) -> Tensor:
    """Apply the backend's elementwise function `name` to `x`."""
    try:
        return x.wrap(getattr(x.ops, name)(x.native))
    except Exception as error:
        result = _otherwise(name, x)
        if result is not None:
            return result
        raise explain(name, error, x) from error


def call(name: str, x: Operators, *args: Any) -> Tensor:
    """Apply the backend's function `name` to `x` and plain arguments."""
    try:
        return x.wrap(getattr(x.ops, name)(x.native, *args))
    except Exception as error:
        raise explain(name, error, x) from error


def binary(name: str, x1: Operators | Scalar, x2: Operators | Scalar) -> Tensor:
    """Apply the backend's elementwise function `name` to two tensors, or a tensor and a Python scalar."""
    try:
        if isinstance(x1, Operators):
            ops = x1.ops
            if not isinstance(x2, Operators):
                return x1.wrap(getattr(ops, name)(*with_number(name, x1, x2)))
            if x2.ops is not ops:
                raise mixed_backends(name, x1, x2)
            first, second = x1.native, x2.native
            if first.dtype is not second.dtype:
                first, second = promoted(ops, first, second)
            return x1.wrap(getattr(ops, name)(first, second))
        if not isinstance(x2, Operators):
            raise not_a_tensor(name, x1)
        native, number = with_number(name, x2, x1)
        return x2.wrap(getattr(x2.ops, name)(number, native))
    except UnifwError:
        raise
    except Exception as error:
        result = _otherwise(name, x1, x2)
        if result is not None:
            return result
        raise explain(name, error, x1, x2) from error


def with_number(name: str, x: Operators, number: Any) -> tuple[Native, Any]:
    """The payload of `x`, and a Python number as the operation `name` on both takes it.

    Raises NumberRangeError for an integer that the dtype does not hold, and OperandError for anything else.
    """
    kind: Any = type(number)
    if (kind is float and -65504 <= number <= 65504) or (kind is int and -1 < number < 128):  # in any dtype
        return x.native, number
    if kind is float and -1e38 < number < 1e38 and (x.dtype is float32 or x.dtype is float64):
        return x.native, number
    if not issubclass(kind, Scalar):
        if not x.ops.is_size(number):
            raise not_a_tensor(name, number)
        return x.native, number
    common = promote_scalar(x.dtype, kind)
    if "integer" in common.kind and name in _IN_FLOATS:
        common = float32
    elif name in _OF_ANY and not fits(number, common):
        common, number = float32, inf if number > 0 else -inf
    return x.native if common is x.dtype else x.ops.astype(x.native, common), held(name, number, common)


_IN_FLOATS = frozenset({"atan2", "copysign", "divide", "hypot", "logaddexp", "nextafter"})
_COMPARISONS = frozenset({"equal", "greater", "greater_equal", "less", "less_equal", "not_equal"})
_OF_ANY = _COMPARISONS | {"logical_and", "logical_or", "logical_xor"}
"""Beyond a dtype's limits, infinity is in the same order to all of its numbers, and as true."""


def _otherwise(name: str, *operands: Any) -> Tensor | None:
    """What the backend's function `<name>_otherwise` gives for operands that the fast one has no kernel for."""
    tensors = [x for x in operands if isinstance(x, Operators)]
    function = getattr(tensors[0].ops, f"{name}_otherwise", None) if tensors else None
    if function is None or not all(_fits(x, tensors[0].ops) for x in operands):
        return None
    natives = [getattr(x, "native", x) for x in operands]
    try:
        if len(tensors) == 2:
            natives = list(promoted(tensors[0].ops, *natives))
        result: Tensor | None = tensors[0].wrap(function(*natives))
    except UnifwError:
        raise
    except Exception:
        return None  # the first failure has the better reason
    return result


def _fits(x: Any, ops: Any) -> bool:
    return x.ops is ops if isinstance(x, Operators) else isinstance(x, Scalar) or ops.is_size(x)


def promoted(ops: Any, first: Native, second: Native) -> tuple[Native, Native]:
    """Two native tensors in their common dtype; the frameworks differ here, above all for tensors without axes."""
    common = promote(ops.dtype(first), ops.dtype(second))
    return ops.astype(first, common), ops.astype(second, common)


def not_a_tensor(name: str, x: Any) -> OperandError:
    """The error for an operand that is neither a Tensor nor a Python scalar."""
    return OperandError(
        f"{name}: got {describe(x)}; expected a unifw Tensor. Write unifw.asarray(...) around it first."
    )


def mixed_backends(name: str, *tensors: Operators | None) -> MixedBackendError:
    """The error for tensors of two backends in one operation."""
    names = list(dict.fromkeys(x.backend.name for x in tensors if x is not None))
    return MixedBackendError(
        f"{name}: got tensors of the backends {' and '.join(names)}; expected one backend. "
        f'Write x.to_backend("{names[0]}") on the others.'
    )


class Operators:
    """What `Tensor` inherits: arithmetic, comparison and bitwise operators, reflected and in place."""

    __slots__ = ("__weakref__", "native")
    __array_ufunc__ = None  # NumPy arrays leave the operators to us

    backend: ClassVar[Backend]
    ops: ClassVar[Any]
    kernels: ClassVar[Any]  # of layers; None on a backend that has none
    quick: ClassVar[Any]  # the commonest functions in one step; None on a backend that has none
    wrap: ClassVar[type[Tensor]]
    native: Native
    shape: Any
    dtype: Any

    @property
    def _kernel(self) -> Native:
        """The payload as the backend's convolutions take their weight, (out, in, *window) or another order of it."""
        return self.native

    _turned: Any = False
    """Whether a matrix (out, in) is stored as (in, out)."""

    @property
    def _stored(self) -> Native:
        """The payload as it is stored, which may have the axes in another order."""
        return self.native

    def _of_stored(self, native: Native) -> Tensor:
        """A Tensor of this shape of a payload with its axes in the order of `_stored`."""
        return self.wrap(native)

    def _set(self, native: Native) -> None:
        """Replace the payload; other tensors do not see it."""
        self.native = native

    def _inplace(self, name: str, other: Tensor | Scalar) -> Self:
        result = binary(name, self, other)
        if result.dtype is not self.dtype or result.shape != self.shape:
            kind = ShapeError if result.dtype is self.dtype else DTypeError
            raise kind(
                f"in-place {name}: got a result of shape {result.shape} and dtype {result.dtype}; expected the "
                f"tensor's own shape {self.shape} and dtype {self.dtype}. Write x = x ... to make a new tensor."
            )
        self._set(result.native)
        return self

    __hash__ = object.__hash__

    def __add__(self, other: Any, /) -> Tensor:
        return binary("add", self, other)

    def __radd__(self, other: Any, /) -> Tensor:
        return binary("add", other, self)

    def __iadd__(self, other: Any, /) -> Self:
        return self._inplace("add", other)

    def __sub__(self, other: Any, /) -> Tensor:
        return binary("subtract", self, other)

    def __rsub__(self, other: Any, /) -> Tensor:
        return binary("subtract", other, self)

    def __isub__(self, other: Any, /) -> Self:
        return self._inplace("subtract", other)

    def __mul__(self, other: Any, /) -> Tensor:
        return binary("multiply", self, other)

    def __rmul__(self, other: Any, /) -> Tensor:
        return binary("multiply", other, self)

    def __imul__(self, other: Any, /) -> Self:
        return self._inplace("multiply", other)

    def __truediv__(self, other: Any, /) -> Tensor:
        return binary("divide", self, other)

    def __rtruediv__(self, other: Any, /) -> Tensor:
        return binary("divide", other, self)

    def __itruediv__(self, other: Any, /) -> Self:
        return self._inplace("divide", other)

    def __floordiv__(self, other: Any, /) -> Tensor:
        return binary("floor_divide", self, other)

    def __rfloordiv__(self, other: Any, /) -> Tensor:
        return binary("floor_divide", other, self)

    def __ifloordiv__(self, other: Any, /) -> Self:
        return self._inplace("floor_divide", other)

    def __mod__(self, other: Any, /) -> Tensor:
        return binary("remainder", self, other)

    def __rmod__(self, other: Any, /) -> Tensor:
        return binary("remainder", other, self)

    def __imod__(self, other: Any, /) -> Self:
        return self._inplace("remainder", other)

    def __pow__(self, other: Any, /) -> Tensor:
        return binary("pow", self, other)

    def __rpow__(self, other: Any, /) -> Tensor:
        return binary("pow", other, self)

    def __ipow__(self, other: Any, /) -> Self:
        return self._inplace("pow", other)

    def __matmul__(self, other: Any, /) -> Tensor:
        return binary("matmul", self, other)

    def __rmatmul__(self, other: Any, /) -> Tensor:
        return binary("matmul", other, self)

    def __imatmul__(self, other: Any, /) -> Self:
        return self._inplace("matmul", other)

    def __and__(self, other: Any, /) -> Tensor:
        return binary("bitwise_and", self, other)

    def __rand__(self, other: Any, /) -> Tensor:
        return binary("bitwise_and", other, self)

    def __iand__(self, other: Any, /) -> Self:
        return self._inplace("bitwise_and", other)

    def __or__(self, other: Any, /) -> Tensor:
        return binary("bitwise_or", self, other)

    def __ror__(self, other: Any, /) -> Tensor:
        return binary("bitwise_or", other, self)

    def __ior__(self, other: Any, /) -> Self:
        return self._inplace("bitwise_or", other)

    def __xor__(self, other: Any, /) -> Tensor:
        return binary("bitwise_xor", self, other)

    def __rxor__(self, other: Any, /) -> Tensor:
        return binary("bitwise_xor", other, self)

    def __ixor__(self, other: Any, /) -> Self:
        return self._inplace("bitwise_xor", other)

    def __lshift__(self, other: Any, /) -> Tensor:
        return binary("bitwise_left_shift", self, other)

    def __rlshift__(self, other: Any, /) -> Tensor:
        return binary("bitwise_left_shift", other, self)

    def __ilshift__(self, other: Any, /) -> Self:
        return self._inplace("bitwise_left_shift", other)

    def __rshift__(self, other: Any, /) -> Tensor:
        return binary("bitwise_right_shift", self, other)

    def __rrshift__(self, other: Any, /) -> Tensor:
        return binary("bitwise_right_shift", other, self)

    def __irshift__(self, other: Any, /) -> Self:
        return self._inplace("bitwise_right_shift", other)

    def __lt__(self, other: Any, /) -> Tensor:
        return binary("less", self, other)

    def __le__(self, other: Any, /) -> Tensor:
        return binary("less_equal", self, other)

    def __gt__(self, other: Any, /) -> Tensor:
        return binary("greater", self, other)

    def __ge__(self, other: Any, /) -> Tensor:
        return binary("greater_equal", self, other)

    def __eq__(self, other: object, /) -> Tensor:  # type: ignore[override]  # elementwise, as the standard has it
        return NotImplemented if other is None or isinstance(other, str) else binary("equal", self, other)  # type: ignore[arg-type]

    def __ne__(self, other: object, /) -> Tensor:  # type: ignore[override]  # elementwise, as the standard has it
        return NotImplemented if other is None or isinstance(other, str) else binary("not_equal", self, other)  # type: ignore[arg-type]

    def __neg__(self) -> Tensor:
        return unary("negative", self)

    def __pos__(self) -> Tensor:
        return unary("positive", self)

    def __abs__(self) -> Tensor:
        return unary("abs", self)

    def __invert__(self) -> Tensor:
        return unary("bitwise_invert", self)
