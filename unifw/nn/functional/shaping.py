"""Changes of shape as functions."""

from __future__ import annotations

from unifw.array.axes import axis_of, ndim_of
from unifw.errors import AxisError
from unifw.nn.functional.checks import misfit
from unifw.nn.geometry import count, data_format_of
from unifw.registry import part
from unifw.tensor import Tensor


def flatten(x: Tensor, start_dim: int = 1, end_dim: int = -1) -> Tensor:
    """The axes from `start_dim` to `end_dim` as one. Raises AxisError.

    >>> import unifw
    >>> unifw.nn.functional.flatten(unifw.zeros((2, 3, 4))).shape
    (2, 12)
    """
    ndim = ndim_of("flatten", x)
    start, end = axis_of("flatten", start_dim, ndim), axis_of("flatten", end_dim, ndim)
    if start > end:
        raise AxisError(f"flatten: got start_dim {start_dim} after end_dim {end_dim}; expected it before.")
    return x.wrap(part(x.backend, "nn").flatten(x.native, start, end))


def pixel_shuffle(x: Tensor, upscale_factor: int, data_format: str = "channels_last") -> Tensor:
    """Channels turned into places (Shi et al., 2016): (N, H, W, C r^2) to (N, H r, W r, C) for a factor of r.

    Raises ShapeError.

    >>> import unifw
    >>> x = unifw.reshape(unifw.arange(4.0), (1, 1, 1, 4))
    >>> unifw.nn.functional.pixel_shuffle(x, 2)[0, :, :, 0].tolist()
    [[0.0, 1.0], [2.0, 3.0]]
    """
    last = data_format_of(data_format) == "channels_last"
    try:
        return x.wrap(x.kernels.pixel_shuffle(x.native, upscale_factor, last))
    except Exception as error:
        wanted = f"images of 4 axes whose channels are a multiple of {upscale_factor}^2"
        raise misfit("pixel_shuffle", error, x, None, wanted) from error


def pixel_unshuffle(x: Tensor, downscale_factor: int, data_format: str = "channels_last") -> Tensor:
    """Places turned into channels, the reverse of `pixel_shuffle`: (N, H r, W r, C) to (N, H, W, C r^2).

    Raises ShapeError.

    >>> import unifw
    >>> x = unifw.reshape(unifw.arange(4.0), (1, 2, 2, 1))
    >>> unifw.nn.functional.pixel_unshuffle(x, 2).tolist()
    [[[[0.0, 1.0, 2.0, 3.0]]]]
    """
    last = data_format_of(data_format) == "channels_last"
    try:
        return x.wrap(x.kernels.pixel_unshuffle(x.native, downscale_factor, last))
    except Exception as error:
        wanted = f"images of 4 axes whose height and width are multiples of {downscale_factor}"
        raise misfit("pixel_unshuffle", error, x, None, wanted) from error


def channel_shuffle(x: Tensor, groups: int, data_format: str = "channels_last") -> Tensor:
    """Channels of `groups` groups dealt out in turn (Zhang et al., 2018): (N, *space, C) to the same shape.

    Raises ShapeError and ArgumentError.

    >>> import unifw
    >>> unifw.nn.functional.channel_shuffle(unifw.reshape(unifw.arange(4.0), (1, 1, 4)), 2)[0, 0].tolist()
    [0.0, 2.0, 1.0, 3.0]
    """
    last = data_format_of(data_format) == "channels_last"
    try:
        return x.wrap(x.kernels.channel_shuffle(x.native, count("groups", groups), x.ndim - 1 if last else 1))
    except Exception as error:
        where = "last" if last else "second"
        wanted = f"channels on the {where} axis, a multiple of the groups ({groups})"
        raise misfit("channel_shuffle", error, x, None, wanted) from error
