"""How values lie in variables: kernels as TensorFlow's products take them, all others as they are.

PyTorch has kernels as (out, in, *window), TensorFlow as (*window, in, out), and turning one takes as long as a small
convolution with it. So a parameter of four or five axes, which is a kernel in all but rare cases, is turned once, when
it is stored, and so is the weight (out, in) of a dense layer, which says that it is one: a table of rows is better left
as it is. Convolutions and dense layers take the variable as it is, and whoever else reads it gets PyTorch's order.
"""

from __future__ import annotations

from typing import Any, final

import tensorflow as tf
from tensorflow.python.ops.resource_variable_ops import ResourceVariable

from unifw.backends.tensorflow import devices
from unifw.backends.tensorflow.native import integers, op, shape, static_shape

_transpose = devices.follow(op("Transpose"))
_WINDOW_FIRST = {rank: (*range(2, rank), 1, 0) for rank in (2, 3, 4, 5)}
_WINDOW_LAST = {rank: (rank - 1, rank - 2, *range(rank - 2)) for rank in _WINDOW_FIRST}


@final
class KernelVariable(ResourceVariable):
    """Holds (out, in, *window) as (*window, in, out), where a matrix has no window."""


def window_first(x: tf.Tensor) -> tf.Tensor:
    """(out, in, *window) as (*window, in, out)."""
    return _transpose(x, integers(_WINDOW_FIRST[len(static_shape(x))]))


def window_last(x: tf.Tensor) -> tf.Tensor:
    """(*window, in, out) as (out, in, *window)."""
    return _transpose(x, integers(_WINDOW_LAST[len(static_shape(x))]))


def laid(x: tf.Tensor, storage: Any) -> tf.Tensor:
    """A tensor with its axes in the order of a storage."""
    return window_first(x) if type(storage) is KernelVariable else x


def public(x: tf.Tensor, storage: Any) -> tf.Tensor:
    """A tensor whose axes are in the order of a storage, in PyTorch's."""
    return window_last(x) if type(storage) is KernelVariable else x


def public_sizes(sizes: tuple[Any, ...]) -> tuple[Any, ...]:
    """(*window, in, out) as (out, in, *window)."""
    return tuple(sizes[axis] for axis in _WINDOW_LAST[len(sizes)])


_SUFFIX = ".window_first"


def saved_name(name: str, storage: Any) -> str:
    """The name in a SavedModel: it says so if the axes are in another order."""
    return name + _SUFFIX if type(storage) is KernelVariable else name


def public_entry(name: str, x: tf.Tensor) -> tuple[str, tf.Tensor]:
    """The name and value of what lies under a name in a SavedModel."""
    return (name.removesuffix(_SUFFIX), window_last(x)) if name.endswith(_SUFFIX) else (name, x)


def public_shape(storage: Any) -> tuple[Any, ...]:
    """The shape of what a storage holds, in PyTorch's order."""
    return public_sizes(shape(storage)) if type(storage) is KernelVariable else shape(storage)
