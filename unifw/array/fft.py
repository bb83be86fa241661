"""The standard's `fft` extension: `unifw.fft`."""

from __future__ import annotations

from unifw.tensor import Tensor


def fft(x: Tensor, /) -> Tensor:
    """The discrete Fourier transform along the last axis: complex64, or complex128 of 64-bit input.

    >>> import unifw
    >>> unifw.fft.fft(unifw.asarray([1.0, 0.0])).tolist()
    [(1+0j), (1+0j)]
    """
    return x.wrap(x.ops.fft(x.native))


def ifft(x: Tensor, /) -> Tensor:
    """The inverse of `fft`.

    >>> import unifw
    >>> unifw.fft.ifft(unifw.fft.fft(unifw.asarray([1.0, 0.0]))).tolist()
    [(1+0j), 0j]
    """
    return x.wrap(x.ops.ifft(x.native))
