"""Images as patches and back, as functions."""

from __future__ import annotations

from typing import Any

from unifw.nn.functional.checks import misfit
from unifw.nn.geometry import Window, data_format_of, each
from unifw.tensor import Tensor


def unfold(
    x: Tensor,
    kernel_size: Window,
    dilation: Window = 1,
    padding: Window = 0,
    stride: Window = 1,
    data_format: str = "channels_last",
) -> Tensor:
    """Every window of images (N, H, W, C) as a row: (N, L, C k) for L windows of k elements, C the slower axis.

    With channels_first, as in PyTorch, (N, C, H, W) to (N, C k, L). Raises ShapeError and ArgumentError.

    >>> import unifw
    >>> x = unifw.reshape(unifw.arange(4.0), (1, 2, 2, 1))
    >>> unifw.nn.functional.unfold(x, (1, 2)).tolist()
    [[[0.0, 1.0], [2.0, 3.0]]]
    """
    return unfolding(x, windows(kernel_size, dilation, padding, stride, data_format))


def fold(
    x: Tensor,
    output_size: Window,
    kernel_size: Window,
    dilation: Window = 1,
    padding: Window = 0,
    stride: Window = 1,
    data_format: str = "channels_last",
) -> Tensor:
    """Images of `output_size` from patches as `unfold` makes them: (N, L, C k) to (N, H, W, C).

    Where patches overlap, they are added. Raises ShapeError and ArgumentError.

    >>> import unifw
    >>> F = unifw.nn.functional
    >>> F.fold(F.unfold(unifw.ones((1, 1, 3, 1)), (1, 2)), (1, 3), (1, 2))[0, 0, :, 0].tolist()
    [1.0, 2.0, 1.0]
    """
    size = each("output_size", output_size, 2)
    return folding(x, size, windows(kernel_size, dilation, padding, stride, data_format))


def windows(kernel: Window, dilation: Window, padding: Window, stride: Window, data_format: str) -> tuple[Any, ...]:
    """What `unfolding` and `folding` take, checked. Raises ArgumentError.

    >>> windows(2, 1, 0, (1, 2), "channels_last")
    ((2, 2), (1, 2), (0, 0), (1, 1), True)
    """
    sizes = each("kernel_size", kernel, 2), each("stride", stride, 2), each("padding", padding, 2, least=0)
    return (*sizes, each("dilation", dilation, 2), data_format_of(data_format) == "channels_last")


def unfolding(x: Tensor, settings: tuple[Any, ...]) -> Tensor:
    """`unfold`, with what `windows` made.

    >>> import unifw
    >>> unfolding(unifw.zeros((1, 3, 3, 2)), windows(2, 1, 0, 1, "channels_last")).shape
    (1, 4, 8)
    """
    try:
        return x.wrap(x.kernels.unfold(x.native, *settings))
    except Exception as error:
        form = "(N, H, W, C)" if settings[-1] else "(N, C, H, W)"
        wanted = f"floating images {form} no smaller than the window {settings[0]}"
        raise misfit("unfold", error, x, None, wanted) from error


def folding(x: Tensor, size: tuple[int, ...], settings: tuple[Any, ...]) -> Tensor:
    """`fold`, with what `windows` made.

    >>> import unifw
    >>> folding(unifw.zeros((1, 4, 8)), (3, 3), windows(2, 1, 0, 1, "channels_last")).shape
    (1, 3, 3, 2)
    """
    try:
        return x.wrap(x.kernels.fold(x.native, size, *settings))
    except Exception as error:
        kernel, stride, padding, dilation, last = settings
        rows = zip(size, kernel, stride, padding, dilation, strict=True)
        high, wide = ((n + 2 * p - (k - 1) * d - 1) // s + 1 for n, k, s, p, d in rows)
        elements = kernel[0] * kernel[1]
        form = f"(N, {high * wide}, {elements} C)" if last else f"(N, {elements} C, {high * wide})"
        raise misfit("fold", error, x, None, f"floating patches {form}") from error
