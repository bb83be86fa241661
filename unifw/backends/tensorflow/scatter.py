"""Picking and adding by position along an axis, by TensorFlow."""

from __future__ import annotations

import tensorflow as tf

from unifw.backends.tensorflow.native import shape

raw = tf.raw_ops


def last_first(x: tf.Tensor, axis: int) -> tf.Tensor:
    """`axis` and the last axis exchanged."""
    last = x.shape.rank - 1
    if axis == last:
        return x
    order = list(range(last + 1))
    order[axis], order[last] = last, axis
    return raw.Transpose(x=x, perm=order)


def gather(x: tf.Tensor, indices: tf.Tensor, axis: int) -> tf.Tensor:
    last = x.shape.rank - 1
    x, indices = last_first(x, axis), last_first(indices, axis)
    if None in x.shape or x.shape[:-1] != indices.shape[:-1]:  # there may be fewer rows of indices
        rows = tf.concat([tf.shape(indices)[:-1], [-1]], 0)
        x = tf.slice(x, tf.zeros_like(rows), rows)
    return last_first(raw.GatherV2(params=x, indices=indices, axis=last, batch_dims=last), axis)


def places(indices: tf.Tensor, axis: int) -> list[tf.Tensor]:
    """The whole position of each index along `axis`: a tensor for each axis."""
    sizes = tf.shape(indices, indices.dtype)
    along = list(tf.meshgrid(*(tf.range(sizes[i]) for i in range(indices.shape.rank)), indexing="ij"))
    along[axis] = indices
    return along


def scatter_add(x: tf.Tensor, indices: tf.Tensor, updates: tf.Tensor, axis: int) -> tf.Tensor:
    at = places(indices, axis)
    if len(at) <= _MOST_PLACES:
        return tf.tensor_scatter_nd_add(x, tf.stack(at, -1), updates)
    first = 0 if axis > 1 else len(at) - 2  # of two neighbours that are not `axis` and count as one
    sizes, last = shape(x), first + 2
    at[first:last] = [at[first] * tf.cast(sizes[first + 1], tf.int64) + at[first + 1]]
    merged = tf.reshape(x, (*sizes[:first], sizes[first] * sizes[first + 1], *sizes[last:]))
    return tf.reshape(tf.tensor_scatter_nd_add(merged, tf.stack(at, -1), updates), sizes)


_MOST_PLACES = 7  # of TensorFlow's kernel


def segment_sum(data: tf.Tensor, segment_ids: tf.Tensor, num_segments: int) -> tf.Tensor:
    ids = tf.where(segment_ids < num_segments, segment_ids, -1)  # negative ones are left out
    return raw.UnsortedSegmentSum(data=data, segment_ids=ids, num_segments=num_segments)
