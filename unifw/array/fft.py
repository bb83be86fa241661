"""The standard's `fft` extension: `unifw.fft`."""

from __future__ import annotations

from unifw.array.axes import ndim_of
from unifw.errors import ShapeError
from unifw.operators import call
from unifw.tensor import Tensor


def fft(x: Tensor, /) -> Tensor:
    """The discrete Fourier transform along the last axis: complex64, or complex128 of 64-bit input.

    >>> import unifw
    >>> unifw.fft.fft(unifw.asarray([1.0, 0.0])).tolist()
    [(1+0j), (1+0j)]
    """
    return _transformed("fft", x)


def ifft(x: Tensor, /) -> Tensor:
    """The inverse of `fft`.

    >>> import unifw
    >>> unifw.fft.ifft(unifw.fft.fft(unifw.asarray([1.0, 0.0]))).tolist()
    [(1+0j), 0j]
    """
    return _transformed("ifft", x)


def _transformed(name: str, x: Tensor) -> Tensor:
    if not ndim_of(name, x) or x.native.shape[-1] == 0:
        raise ShapeError(f"{name}: got shape {x.shape}; expected at least one element on the last axis.")
    return call(name, x)
