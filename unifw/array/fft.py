"""The standard's `fft` extension: `unifw.fft`.

Transforms take any real or complex x; the result is complex64, complex128 for 64-bit x, or real where so said. `n`
cuts the axis, or fills it with zeros, to that length first. `norm` says which direction is divided by n: "backward",
"forward", or "ortho" for both by its root. All raise AxisError, ShapeError for an empty axis, DTypeError for booleans,
and ArgumentError for another `norm`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

from unifw import names as _names
from unifw.array.axes import axes_of, axis_of, ndim_of
from unifw.array.creation import asarray
from unifw.array.manipulation import concat
from unifw.array.matrices import conjugate, numeric
from unifw.dtypes import bfloat16, float16, float32
from unifw.errors import ArgumentError, AxisError, DTypeError, ShapeError
from unifw.operators import call
from unifw.tensor import Tensor

Norm = Literal["backward", "ortho", "forward"]
Axes = Sequence[int] | None
Sizes = Sequence[int] | None

__all__ = [
    "fft", "fftfreq", "fftn", "fftshift", "hfft", "ifft", "ifftn", "ifftshift", "ihfft", "irfft", "irfftn", "rfft",
    "rfftfreq", "rfftn",
]  # fmt: skip


def fft(x: Tensor, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Tensor:
    """The discrete Fourier transform along an axis.

    >>> import unifw
    >>> unifw.fft.fft(unifw.asarray([1.0, 0.0])).tolist()
    [(1+0j), (1+0j)]
    """
    return _transformed("fft", x, n, axis, norm)


def ifft(x: Tensor, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Tensor:
    """The inverse of `fft`.

    >>> import unifw
    >>> unifw.fft.ifft(unifw.fft.fft(unifw.asarray([1.0, 0.0]))).tolist()
    [(1+0j), 0j]
    """
    return _transformed("ifft", x, n, axis, norm)


def rfft(x: Tensor, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Tensor:
    """The first n // 2 + 1 elements of the `fft` of real x, which has no others of its own.

    >>> import unifw
    >>> unifw.fft.rfft(unifw.asarray([1.0, 0.0])).tolist()
    [(1+0j), (1+0j)]
    """
    return _transformed("rfft", x, n, axis, norm)


def irfft(x: Tensor, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Tensor:
    """The inverse of `rfft`: real, of n elements along the axis, an even number unless given.

    >>> import unifw
    >>> unifw.fft.irfft(unifw.asarray([1.0, 1.0])).tolist()
    [1.0, 0.0]
    """
    return _transformed("irfft", x, n, axis, norm)


def hfft(x: Tensor, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Tensor:
    """The real `fft` of x that is given by its first n // 2 + 1 elements, the others being their conjugates.

    >>> import unifw
    >>> unifw.fft.hfft(unifw.asarray([1.0, 2.0])).tolist()
    [3.0, -1.0]
    """
    return _transformed("irfft", x, n, axis, norm, "hfft")


def ihfft(x: Tensor, /, *, n: int | None = None, axis: int = -1, norm: Norm = "backward") -> Tensor:
    """The inverse of `hfft`: the first n // 2 + 1 elements of the `ifft` of real x.

    >>> import unifw
    >>> unifw.fft.ihfft(unifw.asarray([3.0, -1.0])).numpy().real.tolist()
    [1.0, 2.0]
    """
    return conjugate(_transformed("rfft", x, n, axis, norm, "ihfft"))


_OTHER: dict[str, Norm] = {"backward": "forward", "ortho": "ortho", "forward": "backward"}


def _transformed(kernel: str, x: Tensor, n: int | None, axis: int, norm: Norm, name: str = "") -> Tensor:
    """Call a backend's transform along one axis; `hfft` and `ihfft` are those of the conjugate the other way round."""
    _check(name or kernel, x, norm)
    axis = axis_of(name or kernel, axis, x.ndim)
    _check_length(name or kernel, x, n, axis, 2 if kernel == "irfft" else 1)
    if kernel == "rfft" and x.dtype.kind == "complex floating":
        raise DTypeError(f"{name or kernel}: got dtype {x.dtype}; expected a real one. Write unifw.fft.fft(x).")
    if name == "hfft":
        x = conjugate(x)
    if x.dtype in (float16, bfloat16):  # no transform of half precision on every device
        x = call("astype", x, float32)
    return call(kernel, x, n, axis, _OTHER[norm] if name else norm)


def _check(name: str, x: Tensor, norm: str) -> None:
    ndim_of(name, x)
    numeric(name, x)
    if norm not in _OTHER:
        raise ArgumentError(f'{name}: got norm={norm!r}; expected one of "backward", "ortho" or "forward".')


def _check_length(name: str, x: Tensor, n: int | None, axis: int, least: int) -> None:
    if n is not None and (not isinstance(n, int) or n < 1):
        raise ShapeError(f"{name}: got n={n}; expected a positive integer. Write n=None for the size of the axis.")
    size = x.ops.static_shape(x.native)[axis]
    least = 1 if n is not None else least
    if size is not None and size < least:
        raise ShapeError(f"{name}: got shape {x.shape}; expected at least {least} element(s) on axis {axis}.")


def fftn(x: Tensor, /, *, s: Sizes = None, axes: Axes = None, norm: Norm = "backward") -> Tensor:
    """The `fft` along several axes, by default all, each cut or filled to its length in `s`.

    >>> import unifw
    >>> unifw.fft.fftn(unifw.asarray([[1.0, 0.0], [0.0, 0.0]])).tolist()
    [[(1+0j), (1+0j)], [(1+0j), (1+0j)]]
    """
    return _each("fft", x, _lengths("fftn", x, s, axes, norm), norm)


def ifftn(x: Tensor, /, *, s: Sizes = None, axes: Axes = None, norm: Norm = "backward") -> Tensor:
    """The inverse of `fftn`.

    >>> import unifw
    >>> unifw.fft.ifftn(unifw.asarray([[4.0, 0.0], [0.0, 0.0]])).numpy().real.tolist()
    [[1.0, 1.0], [1.0, 1.0]]
    """
    return _each("ifft", x, _lengths("ifftn", x, s, axes, norm), norm)


def rfftn(x: Tensor, /, *, s: Sizes = None, axes: Axes = None, norm: Norm = "backward") -> Tensor:
    """The `rfft` of real x along the last of several axes, and the `fft` of that along the others.

    >>> import unifw
    >>> unifw.fft.rfftn(unifw.asarray([[1.0, 0.0], [0.0, 0.0]])).tolist()
    [[(1+0j), (1+0j)], [(1+0j), (1+0j)]]
    """
    *others, last = _lengths("rfftn", x, s, axes, norm)
    return _each("fft", _each("rfft", x, [last], norm), others, norm)


def irfftn(x: Tensor, /, *, s: Sizes = None, axes: Axes = None, norm: Norm = "backward") -> Tensor:
    """The inverse of `rfftn`: real, of an even number of elements along the last of the axes unless `s` is given.

    >>> import unifw
    >>> unifw.fft.irfftn(unifw.asarray([[1.0, 1.0], [1.0, 1.0]])).tolist()
    [[1.0, 0.0], [0.0, 0.0]]
    """
    *others, last = _lengths("irfftn", x, s, axes, norm)
    return _each("irfft", _each("ifft", x, others, norm), [last], norm)


Length = tuple[int, int | None]


def _lengths(name: str, x: Tensor, s: Sizes, axes: Axes, norm: str) -> list[Length]:
    """Each axis to transform with its length, None for that of x."""
    _check(name, x, norm)
    if axes is None:
        axes = range(x.ndim) if s is None else range(-len(s), 0)
    found = axes_of(name, tuple(axes), x.ndim)
    assert isinstance(found, tuple)
    if not found:
        raise AxisError(f"{name}: got no axes; expected at least one. Write axes=(-1,) for the last.")
    if s is not None and len(s) != len(found):
        raise ShapeError(f"{name}: got {len(s)} sizes s={tuple(s)} for {len(found)} axes; expected one for each.")
    return [(axis, None if s is None else s[i]) for i, axis in enumerate(found)]


def _each(kernel: str, x: Tensor, lengths: list[Length], norm: Norm) -> Tensor:
    for axis, n in reversed(lengths):
        x = _transformed(kernel, x, n, axis, norm)
    return x


def fftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: str | None = None) -> Tensor:
    """The frequencies of the elements of `fft` for n samples at a distance d: float32 unless another dtype is given.

    Raises ShapeError unless n is positive.

    >>> import unifw
    >>> unifw.fft.fftfreq(4).tolist()
    [0.0, 0.25, -0.5, -0.25]
    """
    return _frequencies("fftfreq", n, d, dtype, device)


def rfftfreq(n: int, /, *, d: float = 1.0, dtype: Any = None, device: str | None = None) -> Tensor:
    """The frequencies of the elements of `rfft` for n samples at a distance d: float32 unless another dtype is given.

    Raises ShapeError unless n is positive.

    >>> import unifw
    >>> unifw.fft.rfftfreq(4).tolist()
    [0.0, 0.25, 0.5]
    """
    return _frequencies("rfftfreq", n, d, dtype, device)


def _frequencies(name: str, n: int, d: float, dtype: Any, device: str | None) -> Tensor:
    if not isinstance(n, int) or n < 1:
        raise ShapeError(f"{name}: got n={n}; expected a positive integer.")
    values = getattr(np.fft, name)(n, d)
    return asarray(values, dtype=float32 if dtype is None else dtype, device=device)


def fftshift(x: Tensor, /, *, axes: int | Axes = None) -> Tensor:
    """The zero frequency moved from the front of the axes, by default all, to their middle.

    >>> import unifw
    >>> unifw.fft.fftshift(unifw.fft.fftfreq(4)).tolist()
    [-0.5, -0.25, 0.0, 0.25]
    """
    return _shifted("fftshift", x, axes, 1)


def ifftshift(x: Tensor, /, *, axes: int | Axes = None) -> Tensor:
    """The inverse of `fftshift`.

    >>> import unifw
    >>> unifw.fft.ifftshift(unifw.asarray([-0.5, -0.25, 0.0, 0.25])).tolist()
    [0.0, 0.25, -0.5, -0.25]
    """
    return _shifted("ifftshift", x, axes, 0)


def _shifted(name: str, x: Tensor, axes: int | Axes, round_up: int) -> Tensor:
    ndim = ndim_of(name, x)
    axes = range(ndim) if axes is None else (axes,) if isinstance(axes, int) else axes
    found = axes_of(name, tuple(axes), ndim)
    assert isinstance(found, tuple)
    for axis in found:
        middle = (x.shape[axis] + round_up) // 2
        before = (slice(None),) * axis
        x = concat([x[(*before, slice(middle, None))], x[(*before, slice(None, middle))]], axis=axis)
    return x


def __dir__() -> list[str]:
    return _names.of_module(globals())
