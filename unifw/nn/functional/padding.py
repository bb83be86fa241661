"""Padding of images as functions."""

from __future__ import annotations

from unifw.errors import ArgumentError
from unifw.nn.functional.checks import misfit
from unifw.nn.geometry import data_format_of
from unifw.spec.types import Pairs
from unifw.tensor import Tensor

MODES = ("reflect", "replicate", "circular")


def pad(
    x: Tensor, pad: tuple[int, ...], mode: str = "constant", value: float = 0.0, data_format: str = "channels_last"
) -> Tensor:
    """Pad the axes of space of (N, *space, C), or (N, C, *space) with channels_first.

    `pad` is in PyTorch's order, the last axis of space first: (left, right, top, bottom, front, back); a negative
    number cuts off. `mode` is "constant", "reflect", "replicate" or "circular". For any tensor by its own axes there is
    `unifw.pad`. Raises ArgumentError and ShapeError.

    >>> import unifw
    >>> x = unifw.reshape(unifw.asarray([1.0, 2.0, 3.0]), (1, 3, 1))
    >>> unifw.nn.functional.pad(x, (1, 2), mode="replicate")[0, :, 0].tolist()
    [1.0, 1.0, 2.0, 3.0, 3.0, 3.0]
    """
    if mode not in ("constant", *MODES):
        raise ArgumentError(f"pad: got mode {mode!r}; expected one of {('constant', *MODES)}.")
    return padding_of_space(x, space_pairs(pad), mode, value, data_format_of(data_format) == "channels_last")


def space_pairs(pad: tuple[int, ...]) -> Pairs:
    """PyTorch's flat (left, right, top, bottom, ...) as (before, after) of each axis of space. Raises ArgumentError.

    >>> space_pairs((1, 2, 3, 4))
    ((3, 4), (1, 2))
    """
    flat = tuple(pad)
    if len(flat) not in (2, 4, 6) or not all(isinstance(n, int) for n in flat):
        raise ArgumentError(f"padding: got {pad!r}; expected 2, 4 or 6 integers: (left, right, top, bottom, ...).")
    return tuple((flat[i], flat[i + 1]) for i in range(len(flat) - 2, -1, -2))


def padding_of_space(x: Tensor, widths: Pairs, mode: str, value: float, channels_last: bool) -> Tensor:
    """`pad`, when the widths are in the order of the axes.

    >>> import unifw
    >>> padding_of_space(unifw.zeros((1, 3, 1)), ((1, 2),), "constant", 0.0, True).shape
    (1, 6, 1)
    """
    try:
        return x.wrap(x.kernels.pad_space(x.native, widths, mode, value, channels_last))
    except Exception as error:
        least = {"reflect": " longer than the padding", "circular": " no shorter than the padding"}.get(mode, "")
        wanted = f"{len(widths) + 2} axes, those of space{least or ' not empty'}"
        raise misfit("pad", error, x, None, wanted) from error
