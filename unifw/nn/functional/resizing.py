"""Images of other sizes as functions."""

from __future__ import annotations

from typing import Any

from unifw.errors import ArgumentError
from unifw.nn.functional.checks import misfit
from unifw.nn.geometry import count, data_format_of, form
from unifw.operators import not_a_tensor
from unifw.tensor import Tensor

_DIMS: dict[str, tuple[int, ...]] = {
    "nearest": (1, 2, 3),
    "nearest-exact": (1, 2, 3),
    "area": (1, 2, 3),
    "linear": (1,),
    "bilinear": (2,),
    "bicubic": (2,),
    "trilinear": (3,),
}


def interpolate(
    x: Tensor,
    size: int | tuple[int, ...] | None = None,
    scale_factor: float | tuple[float, ...] | None = None,
    mode: str = "nearest",
    align_corners: bool | None = None,
    recompute_scale_factor: bool | None = None,
    antialias: bool = False,
    data_format: str = "channels_last",
) -> Tensor:
    """Resize images (N, *space, C), or (N, C, *space) with channels_first, to `size` or by `scale_factor`.

    `mode` is "nearest", "nearest-exact" or "area", or by the number of axes of space "linear" (1), "bilinear" or
    "bicubic" (2), "trilinear" (3). With `align_corners` the centres of the corners stay where they are, else the
    corners' edges. Elements are taken at the given `scale_factor`, or with `recompute_scale_factor` at the ratio of the
    sizes. `antialias`, for "bilinear" and "bicubic", averages in smaller images. All rules are PyTorch's. Raises
    ArgumentError and ShapeError.

    >>> import unifw
    >>> x = unifw.reshape(unifw.asarray([1.0, 3.0]), (1, 2, 1))
    >>> unifw.nn.functional.interpolate(x, 4, mode="linear")[0, :, 0].tolist()
    [1.0, 1.5, 2.5, 3.0]
    """
    if not isinstance(x, Tensor):
        raise not_a_tensor("interpolate", x)
    dims, last = x.ndim - 2, data_format_of(data_format) == "channels_last"
    check_mode(mode, align_corners, antialias)
    sizes, scales = _wanted(dims, size, scale_factor)
    recompute = bool(recompute_scale_factor) and scales is not None
    try:
        if dims not in _DIMS[mode]:
            raise ValueError(f"{dims} axes of space for mode {mode!r}")
        return x.wrap(x.kernels.resize(x.native, sizes, scales, mode, align_corners, recompute, antialias, last))
    except Exception as error:
        forms = " or ".join(form(d, "C", last) for d in _DIMS[mode])
        raise misfit("interpolate", error, x, None, f"{forms} for mode {mode!r}, not empty") from error


def check_mode(mode: str, align_corners: bool | None, antialias: bool) -> None:
    """Raise ArgumentError for a mode that there is not, or an option that it has not.

    >>> check_mode("bilinear", align_corners=True, antialias=False)
    """
    if mode not in _DIMS:
        raise ArgumentError(f"interpolate: got mode {mode!r}; expected one of {tuple(_DIMS)}.")
    if align_corners is not None and len(_DIMS[mode]) > 1:
        raise ArgumentError(f"interpolate: got align_corners with mode {mode!r}; expected a linear or cubic mode.")
    if antialias and mode not in ("bilinear", "bicubic"):
        raise ArgumentError(f'interpolate: got antialias with mode {mode!r}; expected "bilinear" or "bicubic".')


def _wanted(dims: int, size: Any, scale_factor: Any) -> tuple[tuple[int, ...] | None, tuple[float, ...] | None]:
    if (size is None) == (scale_factor is None):
        raise ArgumentError(f"interpolate: got size={size} and scale_factor={scale_factor}; expected one of them.")
    given = scale_factor if size is None else size
    values = tuple(given) if isinstance(given, (tuple, list)) else (given,) * dims
    if len(values) != dims:
        raise ArgumentError(f"interpolate: got {given!r} for {dims} axes of space; expected one number, or {dims}.")
    if size is None:
        return None, tuple(float(value) for value in values)
    return tuple(count("size", value) for value in values), None
