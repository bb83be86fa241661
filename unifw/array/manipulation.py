"""Changing shapes and putting tensors together."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod

import numpy as np

from unifw.array.axes import Axis, as_shape, axes_of, axis_of, ndim_of, one_backend
from unifw.dtypes import promote
from unifw.errors import AxisError, CopyError, ShapeError, explain
from unifw.operators import call, not_a_tensor
from unifw.tensor import Tensor


def reshape(x: Tensor, /, shape: tuple[int, ...], *, copy: bool | None = None) -> Tensor:
    """The same elements, in row-major order, in another shape; one size may be -1.

    Raises ShapeError if the number of elements differs, CopyError where `copy=False` forbids a copy it needs.

    >>> import unifw
    >>> unifw.reshape(unifw.arange(6), (2, -1)).tolist()
    [[0, 1, 2], [3, 4, 5]]
    """
    if not isinstance(x, Tensor):
        raise not_a_tensor("reshape", x)
    try:
        native = x.ops.reshape(x.native, shape)
        if copy is False and not x.ops.shares_memory(native, x.native):
            raise CopyError(
                "reshape: got copy=False for values in another order in memory; write copy=None to allow one."
            )
        return x.wrap(x.ops.copy(native) if copy else native)
    except CopyError:
        raise
    except Exception as error:
        if not isinstance(shape, (tuple, list)) or any(isinstance(size, (float, complex, str)) for size in shape):
            raise ShapeError(f"reshape: got shape {shape!r}; expected integers. Write for example (2, -1).") from error
        if any(isinstance(size, Tensor) for size in shape):
            return reshape(x, as_shape(shape), copy=copy)
        if all(isinstance(size, int) for size in (*x.shape, *shape)):
            wanted = "a whole number of rows" if -1 in shape else f"{prod(shape)} elements"
            raise ShapeError(
                f"reshape: got {x.size} elements of shape {x.shape} for the shape {tuple(shape)}; expected {wanted}. "
                "Write -1 for one size that follows from the others."
            ) from error
        raise explain("reshape", error, x) from error


def permute_dims(x: Tensor, /, axes: tuple[int, ...]) -> Tensor:
    """The axes in another order. Raises AxisError unless `axes` names each once.

    >>> import unifw
    >>> unifw.permute_dims(unifw.zeros((2, 3, 4)), (2, 0, 1)).shape
    (4, 2, 3)
    """
    try:
        return x.wrap(x.ops.permute_dims(x.native, axes))
    except Exception:
        pass  # what follows says why, or counts the axes from the front
    found = axes_of("permute_dims", tuple(axes), ndim_of("permute_dims", x))
    if not isinstance(found, tuple) or len(found) != x.ndim:
        raise AxisError(f"permute_dims: got axes {axes} for {x.ndim} axes; expected each axis once.")
    return call("permute_dims", x, found)


def matrix_transpose(x: Tensor, /) -> Tensor:
    """The last two axes exchanged: (..., m, n) to (..., n, m).

    >>> import unifw
    >>> unifw.matrix_transpose(unifw.zeros((5, 2, 3))).shape
    (5, 3, 2)
    """
    ndim_of("matrix_transpose", x)
    return x.mT


def expand_dims(x: Tensor, /, axis: int | tuple[int, ...] = 0) -> Tensor:
    """New axes of size 1 at the positions `axis` of the result. Raises AxisError.

    >>> import unifw
    >>> unifw.expand_dims(unifw.zeros(3), axis=-1).shape, unifw.expand_dims(unifw.zeros(3), axis=(0, 2)).shape
    ((3, 1), (1, 3, 1))
    """
    if isinstance(axis, tuple):
        axes = axes_of("expand_dims", axis, ndim_of("expand_dims", x) + len(axis))
        assert isinstance(axes, tuple)
        for one in sorted(axes):
            x = call("expand_dims", x, one)
        return x
    return call("expand_dims", x, axis_of("expand_dims", axis, ndim_of("expand_dims", x) + 1))


def squeeze(x: Tensor, /, axis: int | tuple[int, ...]) -> Tensor:
    """Without the axes named, which must have size 1. Raises ShapeError.

    >>> import unifw
    >>> unifw.squeeze(unifw.zeros((1, 3)), 0).shape
    (3,)
    """
    axes = axes_of("squeeze", axis if isinstance(axis, tuple) else (axis,), ndim_of("squeeze", x))
    assert isinstance(axes, tuple)
    sizes = [x.shape[one] for one in axes]
    if any(isinstance(size, int) and size != 1 for size in sizes):
        raise ShapeError(f"squeeze: got axes {axes} of sizes {sizes}; expected sizes of 1. Write x[:, 0] to pick one.")
    return call("squeeze", x, axes)


def broadcast_to(x: Tensor, /, shape: tuple[int, ...]) -> Tensor:
    """The values repeated along new axes and axes of size 1. Raises ShapeError.

    >>> import unifw
    >>> unifw.broadcast_to(unifw.asarray([1, 2]), (2, 2)).tolist()
    [[1, 2], [1, 2]]
    """
    ndim_of("broadcast_to", x)
    try:
        return x.wrap(x.ops.broadcast_to(x.native, as_shape(shape)))
    except Exception as error:
        raise ShapeError(
            f"broadcast_to: got shape {x.shape} for the shape {shape}; expected each axis, counted from the "
            "last, to be equal or 1. Write unifw.expand_dims(x, axis=...) to line them up."
        ) from error


def _joined(name: str, arrays: Sequence[Tensor]) -> list[Tensor]:
    """The tensors in the dtype that they have in common."""
    if isinstance(arrays, Tensor) or not arrays:
        got = "no tensors" if not isinstance(arrays, Tensor) else "one"
        raise ShapeError(f"{name}: got {got}; expected at least one in a list. Write unifw.{name}([x, y]).")
    common = one_backend(name, arrays).dtype
    for x in arrays:
        common = promote(common, x.dtype)
    return [x if x.dtype is common else x.wrap(x.ops.astype(x.native, common)) for x in arrays]


def concat(arrays: Sequence[Tensor], /, *, axis: int | None = 0) -> Tensor:
    """Tensors joined along an axis they have; with `axis=None`, flattened first. Raises ShapeError.

    >>> import unifw
    >>> unifw.concat([unifw.asarray([1]), unifw.asarray([2, 3])]).tolist()
    [1, 2, 3]
    """
    try:
        return arrays[0].quick.concat(arrays, axis)  # type: ignore[no-any-return]
    except Exception:
        pass  # what follows says why, or does without
    arrays = _joined("concat", arrays)
    first = arrays[0]
    if axis is None:
        arrays, axis = [reshape(x, (-1,)) for x in arrays], 0
    axis = axis_of("concat", axis, arrays[0].ndim)
    try:
        return first.wrap(first.ops.concat([x.native for x in arrays], axis))
    except Exception as error:
        shapes = ", ".join(str(x.shape) for x in arrays)
        raise ShapeError(f"concat: got shapes {shapes}; expected them equal but for axis {axis}.") from error


def stack(arrays: Sequence[Tensor], /, *, axis: int = 0) -> Tensor:
    """Tensors of one shape joined along a new axis. Raises ShapeError.

    >>> import unifw
    >>> unifw.stack([unifw.asarray([1, 2]), unifw.asarray([3, 4])], axis=1).tolist()
    [[1, 3], [2, 4]]
    """
    arrays = _joined("stack", arrays)
    first = arrays[0]
    axis = axis_of("stack", axis, first.ndim + 1)
    try:
        return first.wrap(first.ops.stack([x.native for x in arrays], axis))
    except Exception as error:
        shapes = ", ".join(str(x.shape) for x in arrays)
        raise ShapeError(f"stack: got shapes {shapes}; expected one shape for all.") from error


def flip(x: Tensor, /, *, axis: Axis = None) -> Tensor:
    """The elements in reverse order along an axis, several, or all.

    >>> import unifw
    >>> unifw.flip(unifw.asarray([1, 2, 3])).tolist()
    [3, 2, 1]
    """
    ndim = ndim_of("flip", x)
    axes = axes_of("flip", tuple(range(ndim)) if axis is None else axis, ndim)
    return call("flip", x, axes if isinstance(axes, tuple) else (axes,))


def moveaxis(x: Tensor, source: int | tuple[int, ...], destination: int | tuple[int, ...], /) -> Tensor:
    """The axes `source` at the positions `destination`, the others in their order. Raises AxisError.

    >>> import unifw
    >>> unifw.moveaxis(unifw.zeros((2, 3, 4)), 0, -1).shape
    (3, 4, 2)
    """
    ndim = ndim_of("moveaxis", x)
    old, new = (_axes("moveaxis", axis, ndim) for axis in (source, destination))
    if len(old) != len(new):
        raise AxisError(f"moveaxis: got {len(old)} axes for {len(new)} positions; expected as many.")
    order = [axis for axis in range(ndim) if axis not in old]
    for to, axis in sorted(zip(new, old, strict=True)):
        order.insert(to, axis)
    return call("permute_dims", x, tuple(order))


def _axes(name: str, axis: int | tuple[int, ...], ndim: int) -> tuple[int, ...]:
    axes = axes_of(name, axis if isinstance(axis, tuple) else (axis,), ndim)
    assert isinstance(axes, tuple)
    return axes


def broadcast_shapes(*shapes: tuple[int, ...]) -> tuple[int, ...]:
    """The shape to which tensors of these shapes broadcast. Raises ShapeError.

    >>> import unifw
    >>> unifw.broadcast_shapes((2, 1), (3,))
    (2, 3)
    """
    try:
        return np.broadcast_shapes(*shapes)
    except (TypeError, ValueError) as error:
        raise ShapeError(
            f"broadcast_shapes: got {' and '.join(map(str, shapes))}; expected each axis, counted from the last, to be "
            "equal or 1. Write unifw.expand_dims(x, axis=...) to line them up."
        ) from error


def broadcast_arrays(*arrays: Tensor) -> tuple[Tensor, ...]:
    """The tensors with their values repeated up to a shape in common. Raises ShapeError.

    >>> import unifw
    >>> [x.shape for x in unifw.broadcast_arrays(unifw.zeros((2, 1)), unifw.zeros(3))]
    [(2, 3), (2, 3)]
    """
    if not arrays:
        return ()
    one_backend("broadcast_arrays", arrays)
    shape = broadcast_shapes(*(x.shape for x in arrays))
    return tuple(broadcast_to(x, shape) for x in arrays)


def unstack(x: Tensor, /, *, axis: int = 0) -> tuple[Tensor, ...]:
    """The slices along an axis, without it. Raises AxisError.

    >>> import unifw
    >>> [row.tolist() for row in unifw.unstack(unifw.asarray([[1, 2], [3, 4]]))]
    [[1, 2], [3, 4]]
    """
    axis = axis_of("unstack", axis, ndim_of("unstack", x))
    size = x.ops.static_shape(x.native)[axis]
    if size is None:
        raise ShapeError(f"unstack: the size of axis {axis} is not known in this graph. Write x[i] for one slice.")
    return tuple(x.wrap(part) for part in x.ops.unstack(x.native, axis))
