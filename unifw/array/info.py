"""What the namespace offers: limits of data types, defaults and capabilities, as the array API standard asks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from unifw import dtypes
from unifw.array.data_type import is_of_kind
from unifw.devices import default_device, existing
from unifw.dtypes import DType, as_dtype
from unifw.errors import MOST_AXES, DTypeError
from unifw.registry import get_backend
from unifw.tensor import Tensor


@dataclass(frozen=True, slots=True)
class FloatInfo:
    """The limits of a floating dtype: what `finfo` returns."""

    bits: int
    eps: float
    max: float
    min: float
    smallest_normal: float
    dtype: DType


@dataclass(frozen=True, slots=True)
class IntegerInfo:
    """The limits of an integer dtype: what `iinfo` returns."""

    bits: int
    max: int
    min: int
    dtype: DType


_PARTS = {dtypes.complex64: dtypes.float32, dtypes.complex128: dtypes.float64}


def finfo(type: Any, /) -> FloatInfo:
    """The limits of a floating dtype, or of a Tensor's; of the parts of a complex one.

    Raises DTypeError for integers and bool.

    >>> import unifw
    >>> unifw.finfo(unifw.float32).eps == 2.0**-23
    True
    """
    dtype = _dtype_of(type)
    if "floating" not in dtype.kind:
        raise DTypeError(f"finfo: got {dtype!r}; expected a floating dtype. Write unifw.iinfo for integers.")
    part = _PARTS.get(dtype, dtype)
    if part is dtypes.bfloat16:  # which NumPy lacks: 8 bits of exponent, 7 of fraction
        most = (2 - 2.0**-7) * 2.0**127
        return FloatInfo(16, 2.0**-7, most, -most, 2.0**-126, part)
    info = np.finfo(part.name)
    eps, most, least, normal = (float(x) for x in (info.eps, info.max, info.min, info.smallest_normal))
    return FloatInfo(8 * part.itemsize, eps, most, least, normal, part)


def iinfo(type: Any, /) -> IntegerInfo:
    """The limits of an integer dtype, or of a Tensor's.

    Raises DTypeError for other dtypes.

    >>> import unifw
    >>> unifw.iinfo(unifw.int8).max
    127
    """
    dtype = _dtype_of(type)
    if "integer" not in dtype.kind:
        raise DTypeError(f"iinfo: got {dtype!r}; expected an integer dtype. Write unifw.finfo for floats.")
    info = np.iinfo(dtype.name)
    return IntegerInfo(int(info.bits), int(info.max), int(info.min), dtype)


def _dtype_of(type: Any) -> DType:
    return type.dtype if isinstance(type, Tensor) else as_dtype(type)


class NamespaceInfo:
    """What the standard calls the inspection API: capabilities, defaults, devices and dtypes."""

    def capabilities(self) -> dict[str, Any]:
        """What the standard leaves open; tensors of up to 8 axes work on every backend.

        >>> NamespaceInfo().capabilities()
        {'boolean indexing': True, 'data-dependent shapes': True, 'max dimensions': 8}
        """
        return {"boolean indexing": True, "data-dependent shapes": True, "max dimensions": MOST_AXES}

    def default_device(self) -> str:
        """The device of a new tensor.

        >>> NamespaceInfo().default_device() in NamespaceInfo().devices()
        True
        """
        return default_device()

    def default_dtypes(self, *, device: str | None = None) -> dict[str, DType]:
        """The dtypes of new tensors where none is asked for; the same on every device.

        Raises DeviceError for a device that does not exist.

        >>> NamespaceInfo().default_dtypes()["integral"]
        unifw.int64
        """
        _check_device(device)
        return {
            "real floating": dtypes.float32,
            "complex floating": dtypes.complex64,
            "integral": dtypes.int64,
            "indexing": dtypes.int64,
        }

    def devices(self) -> tuple[str, ...]:
        """The devices of the active backend.

        >>> "cpu" in NamespaceInfo().devices()
        True
        """
        return tuple(get_backend().devices.devices())

    def dtypes(self, *, device: str | None = None, kind: str | tuple[str, ...] | None = None) -> dict[str, DType]:
        """The standard's dtypes by name, of one kind or of a tuple of them; the same on every device.

        Raises DTypeError for an unknown kind and DeviceError for a device that does not exist.

        >>> NamespaceInfo().dtypes(kind="real floating")
        {'float32': unifw.float32, 'float64': unifw.float64}
        """
        _check_device(device)
        extra = (dtypes.float16, dtypes.bfloat16)  # ours, not the standard's
        every = (dtype for dtype in dtypes.ALL if dtype not in extra)
        return {dtype.name: dtype for dtype in every if kind is None or is_of_kind("dtypes", dtype, kind)}


def _check_device(device: str | None) -> None:
    if device is not None:
        existing(get_backend(), device)


def __array_namespace_info__() -> NamespaceInfo:  # noqa: N807  # the standard's name
    """The inspection API of the array API standard.

    >>> import unifw
    >>> unifw.__array_namespace_info__().default_dtypes()["real floating"]
    unifw.float32
    """
    return NamespaceInfo()
