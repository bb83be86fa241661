"""What deep learning needs beyond the standard: softmax and its kin, one-hot rows, padding, top-k, Einstein sums."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from unifw.array.axes import Axis, axes_of, axis_of, ndim_of, one_backend
from unifw.array.comparison import equal
from unifw.array.data_type import astype
from unifw.array.manipulation import expand_dims
from unifw.array.scatter import gather, positions
from unifw.array.searching import require_order
from unifw.dtypes import bool_, float32, held, int64
from unifw.errors import ArgumentError, DTypeError, OperandError, ShapeError, describe
from unifw.operators import call, not_a_tensor
from unifw.tensor import Tensor

PadWidth = int | tuple[int, int] | tuple[tuple[int, int], ...]


def softmax(x: Tensor, /, axis: int = -1) -> Tensor:
    """exp(x) / sum(exp(x)) along an axis, without overflow; of integers in float32.

    Raises AxisError, and DTypeError for complex numbers.

    >>> import unifw
    >>> unifw.softmax(unifw.asarray([5.0, 5.0])).tolist()
    [0.5, 0.5]
    """
    axis = axis_of("softmax", axis, ndim_of("softmax", x))
    require_order("softmax", x)
    return call("softmax", x, axis)


def log_softmax(x: Tensor, /, axis: int = -1) -> Tensor:
    """The logarithm of `softmax`, exact also where that is 0; of integers in float32.

    Raises AxisError, and DTypeError for complex numbers.

    >>> import unifw
    >>> unifw.log_softmax(unifw.asarray([0.0, -200.0])).tolist()
    [0.0, -200.0]
    """
    axis = axis_of("log_softmax", axis, ndim_of("log_softmax", x))
    require_order("log_softmax", x)
    return call("log_softmax", x, axis)


def logsumexp(x: Tensor, /, *, axis: Axis = None, keepdims: bool = False) -> Tensor:
    """log(sum(exp(x))) along the axes, without overflow; of integers in float32, -inf of no elements.

    Raises AxisError, and DTypeError for complex numbers.

    >>> import unifw
    >>> unifw.logsumexp(unifw.asarray([1000.0, -1000.0])).item()
    1000.0
    """
    ndim = ndim_of("logsumexp", x)
    require_order("logsumexp", x)
    axes = axes_of("logsumexp", tuple(range(ndim)) if axis is None else axis, ndim)
    if axes == ():
        return x.wrap(x.ops.logsumexp(x.ops.expand_dims(x.native, ndim), (ndim,), False))
    return call("logsumexp", x, axes if isinstance(axes, tuple) else (axes,), keepdims)


def one_hot(x: Tensor, /, num_classes: int, *, dtype: Any = None) -> Tensor:
    """Integers (...) as rows (..., num_classes) that are 1 at that place and 0 elsewhere: float32 unless told.

    An integer outside 0 to num_classes - 1 gives zeros only. Raises DTypeError unless `x` has integers.

    >>> import unifw
    >>> unifw.one_hot(unifw.asarray([2, 0]), 3).tolist()
    [[0.0, 0.0, 1.0], [1.0, 0.0, 0.0]]
    """
    if num_classes < 0:
        raise ArgumentError(f"one_hot: got num_classes={num_classes}; expected 0 or more.")
    classes = expand_dims(positions("one_hot", x), axis=-1)
    each = x.wrap(x.ops.arange(0, num_classes, 1, int64, x.device))
    return astype(equal(classes, each), float32 if dtype is None else dtype)


def top_k(x: Tensor, /, k: int, *, axis: int = -1, largest: bool = True) -> tuple[Tensor, Tensor]:
    """The k greatest (or smallest) elements along an axis, the extreme one first, and their positions (int64).

    Of equal elements the first ones; NaN is the greatest number. Raises AxisError, ArgumentError for a k that the
    axis does not have, DTypeError for complex numbers.

    >>> import unifw
    >>> values, indices = unifw.top_k(unifw.asarray([3, 9, 5]), 2)
    >>> values.tolist(), indices.tolist()
    ([9, 5], [1, 2])
    """
    axis = axis_of("top_k", axis, ndim_of("top_k", x))
    require_order("top_k", x)
    size = x.ops.static_shape(x.native)[axis]
    if k < 0 or (size is not None and k > size):
        raise ArgumentError(f"top_k: got k={k} for axis {axis} of shape {x.shape}; expected 0 to the axis's size.")
    indices = call("top_k", x, k, axis, largest)
    return gather(x, indices, axis=axis), indices


def pad(
    x: Tensor,
    /,
    pad_width: PadWidth,
    mode: Literal["constant", "reflect", "edge"] = "constant",
    *,
    constant_values: bool | int | float | complex = 0,
) -> Tensor:
    """`x` with more elements before and after along each axis, in NumPy's order.

    `pad_width` is one integer, one pair (before, after) for every axis, or a pair for each. "constant" adds
    `constant_values`, "edge" repeats the outermost element, "reflect" mirrors at it. Raises ArgumentError for another
    mode or a negative width, ShapeError where the widths do not fit the axes or nothing is there to mirror.

    >>> import unifw
    >>> unifw.pad(unifw.asarray([1, 2, 3]), (1, 2)).tolist()
    [0, 1, 2, 3, 0, 0]
    >>> unifw.pad(unifw.asarray([1, 2, 3]), 2, "reflect").tolist()
    [3, 2, 1, 2, 3, 2, 1]
    """
    widths = _widths(pad_width, ndim_of("pad", x))
    if mode == "constant":
        return call("pad", x, widths, held("pad", constant_values, x.dtype))
    if mode not in ("reflect", "edge"):
        raise ArgumentError(f'pad: got mode {mode!r}; expected "constant", "reflect" or "edge".')
    for axis, width in enumerate(widths):
        if width != (0, 0):
            x = _extended(x, axis, width, mode)
    return x


def _widths(pad_width: Any, ndim: int) -> list[tuple[int, int]]:
    try:
        pairs = np.broadcast_to(np.asarray(pad_width), (ndim, 2))
    except ValueError:
        raise ShapeError(
            f"pad: got pad_width {pad_width!r} for {ndim} axes; expected an integer, a pair (before, after), or "
            "one pair for each axis, the first axis first."
        ) from None
    if pairs.size and (pairs.dtype.kind not in "iu" or pairs.min() < 0):
        raise ArgumentError(f"pad: got pad_width {pad_width!r}; expected integers from 0. Write x[1:] to cut off.")
    return [(int(before), int(after)) for before, after in pairs]


def _extended(x: Tensor, axis: int, width: tuple[int, int], mode: Literal["reflect", "edge"]) -> Tensor:
    size = x.ops.static_shape(x.native)[axis]
    if not size:
        found = "an unknown size" if size is None else "no elements"
        raise ShapeError(
            f'pad: got {found} along axis {axis}; expected a known size above 0 for mode "{mode}". '
            'Write mode="constant" to add equal values.'
        )
    places = np.pad(np.arange(size), width, mode)
    return x[(*[slice(None)] * axis, x.wrap(x.ops.from_numpy(places, int64, x.device, True)))]


def einsum(equation: str, /, *operands: Tensor) -> Tensor:
    """The sum of products that an equation such as "ij,jk->ik" describes, in the operands' common dtype.

    Integers wrap around. Raises ShapeError where sizes differ, DTypeError for booleans.

    >>> import unifw
    >>> unifw.einsum("ij,j->i", unifw.asarray([[1, 2], [3, 4]]), unifw.asarray([10, 1])).tolist()
    [12, 34]
    """
    if not isinstance(equation, str):
        raise OperandError(f'einsum: got {describe(equation)}; expected an equation such as "ij,jk->ik" first.')
    if not operands:
        raise not_a_tensor("einsum", None)
    first = one_backend("einsum", operands)
    if any(x.dtype is bool_ for x in operands):
        raise DTypeError("einsum: got dtype bool; expected numbers. Write unifw.astype(x, unifw.int64) to count.")
    try:
        return first.wrap(first.ops.einsum(equation, [x.native for x in operands]))
    except Exception as error:
        shapes = ", ".join(str(x.shape) for x in operands)
        raise ShapeError(
            f"einsum: got {equation!r} for shapes {shapes}; expected a letter for each axis, and one size "
            "for each letter."
        ) from error
