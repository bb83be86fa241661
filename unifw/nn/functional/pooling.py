"""Pooling as functions."""

from __future__ import annotations

from typing import Any

from unifw.errors import ArgumentError
from unifw.nn.functional.checks import misfit
from unifw.nn.geometry import Window, count, data_format_of, each, form
from unifw.spec.types import Sizes
from unifw.tensor import Tensor

OutputSize = int | None | tuple[int | None, ...]


def max_pool1d(
    x: Tensor,
    kernel_size: Window,
    stride: Window | None = None,
    padding: Window = 0,
    dilation: Window = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    data_format: str = "channels_last",
) -> Any:
    """The maximum of each window: (N, L, C), or (N, C, L) with channels_first.

    See `max_pool2d`.

    >>> import unifw
    >>> unifw.nn.functional.max_pool1d(unifw.zeros((1, 4, 1)), 2).shape
    (1, 2, 1)
    """
    settings = max_settings(1, kernel_size, stride, padding, dilation, ceil_mode, data_format)
    return max_pooling(x, settings, return_indices)


def max_pool2d(
    x: Tensor,
    kernel_size: Window,
    stride: Window | None = None,
    padding: Window = 0,
    dilation: Window = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    data_format: str = "channels_last",
) -> Any:
    """The maximum of each window: (N, H, W, C), or (N, C, H, W) with channels_first.

    The stride is the window unless given; `padding`, at most half of the window, counts as minus infinity; with
    `ceil_mode` a last window may reach over the edge. With `return_indices` a pair: the maxima, and their positions in
    the flattened axes of space. Raises ShapeError and ArgumentError.

    >>> import unifw
    >>> x = unifw.reshape(unifw.arange(16.0), (1, 4, 4, 1))
    >>> unifw.nn.functional.max_pool2d(x, 2)[0, :, :, 0].tolist()
    [[5.0, 7.0], [13.0, 15.0]]
    """
    settings = max_settings(2, kernel_size, stride, padding, dilation, ceil_mode, data_format)
    return max_pooling(x, settings, return_indices)


def max_pool3d(
    x: Tensor,
    kernel_size: Window,
    stride: Window | None = None,
    padding: Window = 0,
    dilation: Window = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
    data_format: str = "channels_last",
) -> Any:
    """The maximum of each window: (N, D, H, W, C), or (N, C, D, H, W) with channels_first.

    See `max_pool2d`.

    >>> import unifw
    >>> unifw.nn.functional.max_pool3d(unifw.zeros((1, 4, 4, 4, 1)), 2).shape
    (1, 2, 2, 2, 1)
    """
    settings = max_settings(3, kernel_size, stride, padding, dilation, ceil_mode, data_format)
    return max_pooling(x, settings, return_indices)


def max_settings(
    dims: int,
    kernel_size: Window,
    stride: Window | None,
    padding: Window,
    dilation: Window,
    ceil_mode: bool,
    data_format: str,
) -> tuple[Any, ...]:
    """What `max_pooling` takes, checked. Raises ArgumentError.

    >>> max_settings(1, 2, None, 0, 1, False, "channels_last")
    ((2,), (2,), (0,), (1,), False, True)
    """
    kernel, step, around = _window(dims, kernel_size, stride, padding)
    apart = each("dilation", dilation, dims)
    return kernel, step, around, apart, ceil_mode, data_format_of(data_format) == "channels_last"


def _window(dims: int, kernel_size: Window, stride: Window | None, padding: Window) -> tuple[Sizes, Sizes, Sizes]:
    kernel = each("kernel_size", kernel_size, dims)
    step = kernel if stride is None else each("stride", stride, dims)
    around = each("padding", padding, dims, least=0)
    if any(p > k // 2 for p, k in zip(around, kernel, strict=True)):
        raise ArgumentError(f"pooling: got padding {around} for the window {kernel}; expected at most half of it.")
    return kernel, step, around


def max_pooling(x: Tensor, settings: tuple[Any, ...], return_indices: bool = False) -> Any:
    """`max_pool1d`, `2d` and `3d`, with what `max_settings` made.

    >>> import unifw
    >>> max_pooling(unifw.zeros((1, 4, 1)), ((2,), (2,), (0,), (1,), False, True)).shape
    (1, 2, 1)
    """
    try:
        if not return_indices:
            return x.wrap(x.kernels.max_pool(x.native, *settings))
        y, where = x.kernels.max_pool_indices(x.native, *settings)
        return x.wrap(y), x.wrap(where)
    except Exception as error:
        raise _misfit("max_pool", error, x, settings[0], settings[-1]) from error


def _misfit(name: str, error: Exception, x: Any, kernel: Sizes, channels_last: bool) -> Exception:
    dims, layout = len(kernel), "channels_last" if channels_last else "channels_first"
    wanted = f"{layout} input {form(dims, 'C', channels_last)} no smaller than the window {kernel}"
    return misfit(f"{name}{dims}d", error, x, None, wanted)


def avg_pool1d(
    x: Tensor,
    kernel_size: Window,
    stride: Window | None = None,
    padding: Window = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    data_format: str = "channels_last",
) -> Tensor:
    """The mean of each window: (N, L, C), or (N, C, L) with channels_first.

    See `avg_pool2d`.

    >>> import unifw
    >>> unifw.nn.functional.avg_pool1d(unifw.zeros((1, 4, 1)), 2).shape
    (1, 2, 1)
    """
    window = kernel_size, stride, padding
    return avg_pooling(x, avg_settings(1, window, ceil_mode, count_include_pad, None, data_format))


def avg_pool2d(
    x: Tensor,
    kernel_size: Window,
    stride: Window | None = None,
    padding: Window = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    data_format: str = "channels_last",
) -> Tensor:
    """The mean of each window: (N, H, W, C), or (N, C, H, W) with channels_first.

    The stride is the window unless given. Zeros of `padding`, at most half of the window, count as elements unless
    `count_include_pad` is False; `divisor_override` stands for the number of elements. Raises ShapeError and
    ArgumentError.

    >>> import unifw
    >>> x = unifw.reshape(unifw.arange(16.0), (1, 4, 4, 1))
    >>> unifw.nn.functional.avg_pool2d(x, 2)[0, :, :, 0].tolist()
    [[2.5, 4.5], [10.5, 12.5]]
    """
    window = kernel_size, stride, padding
    return avg_pooling(x, avg_settings(2, window, ceil_mode, count_include_pad, divisor_override, data_format))


def avg_pool3d(
    x: Tensor,
    kernel_size: Window,
    stride: Window | None = None,
    padding: Window = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: int | None = None,
    data_format: str = "channels_last",
) -> Tensor:
    """The mean of each window: (N, D, H, W, C), or (N, C, D, H, W) with channels_first.

    See `avg_pool2d`.

    >>> import unifw
    >>> unifw.nn.functional.avg_pool3d(unifw.zeros((1, 4, 4, 4, 1)), 2).shape
    (1, 2, 2, 2, 1)
    """
    window = kernel_size, stride, padding
    return avg_pooling(x, avg_settings(3, window, ceil_mode, count_include_pad, divisor_override, data_format))


def avg_settings(
    dims: int, window: tuple[Any, Any, Any], ceil_mode: bool, include_pad: bool, divisor: int | None, data_format: str
) -> tuple[Any, ...]:
    """What `avg_pooling` takes, checked; the window is (kernel_size, stride, padding). Raises ArgumentError.

    >>> avg_settings(1, (2, None, 0), False, True, None, "channels_last")
    ((2,), (2,), (0,), False, True, None, True)
    """
    if divisor is not None and (isinstance(divisor, bool) or not isinstance(divisor, int) or divisor == 0):
        raise ArgumentError(f"divisor_override: got {divisor!r}; expected an integer other than 0, or None.")
    last = data_format_of(data_format) == "channels_last"
    return (*_window(dims, *window), ceil_mode, include_pad, divisor, last)


def avg_pooling(x: Tensor, settings: tuple[Any, ...], name: str = "avg_pool") -> Tensor:
    """`avg_pool1d`, `2d` and `3d`, with what `avg_settings` made.

    >>> import unifw
    >>> avg_pooling(unifw.zeros((1, 4, 1)), ((2,), (2,), (0,), False, True, None, True)).shape
    (1, 2, 1)
    """
    try:
        return x.wrap(x.kernels.avg_pool(x.native, *settings))
    except Exception as error:
        raise _misfit(name, error, x, settings[0], settings[-1]) from error


def adaptive_avg_pool1d(x: Tensor, output_size: OutputSize, data_format: str = "channels_last") -> Tensor:
    """The mean of windows that give `output_size`: (N, L, C), or (N, C, L) with channels_first.

    See `adaptive_avg_pool2d`.

    >>> import unifw
    >>> unifw.nn.functional.adaptive_avg_pool1d(unifw.zeros((1, 4, 1)), 2).shape
    (1, 2, 1)
    """
    last = data_format_of(data_format) == "channels_last"
    return adaptive_avg_pooling(x, output_sizes(1, output_size), last)


def adaptive_avg_pool2d(x: Tensor, output_size: OutputSize, data_format: str = "channels_last") -> Tensor:
    """The mean of windows that give `output_size`: (N, H, W, C), or (N, C, H, W) with channels_first.

    Windows go from floor(i n / size) to ceil((i + 1) n / size); None keeps an axis, and output_size=1 is global
    pooling. Raises ShapeError and ArgumentError.

    >>> import unifw
    >>> unifw.nn.functional.adaptive_avg_pool2d(unifw.zeros((1, 4, 4, 1)), 2).shape
    (1, 2, 2, 1)
    """
    last = data_format_of(data_format) == "channels_last"
    return adaptive_avg_pooling(x, output_sizes(2, output_size), last)


def adaptive_avg_pool3d(x: Tensor, output_size: OutputSize, data_format: str = "channels_last") -> Tensor:
    """The mean of windows that give `output_size`: (N, D, H, W, C), or (N, C, D, H, W) with channels_first.

    See `adaptive_avg_pool2d`.

    >>> import unifw
    >>> unifw.nn.functional.adaptive_avg_pool3d(unifw.zeros((1, 4, 4, 4, 1)), 2).shape
    (1, 2, 2, 2, 1)
    """
    last = data_format_of(data_format) == "channels_last"
    return adaptive_avg_pooling(x, output_sizes(3, output_size), last)


def adaptive_max_pool1d(
    x: Tensor, output_size: OutputSize, return_indices: bool = False, data_format: str = "channels_last"
) -> Any:
    """The maximum of windows that give `output_size`: (N, L, C), or (N, C, L) with channels_first.

    See `adaptive_max_pool2d`.

    >>> import unifw
    >>> unifw.nn.functional.adaptive_max_pool1d(unifw.zeros((1, 4, 1)), 2).shape
    (1, 2, 1)
    """
    last = data_format_of(data_format) == "channels_last"
    return adaptive_max_pooling(x, output_sizes(1, output_size), last, indices_too(return_indices))


def adaptive_max_pool2d(
    x: Tensor, output_size: OutputSize, return_indices: bool = False, data_format: str = "channels_last"
) -> Any:
    """The maximum of windows that give `output_size`: (N, H, W, C), or (N, C, H, W) with channels_first.

    Windows go from floor(i n / size) to ceil((i + 1) n / size); None keeps an axis, and output_size=1 is global
    pooling. With `return_indices` a pair, as that of `max_pool2d`. Raises ShapeError and ArgumentError.

    >>> import unifw
    >>> unifw.nn.functional.adaptive_max_pool2d(unifw.zeros((1, 4, 4, 1)), 2).shape
    (1, 2, 2, 1)
    """
    last = data_format_of(data_format) == "channels_last"
    return adaptive_max_pooling(x, output_sizes(2, output_size), last, indices_too(return_indices))


def adaptive_max_pool3d(
    x: Tensor, output_size: OutputSize, return_indices: bool = False, data_format: str = "channels_last"
) -> Any:
    """The maximum of windows that give `output_size`: (N, D, H, W, C), or (N, C, D, H, W) with channels_first.

    See `adaptive_max_pool2d`.

    >>> import unifw
    >>> unifw.nn.functional.adaptive_max_pool3d(unifw.zeros((1, 4, 4, 4, 1)), 2).shape
    (1, 2, 2, 2, 1)
    """
    last = data_format_of(data_format) == "channels_last"
    return adaptive_max_pooling(x, output_sizes(3, output_size), last, indices_too(return_indices))


def output_sizes(dims: int, output_size: OutputSize) -> tuple[int | None, ...]:
    """One size for each axis. Raises ArgumentError.

    >>> output_sizes(2, 3), output_sizes(2, (None, 2))
    ((3, 3), (None, 2))
    """
    sizes = tuple(output_size) if isinstance(output_size, (tuple, list)) else (output_size,) * dims
    if len(sizes) != dims:
        raise ArgumentError(f"output_size: got {output_size!r}; expected an integer, or {dims} of them.")
    return tuple(None if size is None else count("output_size", size) for size in sizes)


def indices_too(return_indices: bool) -> bool:
    """The argument, as PyTorch has it here: before the layout. Raises ArgumentError.

    >>> indices_too(True)
    True
    """
    if not isinstance(return_indices, bool):
        hint = f" Write data_format={return_indices!r}." if isinstance(return_indices, str) else ""
        raise ArgumentError(f"return_indices: got {return_indices!r}; expected True or False.{hint}")
    return return_indices


def adaptive_avg_pooling(x: Tensor, sizes: tuple[int | None, ...], channels_last: bool) -> Tensor:
    """`adaptive_avg_pool1d`, `2d` and `3d`, when the sizes are checked.

    >>> import unifw
    >>> adaptive_avg_pooling(unifw.zeros((1, 4, 1)), (3,), True).shape
    (1, 3, 1)
    """
    try:
        return x.wrap(x.kernels.adaptive_avg_pool(x.native, sizes, channels_last))
    except Exception as error:
        raise _adaptive_misfit("adaptive_avg_pool", error, x, len(sizes), channels_last) from error


def adaptive_max_pooling(
    x: Tensor, sizes: tuple[int | None, ...], channels_last: bool, return_indices: bool = False
) -> Any:
    """`adaptive_max_pool1d`, `2d` and `3d`, when the sizes are checked.

    >>> import unifw
    >>> adaptive_max_pooling(unifw.zeros((1, 4, 1)), (3,), True).shape
    (1, 3, 1)
    """
    try:
        if not return_indices:
            return x.wrap(x.kernels.adaptive_max_pool(x.native, sizes, channels_last))
        y, where = x.kernels.adaptive_max_pool_indices(x.native, sizes, channels_last)
        return x.wrap(y), x.wrap(where)
    except Exception as error:
        raise _adaptive_misfit("adaptive_max_pool", error, x, len(sizes), channels_last) from error


def _adaptive_misfit(name: str, error: Exception, x: Any, dims: int, channels_last: bool) -> Exception:
    layout = "channels_last" if channels_last else "channels_first"
    wanted = f"floating {layout} input {form(dims, 'C', channels_last)} of known size"
    return misfit(f"{name}{dims}d", error, x, None, wanted)
