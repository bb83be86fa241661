"""Tensors whose value can be changed in place: `Parameter` and `Buffer`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar, Self

from unifw import changes, shortcuts
from unifw.conversion import TensorLike, to_native
from unifw.errors import DTypeError, OperandError, ShapeError, TracedValueError, describe
from unifw.keys import agree
from unifw.registry import get_backend, load_backend
from unifw.spec import Backend, Native, Storage
from unifw.tensor import Tensor, rebuild


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
        native = to_native(data, self.backend)
        if self.ops.is_traced(native):
            raise TracedValueError(
                f"{self.kind}: made of {describe(self.wrap(native))} while a graph is being built; expected values. "
                f"Write unifw.{self.kind}(...) outside of the compiled function."
            )
        self._store(native)

    def _store(self, native: Native) -> None:
        """Put a new native tensor in new storage."""
        raise NotImplementedError  # each backend's subclass has it

    def _matches(self, x: Tensor) -> bool:
        """Whether a Tensor has this shape, dtype and backend, seen as fast as may be."""
        return x.ops is self.ops and x.shape == self.shape and x.dtype is self.dtype

    # The storage may have the axes in another order than the value: what works on `_stored` is in its terms.

    def _laid(self, x: Tensor) -> Native:
        """The payload of a Tensor of this shape, with its axes in the order of the storage."""
        return x.native

    @classmethod
    def _each_of_stored(cls, of: Sequence[Self], stored: Iterable[Native]) -> Iterable[Tensor]:
        """Tensors of payloads that have their axes in the order of these storages, one each."""
        return map(cls.backend.Tensor, stored)

    def _set_stored(self, native: Native) -> None:
        """Replace the value by one whose axes are in the order of the storage."""
        self._set(native)

    def _stand_in(self, storage: Storage) -> None:
        """Take a native tensor, or a storage, in the place of the storage, as a traced or differentiated call does."""
        raise NotImplementedError

    def assign(self, value: TensorLike) -> Self:
        """Replace the value, in place, by one of the same shape; it is converted to this dtype and device.

        Raises ShapeError.

        >>> import unifw
        >>> unifw.Buffer([1.0, 2.0]).assign([3.0, 4.0]).tolist()
        [3.0, 4.0]
        """
        self._set(self.converted("assign", value))
        return self

    def converted(self, name: str, value: TensorLike) -> Native:
        """A value as a native tensor with this shape, dtype and device; `name` is for the error.

        >>> import unifw
        >>> unifw.Buffer([1.0]).converted("offset", [2]).dtype == unifw.Buffer([1.0]).native.dtype
        True
        """
        try:
            native = to_native(value, self.backend, self.dtype, self.device)
        except (OperandError, ShapeError) as error:
            raise type(error)(f"{name}: {error}") from error
        got, wanted = self.ops.static_shape(native), tuple(self.shape)
        if not agree(got, wanted):
            raise ShapeError(
                f"{name}: got shape {got}; expected {wanted}. "
                f"Write unifw.{self.kind}(value) for a new one of another shape."
            )
        return native

    def to(self, target: Any) -> Self:
        """Move to a device or convert to a dtype, in place: layers that hold this object see the change.

        >>> import unifw
        >>> unifw.Buffer([1.0]).to(unifw.float64).dtype
        unifw.float64
        """
        native = self._native_at(target)
        if native is not self.native:
            self._store(native)
            changes.note()
        return self

    def to_backend(self, backend: str | Backend) -> Self:
        """A new parameter or buffer with the same value on another backend; itself if it is there.

        >>> import unifw
        >>> buffer = unifw.Buffer([1.0])
        >>> buffer.to_backend(buffer.backend) is buffer
        True
        """
        target = load_backend(backend)
        return self if target is self.backend else self._remade(target)

    def _remade(self, backend: Backend) -> Self:
        made: Self = getattr(backend, self.kind)(backend.Tensor(self._copied_to(backend)), *self._traits)
        return made

    @property
    def _traits(self) -> tuple[Any, ...]:
        """What the constructor takes beside the value."""
        return ()

    def __reduce__(self) -> Any:
        return rebuild, (self.kind, self.backend.name, self.numpy(), self.dtype, *self._traits)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self._remade(self.backend)


class Parameter(Variable):
    """A tensor that training changes; with `trainable=False` it stays as it is.

    Lives on the backend of `data`, or on the active one. Raises DTypeError for integers, unless they stay. `dense` says
    that it is the weight (out, in) of a dense layer, which a backend may then store as (in, out), as it may store
    kernels of convolutions in another order: `linear` is faster by it, and nothing else shows it.

    >>> import unifw
    >>> unifw.Parameter([1.0, 2.0]).trainable
    True
    """

    __slots__ = ("_dense", "_trainable")
    kind: ClassVar[str] = "Parameter"

    def __init__(self, data: TensorLike, trainable: bool = True, dense: bool = False) -> None:
        self._dense = dense
        super().__init__(data)
        self._trainable = self._may_train(trainable)

    def alike(self, data: TensorLike, trainable: bool = False) -> Parameter:
        """A parameter with another value of this shape, in storage of the same kind: what moves together with this one.

        >>> import unifw
        >>> unifw.Parameter([1.0]).alike([0.0]).trainable
        False
        """
        return type(self)(data, trainable, self._dense)

    @property
    def trainable(self) -> bool:
        """Whether training changes it.

        >>> import unifw
        >>> parameter = unifw.Parameter([1.0])
        >>> parameter.trainable = False
        >>> parameter.trainable
        False
        """
        return self._trainable

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self._trainable = self._may_train(value)
        changes.note()

    def _may_train(self, wanted: bool) -> bool:
        if wanted and "floating" not in self.dtype.kind:
            raise DTypeError(
                f"Parameter: got dtype {self.dtype}; expected a floating dtype, since training changes it. "
                "Write unifw.Buffer(...) for what it does not change."
            )
        return wanted

    @property
    def _traits(self) -> tuple[Any, ...]:
        return self._trainable, self._dense


class Buffer(Variable):
    """A tensor that belongs to a model and is saved with it, but not trained (BatchNorm's running mean).

    >>> import unifw
    >>> unifw.Buffer([0.0]).tolist()
    [0.0]
    """

    __slots__ = ()
    kind: ClassVar[str] = "Buffer"


def bind(backend: Backend) -> Backend:
    """Put the backend and its operations on its tensor classes. Called once, when a backend is loaded."""
    for cls in (backend.Tensor, backend.Parameter, backend.Buffer):
        cls.backend, cls.ops, cls.kernels, cls.wrap = backend, backend.array, backend.nn, backend.Tensor
    shortcuts.take(backend)
    return backend
