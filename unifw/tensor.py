"""The array object: one native tensor in a slot, its backend on the class.

Each backend makes a final subclass of `Tensor`, `Parameter` and `Buffer` whose class attributes are that backend's
operations, so that dispatch is one attribute read. Tensors have value semantics: `x[i] = v` and `x += y` replace the
payload of `x` and never change another tensor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from unifw.dtypes import BY_NAME, DType, as_dtype, default_dtype
from unifw.errors import (
    DTypeError,
    MixedBackendError,
    OperandError,
    OutOfRangeError,
    ShapeError,
    TracedValueError,
    UnifwError,
    describe,
    explain,
)
from unifw.registry import backend_of_native, get_backend, load_backend

if TYPE_CHECKING:
    from unifw.spec import Backend, Native, Numpy, Storage

Scalar = bool | int | float | complex
TensorLike = Any
"""What unifw makes a Tensor of: a Tensor, a NumPy array, Python numbers in lists, a native tensor."""


def unary(name: str, x: Tensor) -> Tensor:
    """Apply the backend's elementwise function `name` to `x`."""
    try:
        return x.wrap(getattr(x.ops, name)(x.native))
    except Exception as error:
        raise explain(name, error, x) from error


def binary(name: str, x1: Tensor | Scalar, x2: Tensor | Scalar) -> Tensor:
    """Apply the backend's elementwise function `name` to two tensors, or a tensor and a Python scalar."""
    try:
        if isinstance(x1, Tensor):
            ops = x1.ops
            if not isinstance(x2, Tensor):
                if not isinstance(x2, Scalar) and not ops.is_size(x2):
                    raise not_a_tensor(name, x2)
                return x1.wrap(getattr(ops, name)(x1.native, x2))
            if x2.ops is not ops:
                raise mixed_backends(name, x1, x2)
            return x1.wrap(getattr(ops, name)(x1.native, x2.native))
        if isinstance(x2, Tensor) and (isinstance(x1, Scalar) or x2.ops.is_size(x1)):
            return x2.wrap(getattr(x2.ops, name)(x1, x2.native))
        raise not_a_tensor(name, x1)
    except Exception as error:
        raise explain(name, error, x1, x2) from error


def not_a_tensor(name: str, x: Any) -> OperandError:
    """The error for an operand that is neither a Tensor nor a Python scalar."""
    return OperandError(
        f"{name}: got {describe(x)}; expected a unifw Tensor. Write unifw.asarray(...) around it first."
    )


def mixed_backends(name: str, *tensors: Tensor) -> MixedBackendError:
    """The error for tensors of two backends in one operation."""
    names = [x.backend.name for x in tensors]
    return MixedBackendError(
        f"{name}: got tensors of the backends {' and '.join(names)}; expected one backend. "
        f'Write x.to_backend("{names[0]}") on the others.'
    )


def to_native(x: TensorLike, backend: Backend, dtype: DType | None = None, device: str | None = None) -> Native:
    """A native tensor of `backend` with the values of `x`, in memory of its own."""
    if isinstance(x, Tensor):
        x = x.to_backend(backend)
        native = x.ops.copy(x.native) if dtype is None or dtype is x.dtype else x.ops.astype(x.native, dtype)
        return native if device is None else backend.devices.move(native, device)
    owner = backend_of_native(x)
    if owner is not None:
        return to_native(owner.Tensor(x), backend, dtype, device)
    return _from_python(x, backend, dtype, device)


def _from_python(x: Any, backend: Backend, dtype: DType | None, device: str | None) -> Native:
    if isinstance(x, (list, tuple)):
        x = _without_tensors(x)
    try:
        values = np.asarray(x)
    except ValueError as error:
        raise ShapeError(f"asarray: got nested lists of uneven lengths ({error}); expected a full rectangle.") from None
    if values.dtype.kind not in "biufc" and values.dtype.name != "bfloat16":
        raise OperandError(
            f"asarray: got {describe(x)}; expected numbers, nested lists of them, a NumPy array or a native tensor."
        )
    if dtype is None:
        dtype = as_dtype(values.dtype) if isinstance(x, (np.ndarray, np.generic)) else default_dtype(values)
    return backend.array.from_numpy(values, dtype, device, True)


def _without_tensors(x: Any) -> Any:
    """Nested lists with each Tensor in them replaced by its NumPy value."""
    if isinstance(x, (list, tuple)):
        return [_without_tensors(item) for item in x]
    return x.numpy() if isinstance(x, Tensor) else x


class Tensor:
    """An n-dimensional array of one backend, following the Python array API standard.

    Make one with `unifw.asarray`, `unifw.zeros`, ...; `native` is the framework's own tensor.

    >>> import unifw
    >>> x = unifw.asarray([[1.0, 2.0], [3.0, 4.0]])
    >>> (x + 1).tolist()
    [[2.0, 3.0], [4.0, 5.0]]
    """

    __slots__ = ("__weakref__", "native")
    __array_ufunc__ = None  # NumPy arrays leave the operators to us

    backend: ClassVar[Backend]
    ops: ClassVar[Any]
    wrap: ClassVar[type[Tensor]]
    native: Native

    def __init__(self, native: Native) -> None:
        self.native = native

    # ---- what it is

    @property
    def shape(self) -> tuple[int, ...]:
        """The size of each axis; in a traced graph an unknown size is a symbolic integer that `reshape` takes.

        >>> import unifw
        >>> unifw.zeros((2, 3)).shape
        (2, 3)
        """
        shape: tuple[int, ...] = self.ops.shape(self.native)
        return shape

    @property
    def ndim(self) -> int:
        """The number of axes.

        >>> import unifw
        >>> unifw.zeros((2, 3)).ndim
        2
        """
        return len(self.native.shape)

    @property
    def size(self) -> int:
        """The number of elements.

        >>> import unifw
        >>> unifw.zeros((2, 3)).size
        6
        """
        size = 1
        for length in self.shape:
            size = size * length
        return size

    @property
    def dtype(self) -> DType:
        """The data type.

        >>> import unifw
        >>> unifw.zeros(2).dtype
        unifw.float32
        """
        dtype: DType = self.ops.dtype(self.native)
        return dtype

    @property
    def device(self) -> str:
        """Where the data lies: "cpu", "gpu:0", ...

        >>> import unifw
        >>> unifw.zeros(2, device="cpu").device
        'cpu'
        """
        return self.backend.devices.device_of(self.native)

    @property
    def T(self) -> Tensor:
        """The transpose of a matrix. Raises ShapeError unless there are two axes.

        >>> import unifw
        >>> unifw.asarray([[1, 2], [3, 4]]).T.tolist()
        [[1, 3], [2, 4]]
        """
        if self.ndim != 2:
            raise ShapeError(f"T: got {self.ndim} axes; expected 2. Write x.mT to transpose the last two of more.")
        return self.mT

    @property
    def mT(self) -> Tensor:
        """The matrix transpose: the last two axes exchanged. Raises ShapeError below two axes.

        >>> import unifw
        >>> unifw.zeros((5, 2, 3)).mT.shape
        (5, 3, 2)
        """
        ndim = self.ndim
        if ndim < 2:
            raise ShapeError(f"mT: got {ndim} axes; expected at least 2. Write unifw.expand_dims(x, axis=0) first.")
        return self.wrap(self.ops.permute_dims(self.native, (*range(ndim - 2), ndim - 1, ndim - 2)))

    # ---- values

    def numpy(self) -> Numpy:
        """The values as a NumPy array of its own memory (bfloat16 as float32, which holds each value exactly).

        Raises TracedValueError in a traced graph.

        >>> import unifw
        >>> unifw.asarray([1, 2]).numpy()
        array([1, 2])
        """
        self._known("numpy()")
        values: Numpy = self.ops.to_numpy(self.native)
        return values

    def item(self) -> Any:
        """The one element as a Python number. Raises ShapeError for more, TracedValueError in a traced graph.

        >>> import unifw
        >>> unifw.asarray([2.5]).item()
        2.5
        """
        values = self.numpy()
        if values.size != 1:
            raise ShapeError(f"item: got shape {values.shape}; expected one element. Write x.tolist() for all of them.")
        return values.item()

    def tolist(self) -> Any:
        """The values as nested Python lists.

        >>> import unifw
        >>> unifw.asarray([[1, 2]]).tolist()
        [[1, 2]]
        """
        return self.numpy().tolist()

    def _known(self, what: str) -> None:
        if self.ops.is_traced(self.native):
            raise TracedValueError(
                f"{what}: the value of a traced tensor is not known while a graph is being built "
                f"(shape {tuple(self.native.shape)}, dtype {self.dtype}). "
                "Write unifw.where(condition, a, b) instead of `if`, and keep numpy() and item() out of forward()."
            )

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Numpy:
        return self.numpy() if dtype is None else self.numpy().astype(dtype)

    def __bool__(self) -> bool:
        self._known("bool()")
        return bool(self.item())

    def __int__(self) -> int:
        return int(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if "integer" not in self.dtype.kind:
            raise DTypeError(f"index: got {describe(self)}; expected an integer. Write int(x) to round towards zero.")
        return int(self.item())

    def __len__(self) -> int:
        if not self.ndim:
            raise ShapeError("len(): got a tensor without axes; expected at least one. Write x.item() for its value.")
        return self.shape[0]

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __repr__(self) -> str:
        kind = next(cls.__name__ for cls in type(self).__mro__ if cls in (Parameter, Buffer, Tensor))
        facts = f"dtype={self.dtype}, device={self.device}, backend={self.backend.name}"
        if self.ops.is_traced(self.native):
            return f"{kind}(traced, shape={tuple(self.native.shape)}, {facts})"
        values = np.array2string(self.numpy(), separator=", ", prefix=f"{kind}(", threshold=100)
        return f"{kind}({values}, {facts})"

    # ---- where it is

    def to(self, target: Any) -> Tensor:
        """The same values on a device ("cpu", "gpu:0") or in a dtype; itself if nothing changes.

        Raises DeviceError for a device that does not exist.

        >>> import unifw
        >>> unifw.asarray([1, 2]).to(unifw.float32).tolist()
        [1.0, 2.0]
        """
        native = self._native_at(target)
        return self if native is self.native else self.wrap(native)

    def _native_at(self, target: Any) -> Native:
        if isinstance(target, str) and target not in BY_NAME:
            return self.backend.devices.move(self.native, target)
        dtype = as_dtype(target)
        return self.native if dtype is self.dtype else self.ops.astype(self.native, dtype)

    def to_device(self, device: str, /, *, stream: Any = None) -> Tensor:
        """The same values on `device`, as the array API standard names it.

        >>> import unifw
        >>> unifw.zeros(2).to_device("cpu").device
        'cpu'
        """
        return self.to(device)

    def to_backend(self, backend: str | Backend) -> Tensor:
        """The same values as a tensor of another backend; a constant for gradients.

        Memory is shared through DLPack where neither side can change it, else copied.

        >>> import unifw
        >>> x = unifw.asarray([1.0, 2.0])
        >>> x.to_backend(x.backend.name) is x
        True
        """
        target = load_backend(backend) if isinstance(backend, str) else backend
        if target is self.backend:
            return self
        self._known("to_backend()")
        source, sink = self.backend.interop, target.interop
        shared = source.to_dlpack(self.native) if source is not None and sink is not None else None
        if shared is not None and sink is not None:
            return target.Tensor(sink.from_dlpack(shared))
        return target.Tensor(target.array.from_numpy(self.numpy(), self.dtype, None, True))

    def __array_namespace__(self, *, api_version: str | None = None) -> Any:
        import unifw

        return unifw

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return self.wrap(self.ops.copy(self.native))

    def __reduce__(self) -> Any:
        return _rebuild, ("Tensor", self.backend.name, self.numpy(), self.dtype)

    # ---- indexing

    def __getitem__(self, key: Any) -> Tensor:
        try:
            return self.wrap(self.ops.getitem(self.native, _native_key(key)))
        except Exception as error:
            raise self._explain_index(error, key) from error

    def __setitem__(self, key: Any, value: Tensor | Scalar) -> None:
        if not isinstance(value, (Tensor, Scalar)):
            raise not_a_tensor("index assignment", value)
        if isinstance(value, Tensor) and value.ops is not self.ops:
            raise mixed_backends("index assignment", self, value)
        try:
            self._set(self.ops.setitem(self.native, _native_key(key), getattr(value, "native", value)))
        except Exception as error:
            raise self._explain_index(error, key, value) from error

    def _explain_index(self, error: Exception, key: Any, *value: Any) -> Exception:
        if isinstance(error, UnifwError):
            return error
        for part in key if isinstance(key, tuple) else (key,):
            if not isinstance(part, _INDEX_TYPES):
                return OperandError(
                    f"index: got {part!r}; expected integers, slices, `...`, None, masks or integer tensors."
                )
        if isinstance(error, IndexError):
            return OutOfRangeError(
                f"index: got {key!r} for shape {tuple(self.native.shape)}; expected at most one index per axis, each "
                "from -size to size - 1. Write x.shape to see the sizes."
            )
        if value:
            return ShapeError(
                f"index assignment: got {describe(value[0])} for the index {key!r} of {describe(self)}; "
                f"expected a value that broadcasts to what the index selects. The native framework says: {error}"
            )
        return explain("index", error, self)

    def _set(self, native: Native) -> None:
        self.native = native

    def _inplace(self, name: str, other: Tensor | Scalar) -> Self:
        result = binary(name, self, other)
        if result.dtype is not self.dtype or result.shape != self.shape:
            raise DTypeError(
                f"in-place {name}: got a result of shape {result.shape} and dtype {result.dtype}; expected the "
                f"tensor's own shape {self.shape} and dtype {self.dtype}. Write x = x ... to make a new tensor."
            )
        self._set(result.native)
        return self

    # ---- operators

    __hash__ = object.__hash__

    def __add__(self, other: Any) -> Tensor:
        return binary("add", self, other)

    def __radd__(self, other: Any) -> Tensor:
        return binary("add", other, self)

    def __iadd__(self, other: Any) -> Self:
        return self._inplace("add", other)

    def __sub__(self, other: Any) -> Tensor:
        return binary("subtract", self, other)

    def __rsub__(self, other: Any) -> Tensor:
        return binary("subtract", other, self)

    def __isub__(self, other: Any) -> Self:
        return self._inplace("subtract", other)

    def __mul__(self, other: Any) -> Tensor:
        return binary("multiply", self, other)

    def __rmul__(self, other: Any) -> Tensor:
        return binary("multiply", other, self)

    def __imul__(self, other: Any) -> Self:
        return self._inplace("multiply", other)

    def __truediv__(self, other: Any) -> Tensor:
        return binary("divide", self, other)

    def __rtruediv__(self, other: Any) -> Tensor:
        return binary("divide", other, self)

    def __itruediv__(self, other: Any) -> Self:
        return self._inplace("divide", other)

    def __floordiv__(self, other: Any) -> Tensor:
        return binary("floor_divide", self, other)

    def __rfloordiv__(self, other: Any) -> Tensor:
        return binary("floor_divide", other, self)

    def __ifloordiv__(self, other: Any) -> Self:
        return self._inplace("floor_divide", other)

    def __mod__(self, other: Any) -> Tensor:
        return binary("remainder", self, other)

    def __rmod__(self, other: Any) -> Tensor:
        return binary("remainder", other, self)

    def __imod__(self, other: Any) -> Self:
        return self._inplace("remainder", other)

    def __pow__(self, other: Any) -> Tensor:
        return binary("pow", self, other)

    def __rpow__(self, other: Any) -> Tensor:
        return binary("pow", other, self)

    def __ipow__(self, other: Any) -> Self:
        return self._inplace("pow", other)

    def __matmul__(self, other: Any) -> Tensor:
        return binary("matmul", self, other)

    def __rmatmul__(self, other: Any) -> Tensor:
        return binary("matmul", other, self)

    def __imatmul__(self, other: Any) -> Self:
        return self._inplace("matmul", other)

    def __and__(self, other: Any) -> Tensor:
        return binary("bitwise_and", self, other)

    def __rand__(self, other: Any) -> Tensor:
        return binary("bitwise_and", other, self)

    def __iand__(self, other: Any) -> Self:
        return self._inplace("bitwise_and", other)

    def __or__(self, other: Any) -> Tensor:
        return binary("bitwise_or", self, other)

    def __ror__(self, other: Any) -> Tensor:
        return binary("bitwise_or", other, self)

    def __ior__(self, other: Any) -> Self:
        return self._inplace("bitwise_or", other)

    def __xor__(self, other: Any) -> Tensor:
        return binary("bitwise_xor", self, other)

    def __rxor__(self, other: Any) -> Tensor:
        return binary("bitwise_xor", other, self)

    def __ixor__(self, other: Any) -> Self:
        return self._inplace("bitwise_xor", other)

    def __lt__(self, other: Any) -> Tensor:
        return binary("less", self, other)

    def __le__(self, other: Any) -> Tensor:
        return binary("less_equal", self, other)

    def __gt__(self, other: Any) -> Tensor:
        return binary("greater", self, other)

    def __ge__(self, other: Any) -> Tensor:
        return binary("greater_equal", self, other)

    def __eq__(self, other: object) -> Tensor:  # type: ignore[override]  # elementwise, as the standard has it
        return NotImplemented if other is None or isinstance(other, str) else binary("equal", self, other)  # type: ignore[arg-type]

    def __ne__(self, other: object) -> Tensor:  # type: ignore[override]  # elementwise, as the standard has it
        return NotImplemented if other is None or isinstance(other, str) else binary("not_equal", self, other)  # type: ignore[arg-type]

    def __neg__(self) -> Tensor:
        return unary("negative", self)

    def __pos__(self) -> Tensor:
        return unary("positive", self)

    def __abs__(self) -> Tensor:
        return unary("abs", self)

    def __invert__(self) -> Tensor:
        return unary("bitwise_invert", self)


class Variable(Tensor):
    """A tensor whose value can be changed in place: what parameters and buffers share.

    `native` is the current value; `storage` is what holds it (a leaf `torch.Tensor`, a `tf.Variable`).
    """

    __slots__ = ("storage",)
    storage: Storage

    def __new__(cls, data: TensorLike, *args: Any, **kwargs: Any) -> Self:
        """Choose the class of the tensor's backend, or of the active one."""
        if hasattr(cls, "backend"):
            return super().__new__(cls)
        backend = data.backend if isinstance(data, Tensor) else get_backend()
        made: Self = super().__new__(getattr(backend, cls.__name__))
        return made

    def __init__(self, data: TensorLike) -> None:
        self._store(to_native(data, self.backend))

    def _store(self, native: Native) -> None:
        """Put a new native tensor in new storage."""
        raise NotImplementedError  # each backend's subclass has it

    def assign(self, value: TensorLike) -> Self:
        """Replace the value, in place, by one of the same shape; it is converted to this dtype and device.

        Raises ShapeError.

        >>> import unifw
        >>> unifw.Buffer([1.0, 2.0]).assign([3.0, 4.0]).tolist()
        [3.0, 4.0]
        """
        native = to_native(value, self.backend, self.dtype)
        shape = self.ops.shape(native)
        if tuple(shape) != tuple(self.shape):
            raise ShapeError(
                f"assign: got shape {tuple(shape)}; expected {tuple(self.shape)}. "
                f"Write {type(self).__mro__[1].__name__}(value) for a new one of another shape."
            )
        self._set(native)
        return self

    def to(self, target: Any) -> Self:
        """Move to a device or convert to a dtype, in place: layers that hold this object see the change.

        >>> import unifw
        >>> unifw.Buffer([1.0]).to(unifw.float64).dtype
        unifw.float64
        """
        native = self._native_at(target)
        if native is not self.native:
            self._store(native)
        return self

    def to_backend(self, backend: str | Backend) -> Self:
        """A new parameter or buffer with the same value on another backend; itself if it is there.

        >>> import unifw
        >>> buffer = unifw.Buffer([1.0])
        >>> buffer.to_backend(buffer.backend) is buffer
        True
        """
        target = load_backend(backend) if isinstance(backend, str) else backend
        return self if target is self.backend else self._remade(target)

    def _remade(self, backend: Backend) -> Self:
        kind: type[Any] = backend.Parameter if isinstance(self, Parameter) else backend.Buffer
        made: Self = kind(backend.Tensor(backend.array.from_numpy(self.numpy(), self.dtype, None, True)))
        return made

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self._remade(self.backend)


class Parameter(Variable):
    """A tensor that training changes; with `trainable=False` it stays as it is.

    Lives on the backend of `data`, or on the active one.

    >>> import unifw
    >>> unifw.Parameter([1.0, 2.0]).trainable
    True
    """

    __slots__ = ("trainable",)

    def __init__(self, data: TensorLike, trainable: bool = True) -> None:
        super().__init__(data)
        self.trainable = trainable

    def _remade(self, backend: Backend) -> Self:
        made = super()._remade(backend)
        made.trainable = self.trainable
        return made

    def __reduce__(self) -> Any:
        return _rebuild, ("Parameter", self.backend.name, self.numpy(), self.dtype, self.trainable)


class Buffer(Variable):
    """A tensor that belongs to a model and is saved with it, but not trained (BatchNorm's running mean).

    >>> import unifw
    >>> unifw.Buffer([0.0]).tolist()
    [0.0]
    """

    __slots__ = ()

    def __reduce__(self) -> Any:
        return _rebuild, ("Buffer", self.backend.name, self.numpy(), self.dtype)


def bind(backend: Backend) -> Backend:
    """Put the backend and its operations on its tensor classes. Called once, when a backend is loaded."""
    for cls in (backend.Tensor, backend.Parameter, backend.Buffer):
        cls.backend, cls.ops, cls.wrap = backend, backend.array, backend.Tensor
    return backend


_INDEX_TYPES = (int, slice, type(None), type(Ellipsis), Tensor, np.ndarray, np.integer, list)


def _native_key(key: Any) -> Any:
    """An index with each Tensor in it replaced by its native tensor."""
    if not isinstance(key, tuple):
        return key.native if isinstance(key, Tensor) else key
    for part in key:
        if isinstance(part, Tensor):
            return tuple(part.native if isinstance(part, Tensor) else part for part in key)
    return key


def _rebuild(kind: str, backend: str, values: Numpy, dtype: DType, *args: Any) -> Tensor:
    """What unpickling calls: the tensor of class `kind` on `backend`."""
    loaded = load_backend(backend)
    tensor = loaded.Tensor(loaded.array.from_numpy(values, dtype, None, True))
    made: Tensor = tensor if kind == "Tensor" else getattr(loaded, kind)(tensor, *args)
    return made
