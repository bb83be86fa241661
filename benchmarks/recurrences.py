"""Other ways to run an LSTM and attention on TensorFlow, beside which `benchmarks/sequence.py` sets unifw's.

They are not in unifw because they are slower, or give another gradient: see the page that the benchmark writes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

raw = tf.raw_ops

Weights = Sequence[Any]  # w_ih, w_hh, b_ih, b_hh in PyTorch's layout


def _gates(x: Any, weights: Weights) -> Any:
    """What the input adds to the gates of all steps, time first."""
    w_ih, _, b_ih, b_hh = weights
    rows = tf.matmul(tf.reshape(tf.transpose(x, (1, 0, 2)), (-1, x.shape[2])), w_ih, transpose_b=True) + b_ih + b_hh
    return tf.reshape(rows, (x.shape[1], x.shape[0], w_ih.shape[0]))


def _step(gates: Any, h: Any, c: Any, weight: Any) -> tuple[Any, Any]:
    i, f, n, o = tf.split(gates + tf.matmul(h, weight, transpose_b=True), 4, 1)
    c = tf.sigmoid(f) * c + tf.sigmoid(i) * tf.tanh(n)
    return tf.sigmoid(o) * tf.tanh(c), c


def unrolled(x: Any, weights: Weights) -> Any:
    """A Python loop over the steps, with TensorFlow's own gradient."""
    h = c = tf.zeros((x.shape[0], weights[1].shape[1]))
    outputs = []
    for gates in tf.unstack(_gates(x, weights)):
        h, c = _step(gates, h, c, weights[1])
        outputs.append(h)
    return tf.stack(outputs, 1)


def while_loop(x: Any, weights: Weights) -> Any:
    """`tf.while_loop`, with TensorFlow's own gradient."""
    gates, zeros = _gates(x, weights), tf.zeros((x.shape[0], weights[1].shape[1]))
    outputs = tf.TensorArray(tf.float32, x.shape[1], element_shape=zeros.shape)

    def body(t: Any, h: Any, c: Any, outputs: Any) -> Any:
        h, c = _step(gates[t], h, c, weights[1])
        return t + 1, h, c, outputs.write(t, h)

    *_, outputs = tf.while_loop(lambda t, *_: t < x.shape[1], body, (0, zeros, zeros, outputs))
    return tf.transpose(outputs.stack(), (1, 0, 2))


def block(x: Any, weights: Weights) -> Any:
    """The kernel `BlockLSTMV2`; the gradient that is registered for it is that of another order of the gates."""
    w_ih, w_hh, b_ih, b_hh = weights
    zeros, none = tf.zeros((x.shape[0], w_hh.shape[1])), tf.zeros(w_hh.shape[1])
    outputs = raw.BlockLSTMV2(
        seq_len_max=tf.constant(x.shape[1], tf.int64),
        x=tf.transpose(x, (1, 0, 2)),
        cs_prev=zeros,
        h_prev=zeros,
        w=tf.transpose(tf.concat([w_ih, w_hh], 1)),
        wci=none,
        wcf=none,
        wco=none,
        b=b_ih + b_hh,
        cell_clip=0.0,
        use_peephole=False,
    )
    return tf.transpose(outputs.h, (1, 0, 2))


ROUTES: dict[str, Callable[..., Any]] = {"unrolled": unrolled, "while_loop": while_loop, "BlockLSTMV2": block}


def attention_by_einsum(query: Any, key: Any, value: Any) -> Any:
    """(N, heads, T, width) each."""
    weights = tf.nn.softmax(tf.einsum("nhqd,nhkd->nhqk", query, key) * query.shape[-1] ** -0.5)
    return tf.einsum("nhqk,nhkd->nhqd", weights, value)
