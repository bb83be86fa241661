"""Linear algebra, by raw operations."""

from __future__ import annotations

import tensorflow as tf

from unifw.backends.tensorflow.promotion import pair

raw = tf.raw_ops


def matmul(x1: tf.Tensor, x2: tf.Tensor) -> tf.Tensor:
    x1, x2 = pair(x1, x2)
    rank1, rank2 = x1.shape.rank, x2.shape.rank
    if rank1 == 2 and rank2 == 2:
        return raw.MatMul(a=x1, b=x2)
    if rank1 == 1 and rank2 == 1:
        return tf.tensordot(x1, x2, 1)
    if rank1 == 1:
        return tf.squeeze(raw.BatchMatMulV2(x=x1[None, :], y=x2), -2)
    if rank2 == 1:
        return tf.squeeze(raw.BatchMatMulV2(x=x1, y=x2[:, None]), -1)
    return raw.BatchMatMulV2(x=x1, y=x2)
