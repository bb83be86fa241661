"""What an index means: which part slices axes and which picks from them with arrays, as NumPy has it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from operator import index
from typing import Any

import numpy as np

from unifw.dtypes import DType, as_dtype, held
from unifw.errors import (
    ArgumentError,
    DTypeError,
    OperandError,
    OutOfRangeError,
    TracedValueError,
    UnsizedError,
    describe,
)


@dataclass(frozen=True, slots=True)
class Mask:
    """A native boolean tensor, or a Python bool, as one part of an index."""

    native: Any
    shape: tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Index:
    """A native integer tensor as one part of an index."""

    native: Any


@dataclass(frozen=True, slots=True)
class Split:
    """An index in two steps.

    `basic` slices first: integers, slices and None, at least one per axis. Where arrays are, integers count as arrays:
    `arrays` then pick from axes of what `basic` gave, and their common shape replaces those axes at position `front`.
    """

    basic: tuple[Any, ...]
    arrays: tuple[tuple[int, Any], ...]
    front: int


def split(parts: Sequence[Any], shape: tuple[int | None, ...], nonzero: Callable[[Any, int], Sequence[Any]]) -> Split:
    """The two steps of an index into a tensor of `shape`; `nonzero` gives a mask's index arrays, one for each axis.

    Raises IndexError for too many parts, more than one ellipsis and masks of another shape.

    >>> split((slice(1, 2), Index([0, 1])), (3, 4), lambda mask, axes: [])
    Split(basic=(slice(1, 2, None), slice(None, None, None)), arrays=((1, [0, 1]),), front=1)
    """
    adjacent = _adjacent(parts)
    parts = _without_ellipsis(parts, len(shape))
    if not any(isinstance(part, (Mask, Index)) for part in parts):
        return Split(tuple(parts), (), 0)
    basic: list[Any] = []
    arrays: list[tuple[int, Any]] = []
    axis = 0
    for part in parts:
        found, kept = _arrays_of(part, shape[axis : axis + _used(part)], nonzero)
        arrays += [(len(basic) + i, one) for i, one in enumerate(found)]
        basic += kept
        axis += _used(part)
    return Split(tuple(basic), tuple(arrays), arrays[0][0] if adjacent else 0)


def _used(part: Any) -> int:
    """How many axes a part of an index stands for."""
    if isinstance(part, Mask):
        return len(part.shape)
    return 0 if part is None or part is Ellipsis else 1


def _adjacent(parts: Sequence[Any]) -> bool:
    """Whether no slice, None or `...`, even of no axes, stands between the arrays and integers."""
    at = [i for i, part in enumerate(parts) if not (part is None or part is Ellipsis or isinstance(part, slice))]
    return not at or at[-1] - at[0] + 1 == len(at)


def _without_ellipsis(parts: Sequence[Any], ndim: int) -> list[Any]:
    """The parts with `...`, or the missing end, written out as full slices."""
    used = sum(map(_used, parts))
    dots = [i for i, part in enumerate(parts) if part is Ellipsis]
    if used > ndim or len(dots) > 1:
        raise IndexError(f"an index for {used} axes with {len(dots)} ellipses into a tensor of {ndim} axes")
    at = dots[0] if dots else len(parts)
    return [*parts[:at], *[slice(None)] * (ndim - used), *parts[at + 1 :]]


def _arrays_of(
    part: Any, sizes: tuple[int | None, ...], nonzero: Callable[[Any, int], Sequence[Any]]
) -> tuple[Sequence[Any], list[Any]]:
    """The index arrays of one part, and what slices in its place."""
    if isinstance(part, Mask):
        if not fits(part.shape, sizes):
            raise IndexError(f"a mask of shape {part.shape} for axes of sizes {sizes}")
        new = not part.shape  # a mask without axes picks from a new axis of size 1
        return nonzero(part.native, len(part.shape)), [None] if new else [slice(None)] * len(sizes)
    if isinstance(part, Index):
        return (part.native,), [slice(None)]
    return ((), [part]) if part is None or isinstance(part, slice) else ((part,), [slice(None)])


def fits(mask: Sequence[int | None], sizes: Sequence[int | None]) -> bool:
    """Whether a mask may index axes of these sizes, as far as they are known; one without elements picks nothing.

    >>> fits((2, None), (2, 3)), fits((0,), (2,)), fits((1,), (2,))
    (True, True, False)
    """
    return all(None in pair or pair[0] in (0, pair[1]) for pair in zip(mask, sizes, strict=True))


# ---- what an index and an assigned value may be


def index_array(part: Any) -> Any:
    """A list or NumPy array in an index as an array of integers or booleans; a NumPy number as a Python one.

    Raises DTypeError.

    >>> index_array([1, 0]), index_array(np.int64(2))
    (array([1, 0]), 2)
    """
    try:
        array = np.asarray(part, None if isinstance(part, (np.ndarray, np.generic)) or part else np.int64)
    except (TypeError, ValueError):
        array = np.asarray(None)
    if array.dtype.kind == "O":
        raise no_index(part)
    if array.dtype.kind not in "biu":
        raise not_an_index(array.dtype)
    return array if array.ndim else array.item()


def no_index(part: Any) -> OperandError:
    """The error for a part of an index that is of no kind that an index can have.

    >>> no_index(1.5)
    OperandError('index: got 1.5; expected integers, slices, `...`, None, masks or integer tensors.')
    """
    return OperandError(f"index: got {part!r}; expected integers, slices, `...`, None, masks or integer tensors.")


def no_slice(key: Any) -> Exception | None:
    """The error for a slice in an index whose limits are no integers, or not known yet, or whose step is 0.

    >>> no_slice((0, slice(2))), str(no_slice(slice(0.5)))[:34]
    (None, 'index: got slice(None, 0.5, None);')
    """
    for part in key if isinstance(key, tuple) else (key,):
        bounds = (part.start, part.stop, part.step) if isinstance(part, slice) else ()
        if any(isinstance(bound, (float, complex, str)) for bound in bounds):
            return no_index(part)
        if bounds[2:] == (0,):
            return ArgumentError(f"index: got {part!r}; expected a step other than 0. Write x[i : i + 1] for one.")
        for bound in bounds:
            if hasattr(bound, "native"):
                index(bound)  # says of a traced tensor that it has no value
    return None


def not_an_index(dtype: Any) -> DTypeError:
    """The error for an index array that has neither integers nor booleans.

    >>> not_an_index("float32")
    DTypeError('index: got an array of float32; expected integers or booleans. Write unifw.astype(i, unifw.int64).')
    """
    return DTypeError(
        f"index: got an array of {dtype}; expected integers or booleans. Write unifw.astype(i, unifw.int64)."
    )


def outside(key: Any, shape: tuple[Any, ...]) -> OutOfRangeError:
    """The error for an index that leads out of a tensor of this shape, or whose mask has other sizes.

    >>> str(outside(np.array([True]), (3,)))[:55]
    'index: got a mask of shape (1,) for axes of the sizes ('
    """
    parts = [index_array(part) if isinstance(part, list) else part for part in (key if type(key) is tuple else (key,))]
    axis = 0
    for i, part in enumerate(parts):
        if part is Ellipsis:
            axis = len(shape) - sum(map(_width, parts[i + 1 :]))
            continue
        own = shape[axis : axis + _width(part)]
        if _is_mask(part) and not agree(_sizes(part), own):
            return OutOfRangeError(
                f"index: got a mask of shape {_sizes(part)} for axes of the sizes {own} of shape {shape}; expected "
                "these sizes. Write x[mask] with a mask of the first axes, or x[:, mask] for the second."
            )
        axis += _width(part)
    return OutOfRangeError(
        f"index: got {key!r} for shape {shape}; expected at most one index per axis, each from -size to size - 1. "
        "Write x.shape to see the sizes."
    )


def _is_mask(part: Any) -> bool:
    return str(getattr(part, "dtype", "")) == "bool"


def _sizes(part: Any) -> tuple[Any, ...]:
    return tuple(getattr(part, "native", part).shape)


def _width(part: Any) -> int:
    """How many axes a part of an index takes."""
    return len(_sizes(part)) if _is_mask(part) else int(part is not None and part is not Ellipsis)


def agree(one: tuple[Any, ...], other: tuple[Any, ...]) -> bool:
    """Whether two shapes may be the same; None is a size that a graph leaves open.

    >>> agree((2, None), (2, 3)), agree((2,), (2, 3))
    (True, False)
    """
    pairs = zip(one, other, strict=False)
    return len(one) == len(other) and all(a is None or b is None or a == b for a, b in pairs)


_KINDS = ("bool", "integer", "real floating", "complex floating")


def assignable(dtype: DType, value: Any) -> Any:
    """A number, or a Tensor's native one, that can be put into a tensor of `dtype` without changing its kind.

    Raises DTypeError, and NumberRangeError for an integer that does not fit.

    >>> assignable(as_dtype("float32"), 2)
    2
    """
    native = getattr(value, "native", None)
    other = value.dtype if native is not None else as_dtype(type(value) if type(value) in _PYTHON else float)
    ranks = [next(i for i, kind in enumerate(_KINDS) if kind in one.kind) for one in (other, dtype)]
    if ranks[0] > ranks[1]:
        raise DTypeError(
            f"index assignment: got a value of {other} for a tensor of {dtype}; expected one that {dtype} can hold. "
            f"Write unifw.astype(value, unifw.{dtype}) to convert it, or convert the tensor."
        )
    return held("index assignment", value, dtype) if native is None else native


_PYTHON = (bool, int, float, complex)


def length(x: Any) -> int:
    """How many rows a Tensor has. Raises UnsizedError without axes, TracedValueError if a graph leaves it open.

    >>> import unifw
    >>> length(unifw.zeros((3, 2)))
    3
    """
    if not x.ndim:
        raise UnsizedError(
            "len(): got a tensor without axes; expected at least one, to count or walk along. "
            "Write x.item() for its value."
        )
    try:
        return index(x.shape[0])
    except TypeError:
        raise TracedValueError(
            f"len(): the size of axis 0 of {describe(x)} is not known while a graph is being built. Write "
            "unifw.map(f, x) or unifw.scan(f, init, x) to go through its rows, and x.shape[0] to reckon with it."
        ) from None
