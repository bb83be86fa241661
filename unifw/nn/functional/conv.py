"""Convolutions as functions."""

from __future__ import annotations

from typing import Literal

from unifw.errors import ArgumentError
from unifw.nn.functional.checks import misfit
from unifw.nn.geometry import (
    DataFormat,
    Window,
    both_sides,
    data_format_of,
    each,
    form,
    same_padding,
    spatial_sizes,
)
from unifw.operators import mixed_backends
from unifw.spec.types import Pairs, Sizes
from unifw.tensor import Tensor

Padding = Window | Literal["same", "valid"]


def conv1d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Window = 1,
    padding: Padding = 0,
    dilation: Window = 1,
    groups: int = 1,
    data_format: str = "channels_last",
) -> Tensor:
    """1-D cross-correlation: (N, L, C), or (N, C, L) with channels_first, by weight (out, in/groups, k).

    See `conv2d`.

    >>> import unifw
    >>> unifw.nn.functional.conv1d(unifw.ones((1, 5, 2)), unifw.ones((3, 2, 2))).shape
    (1, 4, 3)
    """
    return _conv(1, x, weight, bias, stride, padding, dilation, groups, data_format)


def conv2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Window = 1,
    padding: Padding = 0,
    dilation: Window = 1,
    groups: int = 1,
    data_format: str = "channels_last",
) -> Tensor:
    """2-D cross-correlation: (N, H, W, C), or (N, C, H, W) with channels_first, by weight (out, in/groups, kh, kw).

    `padding` is a number, (vertical, horizontal), "valid", or "same" for an output of ceil(size / stride). Raises
    ShapeError, DTypeError and ArgumentError.

    >>> import unifw
    >>> y = unifw.nn.functional.conv2d(unifw.ones((1, 3, 3, 1)), unifw.ones((1, 1, 2, 2)))
    >>> y.shape, y[0, 0, 0, 0].item()
    ((1, 2, 2, 1), 4.0)
    """
    return _conv(2, x, weight, bias, stride, padding, dilation, groups, data_format)


def conv3d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Window = 1,
    padding: Padding = 0,
    dilation: Window = 1,
    groups: int = 1,
    data_format: str = "channels_last",
) -> Tensor:
    """3-D cross-correlation: (N, D, H, W, C), or (N, C, D, H, W) with channels_first; see `conv2d`.

    >>> import unifw
    >>> unifw.nn.functional.conv3d(unifw.ones((1, 4, 4, 4, 1)), unifw.ones((2, 1, 3, 3, 3)), padding="same").shape
    (1, 4, 4, 4, 2)
    """
    return _conv(3, x, weight, bias, stride, padding, dilation, groups, data_format)


def _conv(
    dims: int,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Window,
    padding: Padding,
    dilation: Window,
    groups: int,
    data_format: str,
) -> Tensor:
    stride, dilation = each("stride", stride, dims), each("dilation", dilation, dims)
    layout, kernel = data_format_of(data_format), tuple(weight.shape[2:])
    pairs = padding_pairs(padding, kernel, stride, dilation)
    if pairs is None:
        pairs = padding_for(f"conv{dims}d", x, kernel, stride, dilation, layout)
    return convolution(x, weight, bias, stride, pairs, dilation, groups, layout == "channels_last")


def convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Pairs,
    dilation: Sizes,
    groups: int,
    channels_last: bool,
) -> Tensor:
    """`conv1d`, `conv2d` and `conv3d`, when everything about the window is worked out.

    >>> import unifw
    >>> convolution(unifw.ones((1, 3, 1)), unifw.ones((1, 1, 2)), None, (1,), ((0, 0),), (1,), 1, True).shape
    (1, 2, 1)
    """
    try:
        if x.ops is not weight.ops or (bias is not None and bias.ops is not x.ops):
            raise mixed_backends(f"conv{len(stride)}d", x, weight, bias)
        offset = None if bias is None else bias.native
        y = x.kernels.conv(x.native, weight._kernel, offset, stride, padding, dilation, groups, channels_last)
        return x.wrap(y)
    except Exception as error:
        dims, layout = len(stride), "channels_last" if channels_last else "channels_first"
        wanted = f"{layout} input {form(dims, weight.shape[1] * groups, channels_last)} no smaller than the kernel"
        raise misfit(f"conv{dims}d", error, x, weight, wanted) from error


def padding_pairs(padding: Padding, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Pairs | None:
    """Zeros as (before, after) of each axis, or None where "same" depends on the size of the image.

    >>> padding_pairs("same", (2, 3), (1, 1), (1, 1)), padding_pairs(1, (3,), (2,), (1,))
    (((0, 1), (1, 1)), ((1, 1),))
    """
    if not isinstance(padding, str):
        return both_sides(each("padding", padding, len(kernel), least=0))
    if padding not in ("same", "valid"):
        raise ArgumentError(f'padding: got {padding!r}; expected a number, one of each axis, "same" or "valid".')
    if padding == "valid":
        return ((0, 0),) * len(kernel)
    known = all(step == 1 for step in stride)
    return tuple(same_padding(1, *row) for row in zip(kernel, stride, dilation, strict=True)) if known else None


def padding_for(name: str, x: Tensor, kernel: Sizes, stride: Sizes, dilation: Sizes, layout: DataFormat) -> Pairs:
    """The padding of "same" for the images `x`, whose size must be known.

    >>> import unifw
    >>> padding_for("conv1d", unifw.ones((1, 8, 1)), (3,), (2,), (1,), "channels_last")
    ((0, 1),)
    """
    sizes = spatial_sizes(name, x, layout, f'padding="same" with stride {stride}')
    return tuple(same_padding(*row) for row in zip(sizes, kernel, stride, dilation, strict=True))


def conv_transpose1d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Window = 1,
    padding: Padding = 0,
    output_padding: Window = 0,
    groups: int = 1,
    dilation: Window = 1,
    data_format: str = "channels_last",
) -> Tensor:
    """The gradient of `conv1d` for its input, as a function: (N, L, C) by weight (in, out/groups, k).

    >>> import unifw
    >>> unifw.nn.functional.conv_transpose1d(unifw.ones((1, 3, 2)), unifw.ones((2, 4, 2)), stride=2).shape
    (1, 6, 4)
    """
    return _conv_transpose(1, x, weight, bias, stride, padding, output_padding, groups, dilation, data_format)


def conv_transpose2d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Window = 1,
    padding: Padding = 0,
    output_padding: Window = 0,
    groups: int = 1,
    dilation: Window = 1,
    data_format: str = "channels_last",
) -> Tensor:
    """The gradient of `conv2d` for its input, as a function: (N, H, W, C) by weight (in, out/groups, kh, kw).

    Each axis has (n - 1) stride - 2 padding + dilation (k - 1) + 1 + output_padding elements; "same" gives n stride.

    >>> import unifw
    >>> y = unifw.nn.functional.conv_transpose2d(unifw.ones((1, 2, 2, 1)), unifw.ones((1, 1, 2, 2)))
    >>> y[0, :, :, 0].tolist()
    [[1.0, 2.0, 1.0], [2.0, 4.0, 2.0], [1.0, 2.0, 1.0]]
    """
    return _conv_transpose(2, x, weight, bias, stride, padding, output_padding, groups, dilation, data_format)


def conv_transpose3d(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: Window = 1,
    padding: Padding = 0,
    output_padding: Window = 0,
    groups: int = 1,
    dilation: Window = 1,
    data_format: str = "channels_last",
) -> Tensor:
    """The gradient of `conv3d` for its input, as a function; see `conv_transpose2d`.

    >>> import unifw
    >>> unifw.nn.functional.conv_transpose3d(unifw.ones((1, 2, 2, 2, 1)), unifw.ones((1, 3, 2, 2, 2))).shape
    (1, 3, 3, 3, 3)
    """
    return _conv_transpose(3, x, weight, bias, stride, padding, output_padding, groups, dilation, data_format)


def _conv_transpose(
    dims: int,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Window,
    padding: Padding,
    output_padding: Window,
    groups: int,
    dilation: Window,
    data_format: str,
) -> Tensor:
    stride, dilation = each("stride", stride, dims), each("dilation", dilation, dims)
    extra = each("output_padding", output_padding, dims, least=0)
    pairs, extra = cut_pairs(padding, extra, tuple(weight.shape[2:]), stride, dilation)
    last = data_format_of(data_format) == "channels_last"
    return transposed_convolution(x, weight, bias, stride, pairs, extra, dilation, groups, last)


def cut_pairs(padding: Padding, extra: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes) -> tuple[Pairs, Sizes]:
    """What is cut off the full output of a transposed convolution, and what is added at its end.

    >>> cut_pairs("same", (0,), (3,), (2,), (1,)), cut_pairs("same", (0,), (1,), (2,), (1,))
    ((((0, 1),), (0,)), (((0, 0),), (1,)))
    """
    if any(added >= max(s, d) for added, s, d in zip(extra, stride, dilation, strict=True)):
        raise ArgumentError(
            f"output_padding: got {extra} for stride {stride} and dilation {dilation}; expected less than one of them."
        )
    if padding != "same":
        pairs = padding_pairs(padding, kernel, stride, dilation)
        return pairs or (), extra
    surplus = [d * (k - 1) + 1 - s for k, s, d in zip(kernel, stride, dilation, strict=True)]
    cut = tuple((n // 2, n - n // 2) if n > 0 else (0, 0) for n in surplus)
    return cut, tuple(added + max(-n, 0) for added, n in zip(extra, surplus, strict=True))


def transposed_convolution(
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    stride: Sizes,
    padding: Pairs,
    output_padding: Sizes,
    dilation: Sizes,
    groups: int,
    channels_last: bool,
) -> Tensor:
    """`conv_transpose1d`, `2d` and `3d`, when everything about the window is worked out.

    >>> import unifw
    >>> x, weight = unifw.ones((1, 3, 1)), unifw.ones((1, 1, 2))
    >>> transposed_convolution(x, weight, None, (1,), ((0, 0),), (0,), (1,), 1, True).shape
    (1, 4, 1)
    """
    try:
        if x.ops is not weight.ops or (bias is not None and bias.ops is not x.ops):
            raise mixed_backends(f"conv_transpose{len(stride)}d", x, weight, bias)
        offset = None if bias is None else bias.native
        kernel = x.kernels.conv_transpose
        settings = stride, padding, output_padding, dilation, groups, channels_last
        return x.wrap(kernel(x.native, weight._kernel, offset, *settings))
    except Exception as error:
        name, wanted = f"conv_transpose{len(stride)}d", form(len(stride), weight.shape[0], channels_last)
        layout = "channels_last" if channels_last else "channels_first"
        raise misfit(name, error, x, weight, f"{layout} input {wanted}") from error
