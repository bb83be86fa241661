"""Tensors in the memory of other libraries, by the DLPack protocol."""

from __future__ import annotations

from typing import Any

import numpy as np

from unifw.array.creation import asarray
from unifw.devices import CPU, existing
from unifw.errors import CopyError, OperandError, describe
from unifw.registry import backend_of_native, get_backend, part
from unifw.tensor import Tensor
from unifw.variable import Variable


def from_dlpack(x: Any, /, *, device: str | None = None, copy: bool | None = None) -> Tensor:
    """A Tensor on the active backend from anything with `__dlpack__`: an array or tensor of another library, a Tensor.

    Shares memory where that is safe, unless `copy=True`; do not write to the source while it does. `copy=False` raises
    CopyError where a copy is needed. Gradients do not pass. Raises OperandError for what has no `__dlpack__`.

    >>> import unifw, numpy as np
    >>> unifw.from_dlpack(np.asarray([1.5, 2.5])).tolist()
    [1.5, 2.5]
    """
    owner = None if isinstance(x, Tensor) else backend_of_native(x)
    if not isinstance(x, Tensor) and not hasattr(x, "__dlpack__") and owner is None:
        raise OperandError(
            f"from_dlpack: got {describe(x)}; expected an object with __dlpack__. Write unifw.asarray(x)."
        )
    source = x if owner is None else owner.Tensor(x)
    place = None if device is None else existing(get_backend(), device)
    made = _shared_memory(source) if copy is not True else None
    if made is None or (place is not None and place != made.device):
        if copy is False:
            raise CopyError("from_dlpack: got copy=False for memory that needs a copy; write copy=None to allow one.")
        made = _copied(source) if made is None else made
    return made if place is None else made.to(place)


def _shared_memory(x: Any) -> Tensor | None:
    """A Tensor of the active backend in the memory of `x`, or None where that is not safe."""
    target = get_backend()
    if isinstance(x, Variable):  # which training changes in place
        return None
    if target.interop is None:
        return x.wrap(x.native) if isinstance(x, Tensor) and x.backend is target else None
    if isinstance(x, Tensor) and x.backend is not target:
        shared = x.backend.interop.to_dlpack(x.native) if x.backend.interop is not None else None
        return None if shared is None else target.Tensor(target.interop.from_dlpack(shared))
    if isinstance(x, Tensor):
        return x.wrap(part(target, "autodiff").stop_gradient(x.native))
    native = target.interop.import_memory(x)
    return None if native is None else target.Tensor(native)


def _copied(x: Any) -> Tensor:
    target = get_backend()
    if isinstance(x, Tensor):
        return target.Tensor(x._copied_to(target))
    try:
        values = np.from_dlpack(x)
    except (BufferError, RuntimeError, TypeError, ValueError) as error:
        raise OperandError(f"from_dlpack: got {describe(x)}, whose memory cannot be read ({error}).") from error
    return asarray(np.array(values), device=CPU)
