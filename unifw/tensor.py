"""The array object: one native tensor in a slot, its backend on the class.

Each backend makes a final subclass of `Tensor`, `Parameter` and `Buffer` whose class attributes are that backend's
operations, so that dispatch is one attribute read. Tensors have value semantics: `x[i] = v` and `x += y` replace the
payload of `x` and never change another tensor.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from unifw.devices import existing, placed
from unifw.dtypes import BY_NAME, DType, as_dtype, castable
from unifw.errors import (
    ArgumentError,
    CopyError,
    DTypeError,
    OperandError,
    ShapeError,
    TracedValueError,
    UnifwError,
    describe,
    explain,
    too_many_axes,
)
from unifw.keys import assignable, index_array, length, no_index, no_slice, not_an_index, outside
from unifw.operators import Operators, Scalar, mixed_backends, not_a_tensor
from unifw.registry import load_backend

if TYPE_CHECKING:
    from unifw.spec import Backend, Native, Numpy


API_VERSIONS = ("2021.12", "2022.12", "2023.12", "2024.12", "2025.12")
"""The versions of the array API standard whose functions unifw has: each is part of the next."""


class Tensor(Operators):
    """An n-dimensional array of one backend, following the Python array API standard.

    Make one with `unifw.asarray`, `unifw.zeros`, ...; `native` is the framework's own tensor.

    >>> import unifw
    >>> x = unifw.asarray([[1.0, 2.0], [3.0, 4.0]])
    >>> (x + 1).tolist()
    [[2.0, 3.0], [4.0, 5.0]]
    """

    __slots__ = ()
    kind: ClassVar[str] = "Tensor"

    def __init__(self, native: Native) -> None:
        raise OperandError(
            f"Tensor: got {describe(native)}; tensors are made by functions. Write unifw.asarray(values)."
        )

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
        for extent in self.shape:
            size = size * extent
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
        return self._number("item()")

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
                f"(shape {tuple(self.ops.static_shape(self.native))}, dtype {self.dtype}). "
                "Write unifw.cond(p, f, g) or unifw.where(p, a, b) instead of `if`, unifw.while_loop for `while`, "
                "unifw.fori_loop or unifw.scan for `for`, and keep numpy() and item() out of what is traced."
            )

    def _number(self, what: str, instead: str = "x.tolist() for all of them") -> Any:
        self._known(what)
        values: Numpy = self.ops.to_numpy(self.native)
        if values.size != 1:
            raise ShapeError(f"{what}: got shape {values.shape}; expected one element. Write {instead}.")
        return values.item()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> Numpy:
        if copy is False:
            raise CopyError("asarray: got copy=False for a Tensor, whose values NumPy gets as a copy; write copy=None.")
        return self.numpy() if dtype is None else self.numpy().astype(dtype, copy=False)

    def __bool__(self) -> bool:
        return bool(self._number("bool()", "unifw.all(x), unifw.any(x), or unifw.where(x, a, b) for each"))

    def __int__(self) -> int:
        return int(self._number("int()"))

    def __float__(self) -> float:
        return float(self._number("float()"))

    def __complex__(self) -> complex:
        return complex(self._number("complex()"))

    def __index__(self) -> int:
        if "integer" not in self.dtype.kind:
            raise DTypeError(f"index: got {describe(self)}; expected an integer. Write int(x) to round towards zero.")
        return int(self._number("index"))

    def __len__(self) -> int:
        return length(self)

    def __iter__(self) -> Iterator[Tensor]:
        return (self[i] for i in range(len(self)))

    def __format__(self, spec: str) -> str:
        return format(self._number(f"format {spec!r}"), spec) if spec else str(self)

    def __repr__(self) -> str:
        facts = f"dtype={self.dtype}, device={self.device}, backend={self.backend.name}"
        if self.ops.is_traced(self.native):
            return f"{self.kind}(traced, shape={tuple(self.native.shape)}, {facts})"
        values = np.array2string(self.numpy(), separator=", ", prefix=f"{self.kind}(", threshold=100)
        return f"{self.kind}({values}, {facts})"

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
            return self.backend.devices.move(self.native, existing(self.backend, target))
        dtype = as_dtype(target)
        return self.native if dtype is self.dtype else self.ops.astype(self.native, castable(self.dtype, dtype))

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
        target = load_backend(backend)
        if target is self.backend:
            return self
        self._known("to_backend()")
        source, sink = self.backend.interop, target.interop
        shared = source.to_dlpack(self.native) if source is not None and sink is not None else None
        if shared is not None and sink is not None:
            return target.Tensor(sink.from_dlpack(shared))
        return target.Tensor(self._copied_to(target))

    def _copied_to(self, backend: Backend) -> Native:
        """The values on a backend: on the tensor's device, if it has one of the name, else on the one in force."""
        place = self.device if self.device in backend.devices.devices() else placed(backend)
        return backend.array.from_numpy(self.numpy(), self.dtype, place, True)

    def __array_namespace__(self, /, *, api_version: str | None = None) -> Any:
        import unifw

        if api_version not in (None, *API_VERSIONS):
            raise ArgumentError(
                f"__array_namespace__: got version {api_version!r}; expected one of {', '.join(API_VERSIONS)}. "
                "Write x.__array_namespace__() for the newest."
            )
        return unifw

    def __dlpack_device__(self, /) -> tuple[int, int]:
        """The DLPack type (1 for the CPU, 2 for a CUDA device) and number of the device."""
        kind, _, number = self.device.partition(":")
        return (1, 0) if kind == "cpu" else (2, int(number))

    def __dlpack__(
        self,
        /,
        *,
        stream: Any = None,
        max_version: tuple[int, int] | None = None,
        dl_device: tuple[int, int] | None = None,
        copy: bool | None = None,
    ) -> Any:
        """A DLPack capsule of the values, for another library's `from_dlpack`.

        Of a copy, because who takes it may write to it; `copy=False` shares the memory, which nobody may write to.
        """
        self._known("__dlpack__()")
        x = self
        if dl_device is not None and tuple(map(int, dl_device)) != self.__dlpack_device__():
            if copy is False:
                raise CopyError("__dlpack__: got copy=False for another device; write copy=None to allow a copy.")
            x = self.wrap(self.native).to("cpu" if int(dl_device[0]) == 1 else f"gpu:{int(dl_device[1])}")
        if stream is not None and x.device == "cpu":
            raise ArgumentError(f"__dlpack__: got stream={stream} on the CPU, which has no streams; expected None.")
        if self.backend.interop is None:
            return x.numpy().__dlpack__(max_version=max_version)
        return self.backend.interop.capsule(x.native, copy is not False, max_version, stream)

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        return self.wrap(self.ops.copy(self.native))

    def __reduce__(self) -> Any:
        return rebuild, ("Tensor", self.backend.name, self.numpy(), self.dtype)

    # ---- indexing

    def __getitem__(self, key: Any, /) -> Tensor:
        try:
            native = key if type(key) in _PLAIN_INDEX else _native_key(self, key)
            return self.wrap(self.ops.getitem(self.native, native))
        except Exception as error:
            raise self._explain_index(error, key) from error

    def __setitem__(self, key: Any, value: Tensor | Scalar, /) -> None:
        if not isinstance(value, (Tensor, Scalar)):
            raise not_a_tensor("index assignment", value)
        if isinstance(value, Tensor) and value.ops is not self.ops:
            raise mixed_backends("index assignment", self, value)
        new = assignable(self.dtype, value)
        try:
            self._set(self.ops.setitem(self.native, _native_key(self, key), new))
        except Exception as error:
            raise self._explain_index(error, key, value) from error

    def _explain_index(self, error: Exception, key: Any, *value: Any) -> Exception:
        if isinstance(error, UnifwError):
            return error
        if (wrong := no_slice(key)) is not None:
            return wrong
        if isinstance(error, IndexError):
            return outside(key, tuple(self.native.shape))
        unsupported = too_many_axes("index assignment" if value else "index", error, self)
        if unsupported is not None:
            return unsupported
        if value:
            return ShapeError(
                f"index assignment: got {describe(value[0])} for the index {key!r} of {describe(self)}; "
                f"expected a value that broadcasts to what the index selects. The native framework says: {error}"
            )
        return explain("index", error, self)


def _native_key(x: Tensor, key: Any) -> Any:
    """An index into `x` with each Tensor in it replaced by its native tensor."""
    if not isinstance(key, tuple):
        return _native_part(x, key)
    if _PLAIN_INDEX.issuperset(map(type, key)):
        return key
    return tuple(_native_part(x, part) for part in key)


_PLAIN_TYPES = (int, slice, type(None), type(Ellipsis))
_PLAIN_INDEX = {*_PLAIN_TYPES}
_ARRAYS = (Tensor, np.ndarray, np.generic, list)


def _native_part(x: Tensor, part: Any) -> Any:
    if not isinstance(part, _ARRAYS):
        if not isinstance(part, _PLAIN_TYPES) and not x.ops.is_size(part):
            raise no_index(part)
        return part
    if not isinstance(part, Tensor):
        return index_array(part)
    if part.ops is not x.ops:
        raise mixed_backends("index", x, part)
    if "floating" in part.dtype.kind:
        raise not_an_index(part.dtype)
    return part.native


def rebuild(kind: str, backend: str, values: Numpy, dtype: DType, *args: Any) -> Tensor:
    """What unpickling calls: the tensor of class `kind` on `backend`."""
    loaded = load_backend(backend)
    tensor = loaded.Tensor(loaded.array.from_numpy(values, dtype, placed(loaded), True))
    made: Tensor = tensor if kind == "Tensor" else getattr(loaded, kind)(tensor, *args)
    return made
