"""Where a token stands in its sequence, as functions: sinusoids, and rotations of queries and keys."""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np

from unifw.array.manipulation import concat, reshape, stack
from unifw.errors import ArgumentError, ShapeError, describe
from unifw.nn.functional.checks import check_floating
from unifw.spec import Numpy
from unifw.tensor import Tensor

Convention = Literal["half", "interleaved"]


def sinusoid_table(length: int, dim: int, base: float = 10000.0) -> Numpy:
    """Sines at the even and cosines at the odd features of position / base^(2i / dim) (Vaswani et al., 2017), float32.

    >>> sinusoid_table(2, 2).round(4).tolist()
    [[0.0, 1.0], [0.8414999842643738, 0.5403000116348267]]
    """
    angles = _angles(length, dim, base)
    table = np.empty((length, dim))
    table[:, 0::2], table[:, 1::2] = np.sin(angles), np.cos(angles)
    return table.astype(np.float32)


def rotary_table(length: int, dim: int, base: float = 10000.0) -> Numpy:
    """Cosines and sines (2, length, dim / 2) of position / base^(2i / dim), float32.

    >>> rotary_table(2, 2).round(4).tolist()[0]
    [[1.0], [0.5403000116348267]]
    """
    angles = _angles(length, dim, base)
    return np.stack([np.cos(angles), np.sin(angles)]).astype(np.float32)


def _angles(length: int, dim: int, base: float) -> Numpy:
    if dim % 2:
        raise ArgumentError(f"positions: got {dim} features; expected an even number.")
    return np.arange(length)[:, None] / base ** (np.arange(0, dim, 2) / dim)


def rotary(x: Tensor, cos: Tensor, sin: Tensor, convention: Convention = "half") -> Tensor:
    """Rotate pairs of features of x (..., T, D) by angles, whose cos and sin are (..., T, D / 2) (Su et al., 2021).

    `convention` says which features are a pair: "half" i and i + D/2 (GPT-NeoX, Llama as Hugging Face has it),
    "interleaved" 2i and 2i + 1 (the paper, GPT-J, Llama as Meta has it). Raises ArgumentError and ShapeError.

    >>> import unifw
    >>> x, cos, sin = unifw.asarray([[1.0, 2.0, 3.0, 4.0]]), unifw.asarray([[0.0, 1.0]]), unifw.asarray([[1.0, 0.0]])
    >>> unifw.nn.functional.rotary(x, cos, sin).tolist()
    [[-3.0, 2.0, 1.0, 4.0]]
    >>> unifw.nn.functional.rotary(x, cos, sin, "interleaved").tolist()
    [[-2.0, 1.0, 3.0, 4.0]]
    """
    if convention not in get_args(Convention):
        raise ArgumentError(f"rotary: got convention {convention!r}; expected one of {get_args(Convention)}.")
    check_floating("rotary", x)
    width, half = (each.ops.static_shape(each.native)[-1] for each in (x, cos))
    if width is None or half is None or width != 2 * half:
        raise ShapeError(
            f"rotary: got {describe(x)} and angles of shape {tuple(cos.native.shape)}; expected an even last axis, and "
            "half of it for the angles."
        )
    if convention == "half":
        first, second = x[..., :half], x[..., half:]
        return concat([first * cos - second * sin, second * cos + first * sin], axis=-1)
    first, second = x[..., 0::2], x[..., 1::2]
    return reshape(stack([first * cos - second * sin, second * cos + first * sin], axis=-1), x.shape)
