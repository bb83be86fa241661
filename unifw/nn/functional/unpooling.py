"""Undoing maximum pooling, as functions."""

from __future__ import annotations

from math import prod
from typing import Any

from unifw.errors import ArgumentError, DTypeError, OutOfRangeError, describe, first_line
from unifw.nn.functional.checks import check_floating, first_outside, misfit
from unifw.nn.functional.pooling import max_settings
from unifw.nn.geometry import Window, form
from unifw.operators import mixed_backends, not_a_tensor
from unifw.spec.types import Sizes
from unifw.tensor import Tensor


def max_unpool1d(
    x: Tensor,
    indices: Tensor,
    kernel_size: Window,
    stride: Window | None = None,
    padding: Window = 0,
    output_size: Sizes | None = None,
    data_format: str = "channels_last",
) -> Tensor:
    """Sequences from the maxima of `max_pool1d`, and zeros: (N, L, C), or (N, C, L) with channels_first.

    See `max_unpool2d`.

    >>> import unifw
    >>> x, where = unifw.asarray([[[5.0], [7.0]]]), unifw.asarray([[[1], [2]]])
    >>> unifw.nn.functional.max_unpool1d(x, where, 2)[0, :, 0].tolist()
    [0.0, 5.0, 7.0, 0.0]
    """
    return unpooling(x, indices, unpool_settings(1, kernel_size, stride, padding, data_format), output_size)


def max_unpool2d(
    x: Tensor,
    indices: Tensor,
    kernel_size: Window,
    stride: Window | None = None,
    padding: Window = 0,
    output_size: Sizes | None = None,
    data_format: str = "channels_last",
) -> Tensor:
    """Images from the maxima of `max_pool2d`, and zeros: (N, H, W, C), or (N, C, H, W) with channels_first.

    `indices`, int64, are the positions in the flattened space that `return_indices=True` gives, and `kernel_size`,
    `stride` and `padding` those of the pooling. Each axis has (n - 1) stride + kernel - 2 padding elements; an
    `output_size` less than a stride from that, the wanted space, says which of the sizes that pool to n it was. Where
    several values have one position, one of them stays. Raises ShapeError, DTypeError, ArgumentError
    and, where indices are checked, OutOfRangeError.

    >>> import unifw
    >>> x = unifw.reshape(unifw.arange(16.0), (1, 4, 4, 1))
    >>> y, where = unifw.nn.functional.max_pool2d(x, 2, return_indices=True)
    >>> unifw.nn.functional.max_unpool2d(y, where, 2)[0, :, :, 0].tolist()
    [[0.0, 0.0, 0.0, 0.0], [0.0, 5.0, 0.0, 7.0], [0.0, 0.0, 0.0, 0.0], [0.0, 13.0, 0.0, 15.0]]
    """
    return unpooling(x, indices, unpool_settings(2, kernel_size, stride, padding, data_format), output_size)


def max_unpool3d(
    x: Tensor,
    indices: Tensor,
    kernel_size: Window,
    stride: Window | None = None,
    padding: Window = 0,
    output_size: Sizes | None = None,
    data_format: str = "channels_last",
) -> Tensor:
    """Volumes from the maxima of `max_pool3d`, and zeros: (N, D, H, W, C), or channels second with channels_first.

    See `max_unpool2d`.

    >>> import unifw
    >>> x, where = unifw.ones((1, 1, 1, 1, 1)), unifw.full((1, 1, 1, 1, 1), 6)
    >>> unifw.nn.functional.max_unpool3d(x, where, 2)[0, 1, :, :, 0].tolist()
    [[0.0, 0.0], [1.0, 0.0]]
    """
    return unpooling(x, indices, unpool_settings(3, kernel_size, stride, padding, data_format), output_size)


def unpool_settings(
    dims: int, kernel_size: Window, stride: Window | None, padding: Window, data_format: str
) -> tuple[Any, ...]:
    """What `unpooling` takes, checked. Raises ArgumentError.

    >>> unpool_settings(1, 2, None, 0, "channels_last")
    ((2,), (2,), (0,), 'channels_last')
    """
    kernel, step, around, *_ = max_settings(dims, kernel_size, stride, padding, 1, False, data_format)
    return kernel, step, around, data_format


def unpooling(x: Tensor, indices: Tensor, settings: tuple[Any, ...], output_size: Sizes | None = None) -> Tensor:
    """`max_unpool1d`, `2d` and `3d`, with what `unpool_settings` made.

    >>> import unifw
    >>> x, where = unifw.ones((1, 1, 1)), unifw.zeros((1, 1, 1), dtype=unifw.int64)
    >>> unpooling(x, where, unpool_settings(1, 2, None, 0, "channels_last"), (3,)).tolist()
    [[[1.0], [0.0], [0.0]]]
    """
    kernel, *_, layout = settings
    name = f"max_unpool{len(kernel)}d"
    sizes: Sizes = ()
    try:
        if x.ops is not indices.ops:
            raise mixed_backends(name, x, indices)
        space = x.shape[1:-1] if layout == "channels_last" else x.shape[2:]
        sizes = _whole(name, space, settings, output_size)
        return x.wrap(x.kernels.max_unpool(x.native, indices.native, sizes, layout == "channels_last"))
    except Exception as error:
        raise _misfit(name, error, (x, indices), sizes, form(len(kernel), "C", layout == "channels_last")) from error


def _whole(name: str, space: Sizes, settings: tuple[Any, ...], output_size: Sizes | None) -> Sizes:
    """The space to fill; one that is given is checked where the usual one is known."""
    kernel, stride, padding, _ = settings
    rows = zip(space, kernel, stride, padding, strict=True)
    usual = tuple((n - 1) * s + k - 2 * p for n, k, s, p in rows)
    if output_size is None:
        return usual
    given = tuple(output_size)
    near = zip(given, usual, stride, strict=False)
    if len(given) != len(usual) or any(isinstance(m, int) and not max(m - s, 0) < n < m + s for n, m, s in near):
        least, most = (tuple(m + sign * (s - 1) for m, s in zip(usual, stride, strict=True)) for sign in (-1, 1))
        raise ArgumentError(f"{name}: got output_size {given}; expected from {least} to {most}.")
    return given


def _misfit(name: str, error: Exception, given: tuple[Any, Any], sizes: Sizes, wanted: str) -> Exception:
    """The error for maxima and indices that the kernel refused."""
    x, indices = given
    if not isinstance(x, Tensor) or not isinstance(indices, Tensor):
        return not_a_tensor(name, indices if isinstance(x, Tensor) else x)
    check_floating(name, x)
    if indices.dtype.name != "int64":
        return DTypeError(f"{name}: got indices {describe(indices)}; expected int64. Write indices.to(unifw.int64).")
    fits = sizes and x.ops.static_shape(x.native) == indices.ops.static_shape(indices.native)
    bad = first_outside(indices, prod(sizes)) if fits else ""
    if not bad:
        return misfit(name, error, x, None, f"{wanted}, and indices of its shape, here {tuple(indices.shape)}")
    return OutOfRangeError(
        f"{name}: got the index {bad} for a space of {sizes}; expected 0 to {prod(sizes) - 1}. "
        f"The native framework says: {first_line(error)}"
    )
