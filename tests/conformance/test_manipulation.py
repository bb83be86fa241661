"""Reshaping, moving and joining against NumPy."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

import unifw

from .oracle import assert_same
from .strategies import EVERY, arrays, axes_of, quick, shapes

numbered = shapes.flatmap(lambda shape: st.just(np.arange(np.prod(shape, dtype=int)).reshape(shape)))


@quick
@given(x=arrays(EVERY), data=st.data())
def test_reshape(backend: str, x: Any, data: st.DataObject) -> None:
    shape = data.draw(st.permutations((*x.shape, 1)))
    assert_same(unifw.reshape(unifw.asarray(x), tuple(shape)), x.reshape(shape))
    if x.size:
        free = data.draw(st.integers(0, len(shape) - 1))
        assert_same(unifw.reshape(unifw.asarray(x), (*shape[:free], -1, *shape[free + 1 :])), x.reshape(shape))


@quick
@given(x=numbered, data=st.data())
def test_permute_dims(backend: str, x: Any, data: st.DataObject) -> None:
    axes = tuple(axis - data.draw(st.sampled_from([0, x.ndim])) for axis in data.draw(st.permutations(range(x.ndim))))
    assert_same(unifw.permute_dims(unifw.asarray(x), axes), np.transpose(x, axes))


@quick
@given(x=numbered)
def test_transposes(backend: str, x: Any) -> None:
    tensor = unifw.asarray(x)
    if x.ndim >= 2:
        assert_same(unifw.matrix_transpose(tensor), np.swapaxes(x, -1, -2))
        assert_same(tensor.mT, np.swapaxes(x, -1, -2))
    if x.ndim == 2:
        assert_same(tensor.T, x.T)


@quick
@given(x=numbered, data=st.data())
def test_expand_dims_and_squeeze(backend: str, x: Any, data: st.DataObject) -> None:
    axis = data.draw(st.integers(-x.ndim - 1, x.ndim))
    longer = unifw.expand_dims(unifw.asarray(x), axis=axis)
    assert_same(longer, np.expand_dims(x, axis))
    assert_same(unifw.squeeze(longer, axis), x)
    assert_same(unifw.squeeze(longer, ()), np.expand_dims(x, axis))
    both = unifw.expand_dims(longer, axis=0)
    ones = (0, (axis % (x.ndim + 1)) + 1)
    assert_same(unifw.squeeze(both, ones[::-1]), x)


@quick
@given(shapes=hnp.mutually_broadcastable_shapes(num_shapes=2, min_dims=0, max_dims=3, min_side=0, max_side=3))
def test_broadcast_to(backend: str, shapes: Any) -> None:
    shape = shapes.input_shapes[0]
    x = np.arange(np.prod(shape, dtype=int)).reshape(shape)
    expected = np.broadcast_to(x, shapes.result_shape)
    assert_same(unifw.broadcast_to(unifw.asarray(x), shapes.result_shape), expected)


@quick
@given(x=arrays(EVERY), data=st.data())
def test_concat(backend: str, x: Any, data: st.DataObject) -> None:
    parts = [x, x, x[:0] if x.ndim else x]
    tensors = [unifw.asarray(part) for part in parts]
    assert_same(unifw.concat(tensors, axis=None), np.concatenate(parts, axis=None))
    if x.ndim:
        axis = data.draw(st.integers(-x.ndim, x.ndim - 1))
        assert_same(unifw.concat(tensors[:2], axis=axis), np.concatenate(parts[:2], axis))
        assert_same(unifw.concat(tuple(tensors)), np.concatenate(parts))


@quick
@given(x=arrays(EVERY), count=st.integers(1, 3), data=st.data())
def test_stack(backend: str, x: Any, count: int, data: st.DataObject) -> None:
    axis = data.draw(st.integers(-x.ndim - 1, x.ndim))
    assert_same(unifw.stack([unifw.asarray(x)] * count, axis=axis), np.stack([x] * count, axis))


@quick
@given(x=numbered, data=st.data())
def test_flip(backend: str, x: Any, data: st.DataObject) -> None:
    axis = data.draw(axes_of(x.ndim))
    assert_same(unifw.flip(unifw.asarray(x), axis=axis), np.flip(x, axis))


def test_results_are_independent_of_their_source(backend: str) -> None:
    x = unifw.asarray([[1.0, 2.0], [3.0, 4.0]])
    views = [
        x.mT, x[0], x[:, ::-1], unifw.reshape(x, (4,)), unifw.expand_dims(x), unifw.broadcast_to(x, (2, 2, 2)),
        unifw.squeeze(x[None], 0), unifw.flip(x), unifw.positive(x), unifw.clip(x), unifw.astype(x, x.dtype),
    ]  # fmt: skip
    before = [view.numpy() for view in views]
    x[...] = 0
    x += 5
    for view, value in zip(views, before, strict=True):
        assert_same(view, value)
    after = x.numpy()
    for view in views:
        view[...] = -1
    assert_same(x, after)
